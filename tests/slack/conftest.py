"""A desk with one incident, for tests of requests that need no Slack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.engine import Store
from tests.support.desk import Desk
from tests.support.rows import stored


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Store]:
    """A SQLite database with one open incident."""
    made = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    made.migrate()
    stored(made)
    yield made
    made.close()


@pytest.fixture
def desk(rows: Store) -> Desk:
    """mayday's Slack side over that database."""
    return Desk(rows)
