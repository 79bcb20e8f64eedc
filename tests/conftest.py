"""Databases for every test: a SQLite file, and a PostgreSQL of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres | str]:
    """One server for each worker, or why there is none."""
    with ExitStack() as stack:
        try:
            server: Postgres | str = stack.enter_context(postgres())
        except (ImportError, RuntimeError) as exc:
            server = f"no PostgreSQL can be started here: {exc}"
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'mayday.db'}"


@pytest.fixture
def postgres_url(postgres_server: Postgres | str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    if isinstance(postgres_server, str):
        pytest.skip(postgres_server)
    with postgres_server.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database, each kind in turn."""
    url: str = request.getfixturevalue(
        "sqlite_url" if request.param == "sqlite" else "postgres_url"
    )
    return url
