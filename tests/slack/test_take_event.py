"""Ordinary events: recorded once, in one transaction, by any replica and whatever they contain."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import event as events

from bot.domain.timeline import Message, Tag
from bot.store import timeline
from bot.store.engine import Store
from bot.store.tables import inbox
from tests.support.desk import ANA, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, TEAM, stored

TS = "1487895900.000100"
THREADS = 8


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk with one incident, on each kind of database."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    yield Desk(store)
    store.close()


def delivery(event_id: str, **event: Any) -> dict[str, Any]:
    """An event as Slack delivers it."""
    return {"type": "event_callback", "event_id": event_id, "team_id": TEAM, "event": event}


def said(text: str = "it is slow", ts: str = TS, **values: Any) -> dict[str, Any]:
    """A message."""
    event = {"channel": CHANNEL, "user": ANA, "ts": ts, "text": text, "event_ts": ts, **values}
    return delivery(f"Ev{ts}", type="message", **event)


def reaction(verb: str, number: int, ts: str = TS, name: str = "pushpin") -> dict[str, Any]:
    """A reaction to a message."""
    values = {"user": ANA, "reaction": name, "event_ts": f"1487895950.{number:06d}"}
    item = {"type": "message", "channel": CHANNEL, "ts": ts}
    return delivery(f"Ev{ts}/{number}", type=f"reaction_{verb}", item=item, **values)


def message(desk: Desk, ts: str = TS) -> Message | None:
    """A stored message."""
    with desk.store.read() as tx:
        return timeline.message_by_key(tx, f"{TEAM}:{CHANNEL}:{ts}")


def tags(desk: Desk, *stamps: str) -> list[Tag]:
    """The tags on some messages."""
    with desk.store.read() as tx:
        return timeline.tags(tx, [f"{TEAM}:{CHANNEL}:{ts}" for ts in stamps])


def keys(desk: Desk) -> list[str]:
    """The keys in the inbox."""
    with desk.store.read() as tx:
        return list(tx.execute(inbox.select().order_by(inbox.c.key)).scalars())


@contextmanager
def commits(store: Store) -> Iterator[list[Any]]:
    """The transactions that are committed in this block."""
    made: list[Any] = []

    def committed(connection: Any) -> None:
        made.append(connection)

    events.listen(store.engine, "commit", committed)
    yield made
    events.remove(store.engine, "commit", committed)


def deliver_at_once(bodies: list[dict[str, Any]], *desks: Desk) -> None:
    """Deliver each body to a desk in turn, in parallel."""
    together = threading.Barrier(THREADS)
    ours = threading.local()

    def deliver(number: int) -> None:
        if not hasattr(ours, "ready"):
            ours.ready = True
            together.wait(10)
        desks[number % len(desks)].dispatcher.take_event(bodies[number])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(deliver, range(len(bodies))))


@pytest.mark.parametrize(
    "body",
    [
        said(),
        said(subtype="message_changed", message={"ts": TS, "text": "it is down"}),
        said(subtype="message_deleted", deleted_ts=TS),
        reaction("added", 1),
        reaction("removed", 1),
    ],
    ids=["message", "edit", "deletion", "reaction", "its removal"],
)
def test_an_ordinary_event_is_one_transaction(desk: Desk, body: dict[str, Any]) -> None:
    with commits(desk.store) as made:
        desk.dispatcher.take_event(body)
    assert len(made) == 1
    with desk.store.read() as tx:
        (row,) = tx.execute(inbox.select()).mappings()
    assert row["done_at"]
    assert row["payload"] == {}


def test_an_event_of_another_channel_is_neither_recorded_nor_remembered(desk: Desk) -> None:
    desk.dispatcher.take_event(said(channel=ELSEWHERE))
    desk.dispatcher.take_event(reaction("added", 1, name="tada"))
    assert keys(desk) == []
    assert message(desk) is None


def test_what_is_no_event_is_not_taken(desk: Desk) -> None:
    desk.dispatcher.take_event({"type": "block_actions", "event_id": "Ev1"})
    assert keys(desk) == []


def test_a_reaction_that_is_delivered_again_does_not_undo_what_came_since(desk: Desk) -> None:
    desk.dispatcher.take_event(said())
    for verb, number in (("added", 2), ("removed", 3), ("added", 2)):
        desk.dispatcher.take_event(reaction(verb, number))
    assert tags(desk, TS) == []


def test_an_event_that_two_replicas_get_at_once_is_recorded_once(desk: Desk) -> None:
    other = Desk(Store(desk.store.url), owner="other")
    stamps = [f"1487895900.{n:06d}" for n in range(THREADS)]
    edits = [
        said(ts=ts, subtype="message_changed", message={"ts": ts, "text": "it is down"})
        for ts in stamps
        for _ in range(2)
    ]
    for ts in stamps:
        desk.dispatcher.take_event(said(ts=ts) | {"event_id": f"posted {ts}"})
    for body in edits:
        body["event"]["event_ts"] = "1487895950.000001"
    deliver_at_once(edits, desk, other)
    with desk.store.read() as tx:
        found = [timeline.revisions(tx, f"{TEAM}:{CHANNEL}:{ts}") for ts in stamps]
    assert [[r["text"] for r in revisions] for revisions in found] == [["it is slow"]] * THREADS
    other.store.close()


def test_a_pin_made_and_taken_back_quickly_is_taken_back(desk: Desk) -> None:
    """On 60 messages, twice each, delivered by parallel threads in any order to two replicas."""
    stamps = [f"1487895900.{n:06d}" for n in range(60)]
    for ts in stamps:
        desk.dispatcher.take_event(said(ts=ts))
    verbs = ("added", "removed", "added", "removed")
    bodies = [reaction(verb, n, ts) for ts in stamps[:30] for n, verb in enumerate(verbs)]
    bodies += [reaction(verb, n, ts) for ts in stamps[30:] for n, verb in enumerate(verbs[:3])]
    random.Random(9).shuffle(bodies)
    other = Desk(Store(desk.store.url), owner="other")
    deliver_at_once(bodies, desk, other)
    other.store.close()
    assert tags(desk, *stamps[:30]) == []
    assert len(tags(desk, *stamps[30:])) == 30


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(store: Store, moment: int) -> Iterator[list[str]]:
    """End the process before its ``moment``-th statement or commit; the list says what it did."""
    done: list[str] = []

    def count(what: str) -> None:
        if len(done) == moment:
            raise Killed
        done.append(what)

    def executes(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        count(statement)

    def commits(_conn: Any) -> None:
        count("COMMIT")

    events.listen(store.engine, "before_cursor_execute", executes)
    events.listen(store.engine, "commit", commits)
    with suppress(Killed):
        yield done
    events.remove(store.engine, "before_cursor_execute", executes)
    events.remove(store.engine, "commit", commits)


def test_a_kill_at_any_statement_loses_nothing_and_doubles_nothing(desk: Desk) -> None:
    """Slack delivers again what was not acknowledged."""
    edit = said(
        subtype="message_changed",
        message={"ts": TS, "text": "it is down"},
        event_ts="1487895950.000001",
    )
    bodies = [said(), edit | {"event_id": "edit"}, reaction("added", 1), reaction("removed", 2)]
    for body in bodies:
        for moment in range(20):
            with killed_at(desk.store, moment) as done:
                desk.dispatcher.take_event(body)
            if done and done[-1] == "COMMIT":
                break
            assert body["event_id"] not in keys(desk)
        else:
            pytest.fail("it was never committed")
    found = message(desk)
    assert found is not None
    assert found.text == "it is down"
    with desk.store.read() as tx:
        assert len(timeline.revisions(tx, found.key)) == 1
        assert len(timeline.entries(tx, desk.incident.id)) == 1
    assert tags(desk, TS) == []
    assert len(keys(desk)) == len(bodies)


ODD = "it\x00is \ud83d slow \udc00\U0001f525"
CLEAN = "it\ufffdis \ufffd slow \ufffd\U0001f525"


def test_what_a_database_cannot_store_is_replaced(desk: Desk) -> None:
    file = {"id": "F1\x00", "name": "log\ud800.txt", "mimetype": "", "permalink": ""}
    blocks = [{"type": "\x00", "\x00": ["\udfff", float("nan"), 1.5]}]
    desk.dispatcher.take_event(said(ODD, files=[file], blocks=blocks, user=f"{ANA}\x00"))
    desk.dispatcher.take_event(reaction("added", 1, name="pushpin::\x00"))
    assert len(keys(desk)) == 2
    found = message(desk)
    assert found is not None
    assert (found.text, found.author) == (CLEAN, f"{ANA}\ufffd")
    assert [(f.id, f.name) for f in found.files] == [("F1\ufffd", "log\ufffd.txt")]
    assert found.raw["blocks"] == [{"type": "\ufffd", "\ufffd": ["\ufffd", None, 1.5]}]
    assert [tag.name for tag in tags(desk, TS)] == ["pushpin::\ufffd"]
    desk.dispatcher.take_event(reaction("removed", 2, name="pushpin::\x00"))
    assert tags(desk, TS) == []


def test_what_is_longer_than_its_column_is_shortened(desk: Desk) -> None:
    """SQLite stores any length, PostgreSQL refuses it."""
    body = said(subtype="x" * 500, user="U" * 500, edited={"ts": "1" * 50})
    body["event_id"] = "Ev" * 500
    for _ in range(2):
        desk.dispatcher.take_event(body)
    assert message(desk) is not None
    names = ["pushpin::" + "x" * 200 + end for end in ("a", "b")]
    for number, name in enumerate(names):
        desk.dispatcher.take_event(reaction("added", number, name=name))
    assert len(tags(desk, TS)) == 2, "different names stay different"
    desk.dispatcher.take_event(reaction("removed", 5, name=names[0]))
    assert [tag.name[:20] for tag in tags(desk, TS)] == [names[1][:20]]
    assert len(keys(desk)) == 4


def foreign(event: dict[str, Any], other: str = "T0OTHERSIDE") -> dict[str, Any]:
    """The event as Slack may deliver it in a channel that is shared with another organization."""
    shared = {
        "team_id": other,
        "context_team_id": other,
        "is_ext_shared_channel": True,
        "authorizations": [{"team_id": TEAM, "is_bot": True}],
    }
    return {**event, **shared}


def test_events_that_name_the_other_side_of_a_shared_channel_are_recorded(desk: Desk) -> None:
    desk.dispatcher.take_event(foreign(said()))
    desk.dispatcher.take_event(foreign(reaction("added", 1)))
    assert message(desk) is not None
    assert [tag.name for tag in tags(desk, TS)] == ["pushpin"]
    changed = {"channel": CHANNEL, "user": ANA, "ts": TS, "text": "it is slow again"}
    edit = {"message": changed, "previous_message": {**changed, "text": "it is slow"}}
    edit |= {"channel": CHANNEL, "event_ts": "1487895960.000100"}
    desk.dispatcher.take_event(
        foreign(delivery("Ev2", type="message", subtype="message_changed", **edit))
    )
    found = message(desk)
    assert found is not None and found.text == "it is slow again"
    gone = {"channel": CHANNEL, "deleted_ts": TS, "event_ts": "1487895970.000100"}
    desk.dispatcher.take_event(
        foreign(delivery("Ev3", type="message", subtype="message_deleted", **gone))
    )
    found = message(desk)
    assert found is not None and found.deleted_at is not None


@pytest.mark.parametrize("other", ["", "T0OTHERSIDE"])
def test_what_happens_to_a_shared_channel_is_recorded(desk: Desk, other: str) -> None:
    desk.dispatcher.take_event(
        foreign(delivery("Ev1", type="channel_deleted", channel=CHANNEL), other)
    )
    assert desk.incident.channel_state == "gone"
