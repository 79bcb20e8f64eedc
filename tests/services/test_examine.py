"""Each thing in the database that needs a person is found, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.resources import ResourceState
from bot.ports import WorkflowSummary
from bot.services import examine as checks
from bot.services.sweep import MOST_TRIES
from bot.store import incidents as incident_rows
from bot.store.engine import Store
from bot.store.tables import inbox, reading, reminder, replica
from tests.support.doctoring import HOUR, INCIDENT, deliver, fail, found, lines, register, wrong
from tests.support.rows import stored

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A database with an open incident and one replica that works."""
    made = Store(database_url)
    made.migrate()
    stored(made)
    register(made, "living")
    yield made
    made.close()


# --- nothing needs a person ---------------------------------------------------------------------


@BOTH
def test_all_is_well(store: Store) -> None:
    names = ["database", "schema", "clock", "replicas", "connections", "deliveries", "resources"]
    assert list(found(store)) == [*names, "workflows", "work"]
    assert wrong(store) == {}


@BOTH
def test_what_mayday_tries_again_soon_is_no_finding(store: Store) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    fail(store, "topic", ResourceState.FAILED, error="Slack is away.", attempts=1, retry_at=soon)
    fail(store, "card", ResourceState.ATTEMPTING, attempted_at=datetime.now(UTC))
    deliver(store, "event/Ev1", error="The database is busy.")
    with store.write() as tx:
        tx.execute(inbox.update().values(attempts=5, claimed_until=store.now(tx) + HOUR))
    register(store, "ended", ended=HOUR, taken_by="living")
    assert wrong(store) == {}


def test_whether_a_process_runs_on_sqlite_is_unknown(store: Store) -> None:
    """Its row stays after a kill."""
    assert found(store)["replicas"].ok is None


# --- what needs a person ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [ResourceState.FAILED, ResourceState.PENDING, ResourceState.ATTEMPTING]
)
def test_what_keeps_failing_in_any_way(store: Store, state: ResourceState) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    fail(store, "topic", state, error="GitHub failed.", attempts=6, retry_at=soon)
    assert wrong(store)["resources"].summary == "Need a person: 0. Keep failing: 1."


def test_without_a_replica_that_works(store: Store) -> None:
    with store.write() as tx:
        tx.execute(replica.delete())
    assert wrong(store)["replicas"].summary == checks.NEVER_STARTED
    register(store, "ended", ended=HOUR)
    finding = wrong(store)["replicas"]
    assert finding.summary == checks.NONE_WORKS
    assert "ended" in lines(finding)[0]


def test_a_replica_whose_work_nobody_took_over(postgres_url: str) -> None:
    store = Store(postgres_url)
    store.migrate()
    register(store, "living")
    register(store, "other")
    assert found(store)["replicas"].summary == "2 replicas work."
    register(store, "just-ended", ended=timedelta(seconds=5))
    assert wrong(store) == {}
    register(store, "forgotten", ended=HOUR)
    finding = wrong(store)["replicas"]
    assert finding.summary == "2 replicas work. 1 replica ended without its work being taken over."
    data = [dict(item) for _line, item in finding.items]
    assert {(item["id"], item["works"]) for item in data} == {
        ("living", True),
        ("other", True),
        ("forgotten", False),
    }
    store.close()


def test_connections_that_are_not_maydays(store: Store) -> None:
    register(store, "one", foreign_sockets=2)
    finding = wrong(store)["connections"]
    assert finding.summary == checks.SOCKETS.format(number=2)
    assert finding.advice == checks.STOP_OTHERS


def test_deliveries_that_were_given_up(store: Store) -> None:
    deliver(store, "event/Ev1", given_up=True, error="DataError: NUL\n[SQL: INSERT …]")
    finding = wrong(store)["deliveries"]
    (line,) = lines(finding)
    assert line.startswith("event/Ev1, received ")
    assert line.endswith("after 8 attempts: DataError: NUL")
    assert "--retry" in finding.advice
    assert "payload" not in finding.items[0][1]


def test_resources_that_need_a_person_or_keep_failing(store: Store) -> None:
    fail(store, "card", ResourceState.NEEDS_HUMAN, error="Two cards were found.")
    later = datetime.now(UTC) + HOUR
    fail(store, "topic", ResourceState.FAILED, error="Slack is away.", attempts=6, retry_at=later)
    finding = wrong(store)["resources"]
    assert finding.summary == "Need a person: 1. Keep failing: 1."
    first, second = lines(finding)
    assert first.startswith("card of #inc-")
    assert first.endswith("needs a person: Two cards were found.")
    assert "topic of #inc-" in second
    assert "failed 6 times, next attempt 2" in second


def test_a_private_incident_is_named_by_its_id(store: Store) -> None:
    """Its channel's name is made of its title."""
    fail(store, "card", ResourceState.NEEDS_HUMAN, error="Two cards were found.")
    with store.write() as tx:
        incident_rows.save(tx, replace(incident_rows.get(tx, INCIDENT), private=True))
    finding = wrong(store)["resources"]
    assert lines(finding) == [f"card of incident {INCIDENT} needs a person: Two cards were found."]
    assert "inc-" not in str(finding)


def test_workflows_that_failed_for_good_or_wait_too_long(store: Store) -> None:
    def workflow(key: str, *, failed: bool = True, age: float = 0) -> WorkflowSummary:
        created = datetime.now(UTC) - timedelta(minutes=age)
        return WorkflowSummary(key=key, failed=failed, created_at=created, error="gone")

    again = workflow(f"sync/{INCIDENT}/card")
    assert wrong(store, again) == {}
    assert "starts them again" in found(store, again)["workflows"].summary
    assert wrong(store, workflow("execute/r1"), workflow("plan/r2", failed=False)) == {}
    lost = workflow(f"publish/{INCIDENT}/again/{MOST_TRIES}/close")
    waiting = workflow(f"sync/{INCIDENT}/x", failed=False, age=20)
    finding = wrong(store, again, lost, waiting)["workflows"]
    assert [line.partition(",")[0] for line in lines(finding)] == [lost.key, waiting.key, again.key]


@BOTH
def test_work_that_nobody_does(store: Store) -> None:
    with store.write() as tx:
        due = datetime.now(UTC) - timedelta(minutes=22)
        tx.execute(reminder.insert().values(incident_id=INCIDENT, number=2, due_at=due))
        tx.execute(
            reading.insert().values(
                incident_id=INCIDENT,
                due_at=store.now(tx) - HOUR,
                is_whole=True,
                asked=1,
                newest="",
                threads={},
            )
        )
    deliver(store, "event/Ev1")
    fail(
        store,
        "card",
        ResourceState.FAILED,
        error="x",
        retry_at=datetime.now(UTC) - HOUR,
        attempts=1,
    )
    fail(store, "topic", ResourceState.ATTEMPTING, attempted_at=datetime.now(UTC) - HOUR)
    finding = wrong(store)["work"]
    assert [line.partition(":")[0] for line in lines(finding)] == [
        "reminders",
        "deliveries",
        "retries",
        "readings of channels",
        "unfinished attempts",
    ]
    with store.write() as tx:
        claimed = store.now(tx) + HOUR
        tx.execute(reading.update().values(owner="living", claimed_until=claimed))
    assert "readings of channels" not in str(lines(wrong(store)["work"]))


def test_clocks_that_differ(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(postgres_url)
    store.migrate()
    register(store, "living")
    assert found(store)["clock"].ok
    theirs = store.now
    monkeypatch.setattr(store, "now", lambda tx: theirs(tx) + timedelta(minutes=10))
    finding = wrong(store)["clock"]
    assert "differ by 600." in finding.summary
    store.close()
