"""``mayday doctor`` changes nothing, works while mayday runs, and puts back what was given up."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from bot.config import load
from bot.doctor import doctor, put_back
from bot.durable import DurableWork
from bot.errors import UserError
from bot.services import examine as checks
from bot.services.sweep import MOST_TRIES
from bot.store.engine import Store
from bot.store.tables import inbox, reading, reminder, replica, resource
from tests.support import bot as support
from tests.support.doctoring import INCIDENT, deliver, found, register, wrong
from tests.support.rows import stored
from tests.support.waiting import wait_until

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A new database: SQLite, or the kind that an indirect parameter names."""
    kind = getattr(request, "param", "sqlite")
    url: str = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with an open incident and one replica that works."""
    made = Store(database_url)
    made.migrate()
    stored(made)
    register(made, "living")
    yield made
    made.close()


def run(url: str, *, as_json: bool = False) -> tuple[bool, str]:
    """Run the command: whether all is well, and what it printed."""
    shown = io.StringIO()
    config = load(overrides={"database": {"url": url}})
    return doctor(config, as_json=as_json, out=Console(file=shown, width=80)), shown.getvalue()


def everything(store: Store) -> list[tuple[Any, ...]]:
    """All rows that the doctor reads, to compare."""
    with store.read() as tx:
        return [
            tuple(row)
            for table in (inbox, reading, reminder, replica, resource)
            for row in tx.execute(table.select().order_by(*table.primary_key.columns))
        ]


# --- the database -------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("version", "said"),
    [("0004", "mayday needs"), ("9999", "doesn't know")],
    ids=["older", "newer"],
)
def test_tables_of_another_version_are_reported_and_left_alone(
    store: Store, version: str, said: str
) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        tx.execute(text("DROP TABLE reading"))
    told = found(store)
    assert list(told) == ["database", "schema"]
    assert said in told["schema"].summary
    assert version in told["schema"].summary
    with store.read() as tx:
        assert tx.execute(text("SELECT version_num FROM alembic_version")).scalar() == version


@BOTH
def test_an_empty_database_is_reported_and_stays_empty(database_url: str) -> None:
    store = Store(database_url)
    assert wrong(store)["schema"].summary == checks.NO_TABLES
    assert store.is_empty
    store.close()


def test_a_file_that_does_not_exist_is_not_created(tmp_path: Path) -> None:
    well, said = run(f"sqlite:///{tmp_path / 'folder' / 'mayday.db'}")
    assert not well
    assert "doesn't exist" in said
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_reported_without_its_password() -> None:
    well, said = run("postgresql://mayday:hunter2@127.0.0.1:1/mayday")
    assert not well
    assert "check that the server runs" in said
    assert "hunter2" not in said


@BOTH
def test_it_looks_while_mayday_holds_its_lock_and_changes_nothing(store: Store) -> None:
    """On SQLite the running mayday may also be in the middle of a transaction that writes."""
    _with_workflows(store)
    deliver(store, "event/Ev1", given_up=True, error="x")
    store.lock()
    before = everything(store)
    with store.write():
        well, said = run(store.url)
    assert not well
    assert "event/Ev1" in said
    assert everything(store) == before


@BOTH
def test_a_workflow_that_failed_is_read_from_the_tables_of_dbos(store: Store) -> None:
    _with_workflows(store, failing=f"sync/{INCIDENT}/again/{MOST_TRIES}/card")
    well, said = run(store.url, as_json=True)
    assert not well
    (finding,) = [each for each in json.loads(said)["checks"] if each["name"] == "workflows"]
    (item,) = finding["items"]
    assert (item["key"], item["lost"]) == (f"sync/{INCIDENT}/again/{MOST_TRIES}/card", True)
    assert "the row is gone" in item["error"]


def test_json_has_every_check_and_whether_all_is_well(store: Store) -> None:
    _with_workflows(store)
    well, said = run(store.url, as_json=True)
    told = json.loads(said)
    assert (well, told["ok"]) == (True, True)
    # SQLite doesn't show whether the process still runs.
    expected = dict.fromkeys([*found(store), "obligations", "issues"], True) | {"replicas": None}
    assert {each["name"]: each["ok"] for each in told["checks"]} == expected


def _with_workflows(store: Store, *, failing: str = "") -> None:
    """Create DBOS's tables, with a workflow that failed."""
    for stop in tuple(support.before_another):
        stop()
    work = DurableWork(store.url, executor="test", poll=0.05)

    def fails() -> None:
        raise ValueError("the row is gone")

    work.workflow("sync", fails)
    work.launch()
    try:
        if failing:
            with store.write() as tx:
                work.enqueue(tx, "sync", key=failing, partition_key="p", args=[])
            wait_until(lambda: work.has_failed(failing), "the failure")
    finally:
        work.close()


# --- putting back -------------------------------------------------------------------------------


def retry(store: Store, key: str) -> str:
    shown = io.StringIO()
    config = load(overrides={"database": {"url": store.url}})
    put_back(config, key, Console(file=shown, width=80))
    return shown.getvalue()


def waiting(store: Store) -> set[str]:
    """The deliveries that mayday will process, with what they need for it."""
    with store.read() as tx:
        rows = tx.execute(inbox.select().where(inbox.c.given_up_at.is_(None))).all()
    assert all(row.attempts == 0 and row.payload == {"text": "hello"} for row in rows)
    return {row.key for row in rows}


@BOTH
def test_a_delivery_is_put_back(store: Store) -> None:
    for key in ("event/Ev1", "event/Ev2", "event/Ev3"):
        deliver(store, key, given_up=True, error="x")
    assert "Put back: 1." in retry(store, "event/Ev2")
    assert waiting(store) == {"event/Ev2"}
    assert "Put back: 2." in retry(store, "all")
    assert waiting(store) == {"event/Ev1", "event/Ev2", "event/Ev3"}


def test_a_key_that_was_not_given_up_is_refused(store: Store) -> None:
    deliver(store, "event/Ev1")
    for key in ("event/Ev1", "event/Ev2", "all"):
        with pytest.raises(UserError, match="given up"):
            retry(store, key)


def test_nothing_is_put_back_in_tables_of_another_version(store: Store) -> None:
    deliver(store, "event/Ev1", given_up=True, error="x")
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    with pytest.raises(UserError, match="0005"):
        retry(store, "all")
