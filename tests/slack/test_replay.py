"""Stored deliveries: processed once, replayed after a kill or a failure, deleted after days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.timeline import Message
from bot.store import timeline
from bot.store.engine import Store
from bot.store.tables import inbox
from tests.support.desk import ANA, Desk
from tests.support.rows import CHANNEL, TEAM, stored

TS = "1487895900.000100"


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """A desk with one incident, on each kind of database."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    yield Desk(store)
    store.close()


def event(number: int, **values: Any) -> dict[str, Any]:
    """An event as Slack delivers it: a message unless ``values`` override it."""
    message = {"type": "message", "channel": CHANNEL, "user": ANA, "ts": TS, "text": "it is slow"}
    return {
        "type": "event_callback",
        "event_id": f"Ev{number}",
        "team_id": TEAM,
        "event": {**message, **values},
    }


def reaction(number: int, verb: str) -> dict[str, Any]:
    """A reaction to that message."""
    item = {"type": "message", "channel": CHANNEL, "ts": TS}
    return event(number, type=f"reaction_{verb}", reaction="pushpin", item=item)


def deliver(desk: Desk, body: dict[str, Any]) -> None:
    """Handle an event as the listener does."""
    desk.dispatcher.store_event(body)
    desk.dispatcher.process_event(body)


def deliveries(desk: Desk) -> dict[str, dict[str, Any]]:
    """The inbox's rows by key."""
    with desk.store.read() as tx:
        return {row["key"]: dict(row) for row in tx.execute(inbox.select()).mappings()}


def message(desk: Desk, ts: str = TS) -> Message | None:
    """A stored message."""
    with desk.store.read() as tx:
        return timeline.message_by_key(tx, f"{TEAM}:{CHANNEL}:{ts}")


def replay_later(desk: Desk) -> None:
    """Replay after the live listener's time limit."""
    desk.now.at += timedelta(minutes=1)
    desk.dispatcher.replay()


def test_a_reaction_that_is_delivered_again_does_not_undo_what_came_since(desk: Desk) -> None:
    deliver(desk, event(1))
    for number, verb in ((2, "added"), (3, "removed"), (2, "added")):
        deliver(desk, reaction(number, verb))
    with desk.store.read() as tx:
        assert timeline.tags(tx, [f"{TEAM}:{CHANNEL}:{TS}"]) == []


def test_an_event_that_was_stored_and_not_processed_is_replayed(desk: Desk) -> None:
    """The process ends between the acknowledgement and the work."""
    desk.dispatcher.store_event(event(1))
    desk.dispatcher.replay()
    assert message(desk) is None, "its listener may be at it"
    replay_later(desk)
    found = message(desk)
    assert found is not None
    assert found.text == "it is slow"
    assert deliveries(desk)["Ev1"]["done_at"]


def test_one_that_fails_is_tried_again_and_then_left_to_a_human(desk: Desk) -> None:
    odd = event(1, ts="no number")
    desk.dispatcher.store_event(odd)
    for _ in range(12):
        replay_later(desk)
    row = deliveries(desk)["Ev1"]
    assert row["done_at"] is None
    assert row["error"]
    assert row["attempts"] == 8
    assert row["payload"] == odd, "it is not lost"


def test_a_request_that_no_version_answers_any_more_holds_up_no_other(desk: Desk) -> None:
    """This happens when an update removes a button that was pressed."""
    pressed = {"type": "block_actions", "user": {"id": ANA}, "actions": [{"action_id": "gone"}]}
    desk.inbox.store("block_actions/1", pressed)
    desk.dispatcher.store_event(event(1))
    replay_later(desk)
    assert message(desk) is not None
    row = deliveries(desk)["block_actions/1"]
    assert (row["attempts"], row["done_at"]) == (1, None)


def test_processed_deliveries_are_deleted_after_days(desk: Desk) -> None:
    deliver(desk, event(1))
    assert deliveries(desk)["Ev1"]["payload"] == {}
    replay_later(desk)
    assert "Ev1" in deliveries(desk), "a redelivery may still come"
    desk.now.at += timedelta(days=4)
    desk.dispatcher.replay()
    assert deliveries(desk) == {}


def test_unknown_kinds_of_messages_are_stored_raw(desk: Desk) -> None:
    deliver(desk, event(1, subtype="brand_new", what={"ever": [1]}))
    found = message(desk)
    assert found is not None
    assert found.subtype == "brand_new"
    assert found.raw["what"] == {"ever": [1]}


def test_an_edit_that_overtakes_its_message_leaves_both_on_record(desk: Desk) -> None:
    new = {"ts": TS, "user": ANA, "text": "it is down", "edited": {"ts": "1487895950.000000"}}
    old = {"ts": TS, "user": ANA, "text": "it is slow"}
    deliver(desk, event(2, subtype="message_changed", message=new, previous_message=old, text=""))
    deliver(desk, event(1))
    found = message(desk)
    assert found is not None
    assert found.text == "it is down"
    with desk.store.read() as tx:
        assert [r["change"] for r in timeline.revisions(tx, found.key)] == ["edited"]


def test_what_is_no_event_is_not_stored(desk: Desk) -> None:
    desk.dispatcher.store_event({"type": "block_actions", "event_id": "Ev1"})
    assert deliveries(desk) == {}
