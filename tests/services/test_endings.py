"""Ending an incident without a report: cancelled, as a false alarm, or as a duplicate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from bot.domain.endings import DRILL_MERGE, PRIVATE_MERGE, WITH_ITSELF
from bot.domain.incident import Ending, Incident
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.domain.timeline import Entry, EntryKind
from bot.errors import RetryLater, UserError
from bot.render import card, posts
from bot.services.incident_snapshot import Snapshot, read
from bot.store import incidents as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, end_claims, stored

OTHER = "C0OTHER"
OTHER_ID = "def456def456"
MERGE = f"merge <#{OTHER}|inc-other>"


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk with two open incidents."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    stored(store, id=OTHER_ID, channel_id=OTHER, channel_name="inc-other", title="Hub is down")
    made = Desk(store)
    made.slack.people = {CHANNEL: [ANA, BEN, "U0GUEST", "U0BOT", "U0FAR", "U0CLEO"]}
    made.slack.guests, made.slack.bots = {"U0GUEST"}, {"U0BOT"}
    made.slack.teams = {"U0FAR": "T0ELSEWHERE"}
    yield made
    store.close()


def snapshot(desk: Desk, incident_id: str = "abc123abc123") -> Snapshot:
    with desk.store.read() as tx:
        return read(tx, incident_id)


def change(desk: Desk, incident_id: str = "abc123abc123", **values: Any) -> None:
    with desk.store.write() as tx:
        rows.change_channel(tx, incident_id, **values)


def entries(desk: Desk, incident_id: str, kind: EntryKind) -> list[Entry]:
    with desk.store.read() as tx:
        return [e for e in timeline_rows.entries(tx, incident_id) if e.kind is kind]


def invited(desk: Desk, incident_id: str) -> set[str]:
    found = snapshot(desk, incident_id).resources.values()
    return {row.subject for row in found if row.kind is ResourceKind.INVITE}


@pytest.mark.parametrize(
    ("line", "ending", "words"),
    [
        ("cancel", Ending.CANCELLED, "cancelled"),
        ("Cancel it was planned work", Ending.CANCELLED, "cancelled"),
        ("false-alarm", Ending.FALSE_ALARM, "false alarm"),
        ("false\N{EN DASH}alarm the probe is wrong", Ending.FALSE_ALARM, "false alarm"),
    ],
)
def test_an_incident_ends_without_a_report(
    desk: Desk, line: str, ending: Ending, words: str
) -> None:
    desk.work.keys.clear()
    desk.command(line)
    incident = desk.incident
    assert (incident.status, incident.ending) == ("closed", ending)
    assert incident.closed_at == incident.resolved_at == desk.now()
    assert not any(key.startswith("publish") for key in desk.work.keys)
    with desk.store.read() as tx:
        assert rows.reminder_of(tx, incident.id) is None
    [entry] = snapshot(desk).entries
    said = posts.entry_post(posts.entry_spec(entry)).text
    assert words in said
    assert "/\N{WORD JOINER}incident reopen" in said
    assert line.partition(" ")[2] in said
    shown = card.card(
        card.card_spec(
            incident,
            policy=desk.settings.policy,
            hubs={},
            reactions={},
            zone=desk.settings.zone,
        )
    )
    assert words in str(shown.blocks)
    assert "Close and report" not in str(shown.blocks)
    assert words in card.announcement(card.announcement_spec(incident)).blocks[0]["text"]["text"]
    assert posts.news([entry]) == [entry]
    assert words in desk.command("list", channel=ELSEWHERE).text + str(
        desk.command("list", channel=ELSEWHERE).blocks
    )


def test_reopening_undoes_it(desk: Desk) -> None:
    desk.command("cancel")
    desk.command("reopen")
    assert (desk.incident.status, desk.incident.ending) == ("investigating", Ending.NONE)
    assert desk.incident.closed_at is None


def test_one_that_is_closed_is_not_ended_otherwise(desk: Desk) -> None:
    desk.command("cancel")
    answer = desk.command("false-alarm")
    assert "closed already" in answer.text
    assert desk.incident.ending is Ending.CANCELLED


def test_there_is_no_report_to_publish(desk: Desk) -> None:
    desk.command("cancel")
    desk.work.keys.clear()
    assert "without a report" in desk.command("publish").text
    assert not desk.work.keys


def test_a_duplicate_ends_and_its_people_are_invited_to_the_other(desk: Desk) -> None:
    desk.command("note the proxy died")
    desk.command(MERGE)
    incident = desk.incident
    assert (incident.ending, incident.duplicate_of) == (Ending.DUPLICATE, OTHER_ID)
    assert invited(desk, OTHER_ID) == {ANA, BEN, "U0CLEO"}
    assert len(entries(desk, incident.id, EntryKind.NOTE)) == 1  # stays where it is
    assert not entries(desk, OTHER_ID, EntryKind.NOTE)
    [said] = entries(desk, OTHER_ID, EntryKind.MERGED)
    assert said.data["channel"] == CHANNEL
    assert snapshot(desk).other_channel == OTHER
    assert snapshot(desk, OTHER_ID).duplicate_channels == [CHANNEL]
    assert {f"sync/{OTHER_ID}", f"sync/{incident.id}"} <= {
        key.rpartition("/command")[0] for key in desk.work.keys
    }


def test_reopening_a_duplicate_undoes_the_merge_in_both(desk: Desk) -> None:
    desk.command(MERGE)
    desk.command("reopen")
    assert (desk.incident.ending, desk.incident.duplicate_of) == (Ending.NONE, None)
    assert snapshot(desk, OTHER_ID).duplicate_channels == []
    merged, undone = entries(desk, OTHER_ID, EntryKind.MERGED)
    assert (merged.data.get("is_undone"), undone.data.get("is_undone")) == (None, True)


def test_a_merge_that_is_delivered_twice_is_one(desk: Desk) -> None:
    act = StateChange(incident_id="abc123abc123", by=ANA, idempotency_key="command/1")
    for _ in range(2):
        desk.context.changes.merge(act, OTHER_ID, [BEN])
    assert len(entries(desk, OTHER_ID, EntryKind.MERGED)) == 1


def test_while_slack_does_not_say_who_is_there_nothing_is_done_and_it_is_done_later(
    desk: Desk,
) -> None:
    desk.slack.failing = {"members": RetryLater("Slack is down.")}
    desk.command(MERGE)
    assert desk.incident.is_open
    desk.slack.failing = {}
    end_claims(desk.store)
    desk.dispatcher.replay()
    assert desk.incident.ending is Ending.DUPLICATE
    assert invited(desk, OTHER_ID) == {ANA, BEN, "U0CLEO"}


@pytest.mark.parametrize(
    "name", ["#inc-other", "inc-other", "of #inc-other", "into INC-OTHER", "7"]
)
def test_the_other_is_named_by_its_channel_or_number(desk: Desk, name: str) -> None:
    change(desk, OTHER_ID, number=7)
    desk.command(f"merge {name}")
    assert desk.incident.duplicate_of == OTHER_ID


@pytest.mark.parametrize("name", ["", "the other one", "#nothing", "99"])
def test_without_another_incident_nothing_happens(desk: Desk, name: str) -> None:
    assert "/incident merge #inc-other" in desk.command(f"merge {name}").text
    assert desk.incident.is_open


@pytest.mark.parametrize("private", ["abc123abc123", OTHER_ID])
def test_private_incidents_are_not_merged(desk: Desk, private: str) -> None:
    change(desk, private, private=True)
    assert PRIVATE_MERGE[:40] in desk.command(MERGE).text
    assert desk.incident.is_open
    assert not entries(desk, OTHER_ID, EntryKind.MERGED)


def test_a_private_incident_looks_like_none_to_people_outside(desk: Desk) -> None:
    change(desk, OTHER_ID, private=True)
    desk.slack.absent = {OTHER: {ANA}}
    said = desk.command(MERGE).text
    assert "no such incident" in said
    assert "Hub is down" not in said


def test_a_link_is_not_shown_once_one_became_private(desk: Desk) -> None:
    desk.command(MERGE)
    change(desk, OTHER_ID, private=True)
    assert snapshot(desk).other_channel == ""
    change(desk, OTHER_ID, private=False)
    change(desk, private=True)
    assert snapshot(desk, OTHER_ID).duplicate_channels == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"merge <#{CHANNEL}>", WITH_ITSELF),
        (MERGE, "is itself a duplicate"),
    ],
)
def test_what_cannot_be_merged_says_why(desk: Desk, line: str, said: str) -> None:
    third = "C0THIRD"
    stored(desk.store, id="third", channel_id=third, channel_name="inc-third", title="Third")
    desk.command(f"merge <#{third}>", channel=OTHER)
    assert said in desk.command(line).text
    assert desk.incident.is_open


def test_a_drill_and_an_incident_are_not_merged(desk: Desk) -> None:
    change(desk, OTHER_ID, drill=True)
    assert DRILL_MERGE in desk.command(MERGE).text


def test_two_that_are_merged_with_each_other_at_once_leave_one_open(desk: Desk) -> None:
    gate = threading.Barrier(2)

    def merge(one: str, other: str) -> None:
        gate.wait()
        act = StateChange(incident_id=one, by=ANA, idempotency_key=f"command/{one}")
        with suppress(UserError):
            desk.context.changes.merge(act, other, [])

    pairs = [("abc123abc123", OTHER_ID), (OTHER_ID, "abc123abc123")]
    threads = [threading.Thread(target=merge, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    found: list[Incident] = [snapshot(desk, one).incident for one, _ in pairs]
    assert sorted(each.ending for each in found) == ["", "duplicate"]
