"""Events about one message, in any order: the record ends as Slack did."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.events import Event, MessageEvent
from bot.domain.timeline import Heading, Line, Message, chosen
from bot.services.record import Record
from bot.store import tables
from bot.store import timeline as rows
from bot.store.engine import Store
from tests.support.events import at, deleted, edited, posted, reaction, take
from tests.support.readings import show
from tests.support.rows import CHANNEL, NOW, TEAM, Hands, message, settings

SETTINGS = settings(reactions={"pushpin": Heading.TIMELINE}, keep_deleted=True)
TS = message().ts
SAID = posted(message())
FIRST = edited("first edit", 1, before=message(), edited_ts="1487895910.000001")
SECOND = edited("second edit", 2, before=FIRST.message, edited_ts="1487895920.000001")
GONE = deleted(TS, 3, before=SECOND.message)


@pytest.fixture
def record(store: Store) -> Record:
    clock = Hands(NOW + timedelta(hours=1))
    return Record(store, clock, SETTINGS, team_url=lambda: "https://practice.slack.com/")


def start_again(store: Store) -> None:
    """Forget what was recorded."""
    with store.write() as tx:
        for table in (tables.revision, tables.message, tables.tag, tables.entry):
            tx.execute(table.delete())


def kept(store: Store, ts: str = TS) -> Message | None:
    """The stored message."""
    with store.read() as tx:
        return rows.message_by_key(tx, f"{TEAM}:{CHANNEL}:{ts}")


def revised(store: Store) -> list[tuple[str, str]]:
    """What the message's revisions are and say."""
    with store.read() as tx:
        return [(r["change"], r["text"]) for r in rows.revisions(tx, message().key)]


def timeline(record: Record) -> tuple[Line, ...]:
    """The timeline's lines."""
    return chosen(record.lines("abc123abc123"), Heading.TIMELINE)


def test_edits_in_any_order_end_with_the_last(record: Record, store: Store) -> None:
    for events in itertools.permutations((SAID, FIRST, SECOND)):
        take(record, *events)
        found = kept(store)
        assert found is not None
        assert (found.text, found.edited_ts) == ("second edit", "1487895920.000001"), events
        assert ("edited", "first edit") in revised(store)
        start_again(store)


def test_a_deletion_is_final_whatever_comes_late(record: Record, store: Store) -> None:
    for events in itertools.permutations((SAID, FIRST, SECOND, GONE)):
        take(record, *events)
        found = kept(store)
        assert found is not None
        assert found.deleted_at is not None, events
        assert found.text == "second edit", events
        assert revised(store)[-1] == ("deleted", "second edit")
        start_again(store)


def test_a_deletion_that_overtakes_its_posting_is_one(record: Record, store: Store) -> None:
    """Slack does not always say what was deleted."""
    take(record, deleted(TS, 3), SAID)
    found = kept(store)
    assert found is not None
    assert found.deleted_at is not None


@pytest.mark.parametrize("edited_ts", ["", "1487895910.000001"])
def test_text_that_differs_is_an_edit_though_slack_does_not_say_so(
    record: Record, store: Store, edited_ts: str
) -> None:
    """An app's update may leave ``edited`` out, or as it was."""
    texts = ("one", "two", "three")
    events: list[Event] = [posted(message(text="zero", edited_ts=edited_ts))]
    events += [edited(text, n, edited_ts=edited_ts) for n, text in enumerate(texts)]
    take(record, *events)
    found = kept(store)
    assert found is not None
    assert found.text == "three"
    assert revised(store) == [("edited", text) for text in ("zero", "one", "two")]
    take(record, edited("late", 1, edited_ts=edited_ts), posted(message(text="zero")))
    again = kept(store)
    assert again is not None
    assert again.text == "three"
    assert len(revised(store)) == 3


def test_a_change_of_no_text_is_no_revision(record: Record, store: Store) -> None:
    """A link that is unfolded changes the message's raw form only."""
    unfolded = replace(message(), raw={"attachments": [1]})
    take(record, SAID, MessageEvent(message=unfolded, event_ts=at(1), is_edit=True))
    found = kept(store)
    assert found is not None
    assert found.raw == {"attachments": [1]}
    assert revised(store) == []


def test_an_edit_that_history_showed_first_is_not_undone(record: Record, store: Store) -> None:
    show(SETTINGS, store, SECOND.message)
    take(record, FIRST, SAID)
    found = kept(store)
    assert found is not None
    assert found.text == "second edit"


def test_an_event_changes_what_history_showed(record: Record, store: Store) -> None:
    show(SETTINGS, store, message())
    take(record, edited("updated", 1))
    found = kept(store)
    assert found is not None
    assert found.text == "updated"


def test_reactions_in_any_order_end_with_the_last(record: Record) -> None:
    take(record, SAID)
    on, off, on_again = (reaction(TS, added=n != 2, number=n) for n in (1, 2, 3))
    off_again = reaction(TS, added=False, number=4)
    for number, events in enumerate(itertools.permutations((on, off, on_again))):
        mine = [replace(event, user=f"U{number}") for event in events]
        take(record, *mine)
        assert len(timeline(record)) == 1, events
        take(record, *mine, replace(off_again, user=f"U{number}"), *mine)
        assert timeline(record) == (), events


def test_a_removal_that_overtakes_its_reaction_stays(record: Record) -> None:
    take(record, SAID, reaction(TS, added=False, number=2), reaction(TS, number=1))
    assert record.lines("abc123abc123") == []
    take(record, reaction(TS, number=3))
    assert len(timeline(record)) == 1


def test_times_are_compared_as_numbers(record: Record) -> None:
    early, late = reaction(TS), reaction(TS, added=False)
    take(record, replace(late, event_ts="10.000001"), replace(early, event_ts="9.000001"))
    assert timeline(record) == ()


@pytest.mark.parametrize("shown", [True, False])
def test_a_reaction_that_history_settled_is_changed_by_later_events(
    record: Record, store: Store, shown: bool
) -> None:
    take(record, SAID, reaction(TS, added=not shown, number=1))
    show(SETTINGS, store, message(), reactions={"pushpin": ("U0ANA",)} if shown else {})
    assert len(timeline(record)) == int(shown)
    take(record, reaction(TS, added=not shown, number=1))
    assert len(timeline(record)) == int(shown), "it is the event from before"
    take(record, reaction(TS, added=not shown, number=2))
    assert len(timeline(record)) == int(not shown)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_every_event_leaves_the_databases_time(record: Record, store: Store) -> None:
    """It decides whether a page of history was asked for before the event came."""
    steps: list[tuple[Event, ...]] = [
        (SAID, reaction(TS, added=False)),
        (FIRST, reaction(TS)),
        (GONE, reaction(TS, added=False)),
    ]
    for step in steps:
        with store.read() as tx:
            before = store.now(tx)
        take(record, *step)
        with store.read() as tx:
            after = store.now(tx)
            changed = [
                tx.execute(select(table.c.changed_at)).scalar_one()
                for table in (tables.message, tables.tag)
            ]
        assert all(before <= moment <= after for moment in changed)


def test_what_history_shows_leaves_no_time_of_an_event(record: Record, store: Store) -> None:
    show(SETTINGS, store, message())
    record.file_message(message(), by="U0ANA")
    with store.read() as tx:
        row = tx.execute(tables.message.select()).mappings().one()
    assert row["event_ts"] == ""


def test_an_edit_without_a_mark_is_ordered_by_its_event(record: Record, store: Store) -> None:
    """``chat.update`` by an app may leave no ``edited``."""
    first = edited("first edit", 1, before=message())
    second = edited("second edit", 2, before=first.message)
    for events in itertools.permutations((SAID, first, second)):
        take(record, *events)
        found = kept(store)
        assert found is not None and found.text == "second edit", events
        assert ("edited", "first edit") in revised(store), events
        assert len(revised(store)) == len(set(revised(store))), events
        start_again(store)


def test_an_edit_of_which_no_event_came_shows_in_the_next(record: Record, store: Store) -> None:
    lost = edited("first edit", 1, before=message())
    take(record, SAID, edited("second edit", 2, before=lost.message))
    assert revised(store) == [("edited", message().text), ("edited", "first edit")]
    take(record, deleted(TS, 4, before=edited("third edit", 3).message))
    assert revised(store)[2:] == [("edited", "second edit"), ("deleted", "third edit")]


@pytest.mark.parametrize(("seen", "text"), [(3, "as the shortcut shows it"), (1, "second edit")])
def test_a_shortcut_shows_an_edit_unless_an_event_is_newer(
    record: Record, store: Store, seen: int, text: str
) -> None:
    take(record, SAID, edited("second edit", 2, before=message()))
    shown = message(text="as the shortcut shows it")
    record.file_message(shown, by="U0ANA", seen_ts=at(seen))
    found = kept(store)
    assert found is not None and found.text == text
    assert (("edited", "second edit") in revised(store)) is (text != "second edit")
