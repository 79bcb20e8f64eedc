"""Services run on SQLite here; tests of row locks use each kind of database."""

from __future__ import annotations

import pytest


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database: SQLite, or the kind that an indirect parameter names."""
    kind = getattr(request, "param", "sqlite")
    url: str = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    return url
