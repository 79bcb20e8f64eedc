"""The record: each message once, its revisions, and a timeline derived from the marks."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.timeline import Heading, Line, Message, chosen
from bot.domain.typed_time import TypedTime, Unit
from bot.errors import UserError
from bot.services.record import Record
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store
from tests.support.events import deleted, edited, posted, reaction, take
from tests.support.rows import CHANNEL, NOW, TEAM, Hands, act, message, settings

TS = "1487895900.000100"
REACTIONS = {
    "pushpin": Heading.TIMELINE,
    "fire": Heading.WRONG,
    "four_leaf_clover": Heading.LUCKY,
}


@pytest.fixture
def clock() -> Hands:
    return Hands(NOW + timedelta(hours=1))


@pytest.fixture
def record(store: Store, clock: Hands) -> Record:
    zone = ZoneInfo("America/Los_Angeles")
    chosen = settings(intervals={}, reactions=REACTIONS, zone=zone, keep_deleted=True)
    return Record(store, clock, chosen, team_url=lambda: "https://practice.slack.com/")


def kept(store: Store) -> list[Message]:
    """The stored messages."""
    with store.read() as tx:
        return rows.messages(tx, TEAM, CHANNEL)


def timeline(record: Record, heading: Heading = Heading.TIMELINE) -> tuple[Line, ...]:
    """The report's lines under a heading."""
    return chosen(record.lines("abc123abc123"), heading)


def rewritten(text: str, at: str) -> Message:
    """The message as Slack shows it after an edit."""
    return message(text=text, edited_ts=at)


def test_a_message_is_stored_once(record: Record, store: Store) -> None:
    take(record, posted(message()), posted(message()))
    record.file_message(message(), by="U0ANA")
    assert [m.text for m in kept(store)] == ["students see 500s"]


def test_channels_without_an_incident_are_not_recorded(record: Record, store: Store) -> None:
    for elsewhere in (message(channel_id="C0GENERAL"), message(team_id="T0OTHER")):
        take(record, posted(elsewhere))
        record.file_message(elsewhere, by="U0ANA")
        with store.read() as tx:
            assert rows.messages(tx, elsewhere.team_id, elsewhere.channel_id) == []


def test_a_ts_keeps_every_digit(record: Record, store: Store) -> None:
    """A conversion to float would change these."""
    stamps = [f"1487895900.{n:06d}" for n in (1, 19, 119, 1199, 999999)]
    stamps += ["1795317599.000009", "1795317599.100001"]
    for ts in stamps:
        take(record, posted(message(ts)))
    assert [m.ts for m in kept(store)] == stamps
    assert [f"{m.posted_at:%f}" for m in kept(store)] == [ts.split(".")[1] for ts in stamps]


def test_an_edit_is_a_revision(record: Record, store: Store) -> None:
    take(
        record,
        posted(message()),
        edited("students see 503s", 1, edited_ts="1487895910.000000"),
        edited("students see 502s", 2, edited_ts="1487895920.000000"),
    )
    assert [m.text for m in kept(store)] == ["students see 502s"]
    with store.read() as tx:
        before = rows.revisions(tx, message().key)
    assert [(r["change"], r["text"]) for r in before] == [
        ("edited", "students see 500s"),
        ("edited", "students see 503s"),
    ]


def test_the_shortcut_shows_an_edit_that_was_missed(record: Record, store: Store) -> None:
    take(record, posted(message()))
    record.file_message(rewritten("students see 503s", "1487895910.000000"), by="U0ANA")
    assert [line.text for line in timeline(record)] == ["students see 503s"]
    with store.read() as tx:
        before = rows.revisions(tx, message().key)
    assert [(r["change"], r["text"]) for r in before] == [("edited", "students see 500s")]
    take(record, edited("students see 502s", 1, edited_ts="1487895920.000000"))
    assert [line.text for line in timeline(record)] == ["students see 502s"]


@pytest.mark.parametrize("late", ["1487895910.000000", ""])
def test_the_shortcut_undoes_no_later_edit(record: Record, store: Store, late: str) -> None:
    """A person may open the menu of a message before it is edited."""
    take(record, posted(rewritten("newest", "1487895920.000000")))
    record.file_message(rewritten("older", late), by="U0ANA")
    assert [m.text for m in kept(store)] == ["newest"]


def test_edits_are_compared_digit_by_digit(record: Record, store: Store) -> None:
    record.file_message(rewritten("first", "1487895910.000001"), by="U0ANA")
    record.file_message(rewritten("second", "1487895910.000002"), by="U0ANA")
    assert [m.text for m in kept(store)] == ["second"]


def test_a_deletion_stays_one(record: Record, store: Store) -> None:
    gone = deleted(TS, 1)
    take(record, posted(message()), gone, gone)
    record.file_message(rewritten("from beyond", "1487895930.000000"), by="U0ANA")
    assert kept(store)[0].deleted_at is not None
    with store.read() as tx:
        before = rows.revisions(tx, message().key)
    assert (before[0]["change"], before[0]["text"]) == ("deleted", "students see 500s")
    assert [r["change"] for r in before].count("deleted") == 1


def test_a_pin_puts_a_message_into_the_timeline_and_taking_it_back_takes_it_out(
    record: Record,
) -> None:
    take(record, posted(message()))
    assert timeline(record) == ()
    take(record, reaction(TS))
    assert [line.text for line in timeline(record)] == ["students see 500s"]
    assert timeline(record)[0].entry.at == message().posted_at
    take(record, reaction(TS, added=False))
    assert timeline(record) == ()


def test_it_stays_as_long_as_somebody_pins_it(record: Record) -> None:
    take(record, posted(message()))
    for who in ("U0ANA", "U0BEN"):
        take(record, reaction(TS, user=who))
    take(record, reaction(TS, added=False))
    assert len(timeline(record)) == 1
    take(record, reaction(TS, user="U0BEN", added=False))
    assert timeline(record) == ()


def test_a_mark_may_come_before_its_message(record: Record) -> None:
    take(record, reaction(TS))
    take(record, posted(message()))
    assert [line.text for line in timeline(record)] == ["students see 500s"]
    assert timeline(record)[0].entry.at == message().posted_at


def test_marks_may_come_twice(record: Record) -> None:
    take(record, posted(message()))
    for _ in range(2):
        take(record, reaction(TS))
    assert len(timeline(record)) == 1
    for _ in range(2):
        take(record, reaction(TS, added=False))
    assert timeline(record) == ()


def test_reactions_file_under_their_heading(record: Record) -> None:
    take(record, posted(message()))
    take(record, reaction(TS, name="fire"))
    assert timeline(record) == ()
    assert [line.text for line in timeline(record, Heading.WRONG)] == ["students see 500s"]
    take(record, reaction(TS, user="U0BEN"))
    assert len(timeline(record)) == len(timeline(record, Heading.WRONG)) == 1


def test_other_reactions_and_skin_tones(record: Record) -> None:
    take(record, posted(message()))
    take(record, reaction(TS, name="tada"))
    assert record.lines("abc123abc123") == []
    take(record, reaction(TS, name="pushpin::skin-tone-3"))
    assert len(timeline(record)) == 1


def test_a_deleted_message_leaves_the_timeline_unless_it_was_reworded(record: Record) -> None:
    take(record, posted(message()))
    take(record, reaction(TS))
    entry = timeline(record)[0].entry
    record.rewrite(act(), entry.id, text="Students saw errors.", time=None)
    take(record, deleted(TS, 1))
    assert [line.text for line in timeline(record)] == ["Students saw errors."]

    other = message("1487895901.000000", text="never mind")
    take(record, posted(other))
    take(record, reaction(other.ts))
    take(record, deleted(other.ts, 1))
    assert [line.text for line in timeline(record)] == ["Students saw errors."]


def test_rewording_leaves_the_message_alone(record: Record, store: Store) -> None:
    take(record, posted(message()))
    take(record, reaction(TS))
    entry = timeline(record)[0].entry
    earlier = NOW - timedelta(minutes=10)
    record.rewrite(act(), entry.id, text="Students saw errors.", time=TypedTime(at=earlier))
    line = timeline(record)[0]
    assert (line.text, line.entry.at) == ("Students saw errors.", earlier)
    assert kept(store)[0].text == "students see 500s"
    take(record, edited("edited later", 1, edited_ts="1487895999.000000"))
    assert timeline(record)[0].text == "Students saw errors."


def test_taken_out_and_marked_again(record: Record) -> None:
    take(record, posted(message()))
    take(record, reaction(TS))
    record.hide_entry(act(), timeline(record)[0].entry.id)
    assert timeline(record) == ()
    take(record, reaction(TS, user="U0BEN"))
    assert len(timeline(record)) == 1


def test_taking_out_twice_or_elsewhere_is_told(record: Record, store: Store) -> None:
    record.note(
        act(by="U0ANA", idempotency_key="command/1"),
        text="evicted",
        time=TypedTime(at=NOW),
    )
    entry = timeline(record)[0].entry
    record.hide_entry(act(), entry.id)
    with store.write() as tx:
        here = incident_rows.get(tx, "abc123abc123")
        other = replace(here, id="another", channel_id="C2", channel_name="inc-2")
        incident_rows.add(tx, other)
    for incident_id in ("abc123abc123", "another"):
        with pytest.raises(UserError, match="no longer in the timeline"):
            record.hide_entry(act(incident_id=incident_id), entry.id)
    with pytest.raises(UserError, match="no longer in the timeline"):
        record.rewrite(act(), entry.id, text="x", time=None)


def test_a_note_is_written_once_at_its_time(record: Record) -> None:
    for _ in range(2):
        record.note(
            act(by="U0ANA", idempotency_key="command/1"),
            text=" evicted ",
            time=TypedTime(at=NOW, unit=Unit.SECOND),
        )
    assert [(n.text, n.entry.at, n.entry.author) for n in timeline(record)] == [
        ("evicted", NOW, "U0ANA")
    ]
    assert timeline(record)[0].entry.recorded_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(("text", "say"), [("  ", "Write what happened"), ("x" * 3001, "3000")])
def test_notes_that_cannot_be(record: Record, text: str, say: str) -> None:
    with pytest.raises(UserError, match=say):
        record.note(
            act(by="U0ANA", idempotency_key="c"),
            text=text,
            time=TypedTime(at=NOW),
        )
    assert timeline(record) == ()


def test_the_timeline_is_in_the_order_of_what_happened(record: Record) -> None:
    for minutes, text in ((5, "later"), (-5, "earlier"), (5, "later still")):
        at = NOW + timedelta(minutes=minutes)
        record.note(
            act(by="U0ANA", idempotency_key=text),
            text=text,
            time=TypedTime(at=at),
        )
    assert [line.text for line in timeline(record)] == ["earlier", "later", "later still"]


def test_files_threads_and_unknown_kinds_are_kept(record: Record, store: Store) -> None:
    odd = replace(
        message(), subtype="a_new_kind", thread_ts="1487895800.000000", raw={"what": ["ever"]}
    )
    take(record, posted(odd))
    link = "https://practice.slack.com/archives/C0INCIDENT/p1487895900000100"
    link += "?thread_ts=1487895800.000000&cid=C0INCIDENT"
    assert kept(store) == [replace(odd, permalink=link)]
