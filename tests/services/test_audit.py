"""The audit log: its chain holds with many writers, and shows every line that was tampered with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, text, update

from bot.domain.audit import AuditLine, AuditOutcome, line_hash
from bot.errors import UserError
from bot.services.audit import Audit
from bot.store import audit as rows
from bot.store.engine import Store
from bot.store.tables import audit, audit_head
from tests.support.room import INCIDENT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def log(store: Store) -> Audit:
    return Audit(store)


def line(number: int = 1, **values: Any) -> AuditLine:
    """A change of status."""
    return AuditLine(
        **{
            "actor": "U0ANA",
            "act": "incident.status",
            "outcome": AuditOutcome.DONE,
            "incident_id": INCIDENT,
            "origin": "command in C0INCIDENT",
            "before": {"status": "investigating"},
            "after": {"status": f"fixing {number}"},
            "source": f"status/{number}",
            **values,
        }
    )


def written(log: Audit, count: int = 5) -> None:
    """Write lines."""
    for number in range(1, count + 1):
        log.record(line(number))


def problems(log: Audit) -> list[tuple[int, str]]:
    """The faults' numbers, each with the first words of what is wrong."""
    return [(fault.number, " ".join(fault.problem.split()[:3])) for fault in log.verify().faults]


def tamper(store: Store, *statements: Any) -> None:
    """Change the log as somebody with the database's password can."""
    with store.write() as tx:
        for statement in statements:
            tx.execute(statement)


def moved(number: int, to: int) -> Any:
    """Give a line another number."""
    return update(audit).where(audit.c.number == number).values(number=to)


def test_an_untouched_log_has_no_faults(log: Audit) -> None:
    assert log.verify().faults == ()
    written(log)
    found = log.verify()
    assert (found.lines, found.faults) == (5, ())
    assert found.hash == log.latest(limit=1)[0].hash


def test_values_that_a_database_changes_keep_their_hash(log: Audit) -> None:
    log.record(
        line(
            actor="U" * 300,
            target="a\x00b \ud83d ü 🔥",
            reason="x" * 5000,
            before={"x\x00": [1.5, float("inf"), None, True, "\udc00"]},
            source=None,
            incident_id=None,
        )
    )
    assert problems(log) == []


def test_a_changed_line_is_found(log: Audit, store: Store) -> None:
    written(log)
    third = audit.c.number == 3
    tamper(store, update(audit).where(third).values(actor="U0BEN"))
    assert problems(log) == [(3, "was changed")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", None),
        ("act", "x"),
        ("target", "x"),
        ("incident_id", None),
        ("origin", "x"),
        ("outcome", "refused"),
        ("reason", "x"),
        ("before", {"status": "resolved"}),
        ("after", {}),
        ("source", None),
    ],
)
def test_no_column_changes_unseen(log: Audit, store: Store, column: str, value: Any) -> None:
    written(log)
    if column == "at":
        value = log.latest(limit=5)[0].at
    tamper(store, update(audit).where(audit.c.number == 4).values({column: value}))
    assert problems(log) == [(4, "was changed")]


@pytest.mark.parametrize(
    ("column", "value"),
    [("outcome", "approved"), ("before", ["x"]), ("after", None), ("after", "x")],
)
def test_a_value_that_mayday_never_writes_is_a_changed_line(
    log: Audit, store: Store, column: str, value: Any
) -> None:
    written(log)
    tamper(store, update(audit).where(audit.c.number == 4).values({column: value}))
    assert problems(log) == [(4, "was changed")]
    with pytest.raises(UserError, match="Line 4 of the audit log"):
        log.latest(limit=5)
    assert len(log.latest(limit=1)) == 1


@pytest.mark.parametrize(("column", "value"), [("at", "nonsense"), ("after", "{")])
def test_what_is_no_time_or_no_json_is_a_changed_line(
    log: Audit, store: Store, column: str, value: str
) -> None:
    if not store.is_sqlite:
        pytest.skip("PostgreSQL refuses it")
    written(log)
    tamper(store, text(f"UPDATE audit SET {column} = '{value}' WHERE number = 4"))
    assert problems(log) == [(4, "was changed")]


def test_a_line_that_was_written_anew_with_its_hash_is_found(log: Audit, store: Store) -> None:
    written(log)
    third = log.latest(limit=5)[2]
    forged = line(3, actor="U0BEN")
    values = {"actor": "U0BEN", "hash": line_hash(3, third.at, forged, third.previous)}
    tamper(store, update(audit).where(audit.c.number == 3).values(values))
    assert problems(log) == [(4, "does not follow")]


def test_a_removed_line_is_found(log: Audit, store: Store) -> None:
    written(log)
    tamper(store, delete(audit).where(audit.c.number == 3))
    assert problems(log) == [(3, "is missing")]


def test_a_removed_line_whose_number_was_given_away_is_found(log: Audit, store: Store) -> None:
    written(log)
    tamper(store, delete(audit).where(audit.c.number == 3), moved(4, 3), moved(5, 4))
    assert problems(log)[0] == (3, "does not follow")
    assert problems(log)[-1] == (5, "is missing")


@pytest.mark.parametrize(("first", "missing"), [(5, [5]), (4, [4, 5]), (1, [1, 2, 3, 4, 5])])
def test_removed_last_lines_are_found(
    log: Audit, store: Store, first: int, missing: list[int]
) -> None:
    written(log)
    tamper(store, delete(audit).where(audit.c.number >= first))
    assert problems(log) == [(number, "is missing") for number in missing]


def test_reordered_lines_are_found(log: Audit, store: Store) -> None:
    written(log)
    tamper(store, moved(2, 99), moved(3, 2), moved(99, 3))
    assert {number for number, _ in problems(log)} >= {2, 3}
    assert problems(log)[0] == (2, "does not follow")


def test_a_changed_or_removed_head_is_found(log: Audit, store: Store) -> None:
    written(log)
    tamper(store, update(audit_head).values(hash="0" * 64))
    assert problems(log) == [(5, "differs from audit_head")]
    tamper(store, update(audit_head).values(number=4))
    assert problems(log) == [(5, "differs from audit_head")]
    tamper(store, delete(audit_head))
    assert [number for number, _ in problems(log)] == [5]


def test_faults_are_found_in_every_batch(
    log: Audit, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "BATCH", 2)
    written(log, 7)
    assert problems(log) == []
    tamper(
        store,
        update(audit).where(audit.c.number == 2).values(act="x"),
        delete(audit).where(audit.c.number == 5),
        update(audit).where(audit.c.number == 7).values(act="x"),
    )
    assert [number for number, _ in problems(log)] == [2, 5, 7]


def test_a_line_of_a_rolled_back_transaction_is_not_written(log: Audit, store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        rows.add(tx, line(1))
        raise RuntimeError
    log.record(line(2))
    assert [one.line.source for one in log.latest(limit=9)] == ["status/2"]


def test_the_same_act_is_one_line(log: Audit, store: Store) -> None:
    log.record(line(1))
    log.record(line(1, actor="U0BEN"))
    with store.write() as tx:
        rows.add(tx, line(1))
        rows.add(tx, line(2))
        rows.add(tx, line(2))
        rows.add(tx, line(source=None))
        rows.add(tx, line(source=None))
    found = [one.line.source for one in log.latest(limit=9)]
    assert found == ["status/1", "status/2", None, None]
    assert problems(log) == []


def test_the_lines_of_an_incident_are_listed(log: Audit) -> None:
    for number in range(1, 5):
        log.record(line(number, incident_id=INCIDENT if number % 2 else "other"))
    assert [one.number for one in log.latest(limit=3)] == [2, 3, 4]
    assert [one.number for one in log.latest(limit=9, incident_id=INCIDENT)] == [1, 3]


def test_concurrent_writers_make_one_chain(log: Audit, store: Store, database_url: str) -> None:
    """Each act is written by two threads, on PostgreSQL by two processes' stores."""
    stores = [store] if store.is_sqlite else [store, Store(database_url)]

    def write(begin: int) -> None:
        for number in range(begin, begin + 10):
            with stores[begin % len(stores)].write() as tx:
                for part in range(2):
                    rows.add(tx, line(source=f"{number % 20}/{part}"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(0, 40, 5)))
    for other in stores[1:]:
        other.close()
    found = log.verify()
    assert (found.lines, found.faults) == (40, ())
    assert {one.line.source for one in log.latest(limit=99)} == {
        f"{number}/{part}" for number in range(20) for part in range(2)
    }
