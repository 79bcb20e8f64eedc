"""A desk with one incident, for tests of requests that need no Slack."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.store.engine import Store
from tests.support.desk import Desk
from tests.support.rows import stored


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with its tables, to be copied: migrating takes longer than most tests here."""
    file = tmp_path_factory.mktemp("pristine") / "rows.db"
    made = Store(f"sqlite:///{file}")
    made.migrate()
    made.close()
    return file


@pytest.fixture
def quick(pristine: Path, tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite database with its tables."""
    made = Store(f"sqlite:///{shutil.copy(pristine, tmp_path / 'quick.db')}")
    yield made
    made.close()


@pytest.fixture(scope="session")
def pristine_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one open incident, which each test copies."""
    file = tmp_path_factory.mktemp("pristine") / "rows.db"
    made = Store(f"sqlite:///{file}")
    made.migrate()
    stored(made)
    made.close()
    return file


@pytest.fixture
def rows(pristine_rows: Path, tmp_path: Path) -> Iterator[Store]:
    """A SQLite database with one open incident."""
    made = Store(f"sqlite:///{shutil.copy(pristine_rows, tmp_path / 'rows.db')}")
    yield made
    made.close()


@pytest.fixture
def desk(rows: Store) -> Desk:
    """mayday's Slack side over that database."""
    return Desk(rows)
