"""When the next reminder is due after each action: rows only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.reminders import Reminder
from bot.domain.resources import ResourceKind
from bot.services.remind import remind
from bot.store import incidents as rows
from bot.store import resources
from bot.store.engine import Store
from tests.support.desk import ELSEWHERE, Desk
from tests.support.rows import CHANNEL

MINUTES = {"sev1": 15, "sev2": 30, "sev3": 60}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without incidents."""
    store = Store(f"sqlite:///{tmp_path / 'rows.db'}")
    store.migrate()
    intervals = {name: timedelta(minutes=minutes) for name, minutes in MINUTES.items()}
    yield Desk(store, intervals=intervals)
    store.close()


def declared(desk: Desk, severity: str = "sev2") -> str:
    """Declare an incident with an open channel."""
    desk.command("declare Proxy was evicted", channel=ELSEWHERE)
    desk.submit({"severity": severity})
    with desk.store.write() as tx:
        (incident,) = rows.unclosed(tx)
        rows.bind_channel(tx, incident.id, CHANNEL)
    return incident.id


def pending(desk: Desk) -> Reminder | None:
    """The incident's next reminder."""
    with desk.store.read() as tx:
        return rows.reminder_of(tx, desk.incident.id)


def due_in(desk: Desk) -> int:
    """Minutes until the next one."""
    found = pending(desk)
    assert found is not None
    return round((found.due_at - desk.now()) / timedelta(minutes=1))


def tick(desk: Desk, minutes: int) -> int:
    """Advance the clock; return the due reminders."""
    desk.now.at += timedelta(minutes=minutes)
    return remind(desk.store, desk.work, desk.now, desk.settings)


@pytest.mark.parametrize("severity", MINUTES)
def test_the_interval_is_the_severitys(desk: Desk, severity: str) -> None:
    declared(desk, severity)
    assert due_in(desk) == MINUTES[severity]


def test_a_change_of_severity_moves_it(desk: Desk) -> None:
    declared(desk)
    desk.now.at += timedelta(minutes=10)
    for severity in ("sev1", "sev3"):
        desk.command(f"severity {severity}")
        assert due_in(desk) == MINUTES[severity]


@pytest.mark.parametrize("line", ["update still looking", "status fixing"])
def test_an_update_starts_the_interval_again(desk: Desk, line: str) -> None:
    declared(desk)
    desk.now.at += timedelta(minutes=20)
    desk.command("role scribe")
    assert due_in(desk) == 10, "a role tells nobody anything"
    desk.command(line)
    assert due_in(desk) == 30


@pytest.mark.parametrize("text", ["0", "1441", "99999999999999999999"])
def test_snoozes_that_cannot_be(desk: Desk, text: str) -> None:
    declared(desk)
    assert "1 to 1440" in desk.command(f"snooze {text}").text
    assert due_in(desk) == 30


def test_snooze_postpones_it_and_resolving_ends_it(desk: Desk) -> None:
    declared(desk)
    desk.command("snooze 45")
    assert due_in(desk) == 45
    desk.command("resolve")
    assert pending(desk) is None
    assert "no reminders" in desk.command("snooze").text


def test_each_due_reminder_is_requested_once_and_a_failed_one_is_not_followed(desk: Desk) -> None:
    incident_id = declared(desk)
    assert tick(desk, 29) == 0
    assert tick(desk, 1) == 1
    assert tick(desk, 0) == 0
    assert due_in(desk) == 30
    assert tick(desk, 31) == 0, "the first one is not sent yet"
    found = pending(desk)
    assert found is not None
    assert found.number == 2
    with desk.store.read() as tx:
        asked = [
            key
            for key, row in resources.of_incident(tx, incident_id).items()
            if row.kind is ResourceKind.REMINDER
        ]
    assert asked == [f"{incident_id}/remind/1"]


def test_an_incident_without_a_channel_requests_none(desk: Desk) -> None:
    desk.command("declare Proxy was evicted", channel=ELSEWHERE)
    desk.submit()
    assert tick(desk, 31) == 0
    with desk.store.read() as tx:
        (incident,) = rows.unclosed(tx)
        reminder = rows.reminder_of(tx, incident.id)
    assert reminder is not None
    assert (reminder.number, reminder.due_at > desk.now()) == (1, True)
