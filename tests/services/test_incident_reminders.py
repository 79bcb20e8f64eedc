"""Reminders of a lead, of progress and of silence: rows only, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.business_hours import BusinessHours
from bot.domain.reminders import ReminderKind, ReminderRules
from bot.domain.resources import ResourceKind, resource_key
from bot.render.reminders import ACTION_DONE, ACTION_ROLL_BACK
from bot.services.remind import Remind
from bot.store import incidents, reminders
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.resources import ResourceRow
from tests.support.desk import ANA, BEN, Desk
from tests.support.rows import CHANNEL, NOW, POLICY, message, stored

ME = "U0MAYDAY"
ID = "abc123abc123"
LEAD, STALE, ROLLBACK = ReminderKind.LEAD, ReminderKind.STALE, ReminderKind.ROLLBACK
RULES = ReminderRules(
    lead={"sev1": timedelta(minutes=5), "sev2": timedelta(minutes=20)},
    stale=timedelta(hours=4),
    rollback=timedelta(minutes=10),
    rollback_runbook="roll-back",
)


class Room:
    """An incident and the replicas that remind of it, ten minutes after its declaration."""

    def __init__(self, store: Store, **values: Any) -> None:
        rules = values.pop("rules", RULES)
        policy = values.pop("policy", replace(POLICY, declarer_leads=False))
        self.desk = Desk(store, policy=policy, reminders=rules)
        self.desk.now.at = NOW
        self.store = store
        stored(store, **values)

    def replica(self) -> Remind:
        return Remind(
            store=self.store,
            durable=self.desk.work,
            now=self.desk.now,
            settings=self.desk.settings,
            me=lambda: ME,
            runbooks={"roll-back"},
        )

    def at(self, minutes: float, *, replicas: int = 1) -> list[str]:
        """Let the clock be so long after the declaration; return the reminders that exist then."""
        self.desk.now.at = NOW + timedelta(minutes=minutes)
        for _ in range(replicas):
            self.replica()._others()
        return sorted(self.rows())

    def rows(self) -> dict[str, ResourceRow]:
        with self.store.read() as tx:
            found = resource_rows.of_incident(tx, ID).values()
        return {row.subject: row for row in found if row.kind is ResourceKind.INCIDENT_REMINDER}

    def sent(self, subject: str) -> None:
        """Record that a reminder is posted."""
        key = resource_key(ID, ResourceKind.INCIDENT_REMINDER, subject)
        with self.store.write() as tx:
            row = self.rows()[subject]
            ref, spec = {"channel": CHANNEL, "ts": "1.2"}, dict(row.spec)
            resource_rows.change(tx, key, ref=ref, applied_spec=spec, state="done", rendering=1)

    def say(self, minutes: float, **values: Any) -> None:
        """Somebody writes in the channel."""
        at = NOW + timedelta(minutes=minutes)
        with self.store.write() as tx:
            ts = f"{at.timestamp():.6f}"
            assert timeline_rows.add_message(tx, message(ts, **values))


@pytest.fixture
def room(store: Store) -> Iterator[Room]:
    yield Room(store)


def test_each_kind_comes_once_when_it_is_due_whichever_replica_asks(room: Room) -> None:
    assert room.at(9) == []
    assert room.at(10, replicas=3) == ["rollback/1"]
    room.sent("rollback/1")
    assert room.at(20, replicas=3) == ["lead/1", "rollback/1"]
    room.sent("lead/1")
    assert room.at(40, replicas=3) == ["lead/1", "lead/2", "rollback/1"]
    assert sorted(room.desk.work.keys) == [
        f"sync/{ID}/reminder/{subject}" for subject in ("lead/1", "lead/2", "rollback/1")
    ]


def test_what_is_not_sent_is_not_followed_by_a_burst(room: Room) -> None:
    for minutes in range(10, 200, 5):
        room.at(minutes)
    assert sorted(room.rows()) == ["lead/1", "rollback/1"]


def test_a_late_one_keeps_the_time_at_which_it_was_due(room: Room) -> None:
    room.at(1)
    room.at(200)
    due = datetime.fromisoformat(room.rows()["rollback/1"].spec["due_at"])
    assert due == NOW + timedelta(minutes=10)


def test_what_moves_the_incident_on_puts_the_rollback_off(room: Room) -> None:
    room.at(5)
    room.desk.command("note the database answers again")
    assert room.at(14) == []
    room.desk.now.at = NOW + timedelta(minutes=14)
    room.desk.command("role scribe")  # which moves nothing on
    assert room.at(15) == ["rollback/1"]
    room.sent("rollback/1")
    assert "rollback/2" not in room.at(60)
    room.desk.command("status fixing")
    assert "rollback/2" not in room.at(69)
    assert "rollback/2" in room.at(70)


def test_only_people_who_write_keep_an_incident_alive(room: Room) -> None:
    room.say(60)
    room.say(100, author=ME)
    room.say(101, author="B0ALERTS", author_name="Alerts", subtype="bot_message")
    room.say(102, subtype="channel_join")
    assert "stale/1" not in room.at(299)
    assert "stale/1" in room.at(300)
    since = datetime.fromisoformat(room.rows()["stale/1"].spec["since"])
    assert since == NOW + timedelta(minutes=60)


def test_taking_the_lead_ends_its_reminder_and_so_does_resolving(room: Room) -> None:
    room.at(1)
    room.desk.command("lead")
    assert "lead/1" not in room.at(60)
    room.sent("rollback/1")
    room.desk.command("resolve")
    room.at(600)
    with room.store.read() as tx:
        assert reminders.of_incident(tx, ID) == []
    room.desk.command("reopen")
    assert "rollback/2" in [*room.at(609), *room.at(610)]


def test_the_rollback_is_offered_where_it_is_clear_for_which_hub(store: Store) -> None:
    room = Room(store, hubs=("datahub",))
    room.at(10)
    assert room.rows()["rollback/1"].spec["hub"] == "datahub"
    asked = room.desk.press(ACTION_ROLL_BACK, "datahub", user=BEN)
    assert "people who may run runbooks" in asked.text


def test_business_hours_hold_a_lesser_severity_back(store: Store) -> None:
    hours = BusinessHours(
        days=frozenset(range(5)),
        begins=9 * 60,
        ends=17 * 60,
        zone=ZoneInfo("UTC"),
        severities=frozenset({"sev2"}),
    )
    room = Room(store, rules=replace(RULES, hours=hours))
    assert room.at(60) == []
    opens = datetime(2017, 2, 24, 9, tzinfo=UTC)  # it was declared at 0:25
    minutes = (opens - NOW) / timedelta(minutes=1)
    assert room.at(minutes - 1) == []
    assert room.at(minutes) == ["lead/1", "rollback/1", "stale/1"]
    assert {row.spec["due_at"] for row in room.rows().values()} == {opens.isoformat()}


def test_a_snooze_of_one_kind_says_so_on_its_message(room: Room) -> None:
    room.at(20)
    for subject in ("lead/1", "rollback/1"):
        room.sent(subject)
    assert room.desk.press("incident.snooze", "lead/1/30", user=BEN).text == ""
    spec = room.rows()["lead/1"].spec
    assert (spec["state"], spec["by"]) == ("snoozed", BEN)
    assert "lead/2" not in room.at(49)
    assert "lead/2" in room.at(50)


def test_a_snoozed_rollback_comes_again_unless_something_moves_on(room: Room) -> None:
    room.at(10)
    room.sent("rollback/1")
    room.desk.press("incident.snooze", "rollback/1/15")
    assert "rollback/2" not in room.at(24)
    room.desk.now.at = NOW + timedelta(minutes=20)
    room.desk.command("note the node is back")
    assert "rollback/2" not in room.at(29)
    assert "rollback/2" in room.at(30)


def test_a_snooze_never_shortens_and_can_be_ended(room: Room) -> None:
    room.at(1)
    assert "No reminder" in room.desk.command("snooze 3h").text
    assert "already" in room.desk.command("snooze 15").text
    assert room.at(180) == []
    with room.store.read() as tx:
        update = incidents.reminder_of(tx, ID)
    assert update is not None
    assert update.due_at == NOW + timedelta(minutes=181)
    assert "come again" in room.desk.command("snooze off").text
    assert room.at(180) == ["lead/1", "rollback/1"]


@pytest.mark.parametrize("typed", ["tomorrow", "0", "25h"])
def test_a_snooze_that_is_refused_changes_nothing(room: Room, typed: str) -> None:
    room.at(1)
    with room.store.read() as tx:
        before = reminders.of_incident(tx, ID)
    assert "isn't a time to snooze for" in room.desk.command(f"snooze {typed}").text
    with room.store.read() as tx:
        assert reminders.of_incident(tx, ID) == before


@pytest.mark.parametrize(
    ("kind", "comes_again"), [("lead", False), ("rollback", False), ("stale", True)]
)
def test_an_answer_ends_it_or_restarts_its_time(room: Room, kind: str, comes_again: bool) -> None:
    room.at(240)
    for subject in room.rows():
        room.sent(subject)
    for _ in range(2):
        room.desk.press(ACTION_DONE, f"{kind}/1", user=ANA)
    assert room.rows()[f"{kind}/1"].spec["state"] == "done"
    room.desk.command("note still here")
    assert (f"{kind}/2" in room.at(240 + 260)) is comes_again


def test_an_answer_to_an_update_restarts_its_interval(room: Room) -> None:
    room.desk.command("status fixing")
    room.desk.now.at = NOW + timedelta(minutes=30)
    assert room.replica().tick() >= 1
    room.desk.now.at = NOW + timedelta(minutes=40)
    room.desk.press(ACTION_DONE, "update/1")
    with room.store.read() as tx:
        pending = incidents.reminder_of(tx, ID)
        row = resource_rows.find(tx, ID, ResourceKind.REMINDER, "1")
    assert pending is not None
    assert row is not None
    assert pending.due_at == NOW + timedelta(minutes=70)
    assert row.spec["state"] == "done"


@pytest.mark.parametrize("value", ["lead/9", "joy/1", "", "lead/x", "lead"])
def test_an_unknown_reminder_is_refused(room: Room, value: str) -> None:
    room.at(20)
    assert "no longer knows this reminder" in room.desk.press(ACTION_DONE, value).text


def test_a_kind_of_a_later_version_is_left_alone(room: Room) -> None:
    room.at(20)
    with room.store.write() as tx:
        key = resource_key(ID, ResourceKind.INCIDENT_REMINDER, "lead/1")
        resource_rows.change(tx, key, kind="of_the_next_version", retry_at=NOW)
    with room.store.write() as tx:
        assert list(room.rows()) == ["rollback/1"]
        assert not resource_rows.has_due(tx, room.desk.now())
        assert resource_rows.take_due(tx, room.desk.now(), again_at=NOW) == []
