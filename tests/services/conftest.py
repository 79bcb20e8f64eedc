"""Services run on SQLite here; tests of row locks use each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store.engine import Store
from tests.support.history import History
from tests.support.readings import Reader
from tests.support.rows import stored


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database: SQLite, or the kind that an indirect parameter names."""
    kind = getattr(request, "param", "sqlite")
    url: str = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def store(store: Store) -> Store:
    """A database with one incident."""
    stored(store)
    return store


@pytest.fixture
def history() -> History:
    """A Slack that has only history."""
    return History()


@pytest.fixture
def reader(database_url: str, history: History) -> Iterator[Reader]:
    """A process that reads it."""
    made = Reader(database_url, history, owner="one")
    yield made
    made.close()


@pytest.fixture
def other_reader(database_url: str, reader: Reader, history: History) -> Iterator[Reader]:
    """A second process on the same database."""
    made = Reader(database_url, history, owner="other")
    yield made
    made.close()
