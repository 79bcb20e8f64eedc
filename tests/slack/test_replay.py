"""Deliveries that could not be processed at once: replayed, given up, deleted after days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.timeline import Message
from bot.store import given_up, timeline
from bot.store.engine import Store
from bot.store.tables import inbox
from tests.support.desk import ANA, Desk
from tests.support.rows import CHANNEL, TEAM, end_claims, stored

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


def deliveries(desk: Desk) -> dict[str, dict[str, Any]]:
    """The inbox's rows by key."""
    with desk.store.read() as tx:
        return {row["key"]: dict(row) for row in tx.execute(inbox.select()).mappings()}


def message(desk: Desk, ts: str = TS) -> Message | None:
    """A stored message."""
    with desk.store.read() as tx:
        return timeline.message_by_key(tx, f"{TEAM}:{CHANNEL}:{ts}")


def replay_later(desk: Desk) -> None:
    """Replay after every claim and every pause has ended."""
    end_claims(desk.store)
    desk.dispatcher.replay()


def rename(desk: Desk, before: str, after: str) -> None:
    """Rename a table away, or back."""
    with desk.store.write() as tx:
        tx.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def test_an_event_that_cannot_be_recorded_is_stored_and_replayed(desk: Desk) -> None:
    rename(desk, "message", "gone")
    desk.dispatcher.take_event({**event(1), "token": "a secret"})
    row = deliveries(desk)["Ev1"]
    assert (row["attempts"], row["done_at"]) == (1, None)
    assert "message" in row["error"]
    assert row["payload"] == event(1), "without the secret"
    rename(desk, "gone", "message")
    desk.dispatcher.replay()
    assert message(desk) is None, "not before a pause"
    replay_later(desk)
    found = message(desk)
    assert found is not None
    assert found.text == "it is slow"
    row = deliveries(desk)["Ev1"]
    assert row["done_at"]
    assert (row["payload"], row["error"]) == ({}, "")


def test_an_event_that_cannot_be_stored_either_is_not_acknowledged(desk: Desk) -> None:
    for table in ("message", "inbox"):
        rename(desk, table, f"{table}_gone")
    with pytest.raises(Exception, match="inbox"):
        desk.dispatcher.take_event(event(1))
    for table in ("message", "inbox"):
        rename(desk, f"{table}_gone", table)
    assert deliveries(desk) == {}
    desk.dispatcher.take_event(event(1))
    assert message(desk) is not None


def test_a_redelivery_of_one_that_waits_is_left_to_its_replay(desk: Desk) -> None:
    rename(desk, "message", "gone")
    desk.dispatcher.take_event(event(1))
    rename(desk, "gone", "message")
    desk.dispatcher.take_event(event(1))
    assert message(desk) is None
    replay_later(desk)
    assert message(desk) is not None


def test_one_bad_delivery_stops_no_other(desk: Desk) -> None:
    bad = [event(0, ts="no number"), event(1, channel=None, item=None, type="reaction_added")]
    good = [event(n, ts=f"1487895900.{n:06d}") for n in range(2, 6)]
    for body in (good[0], bad[0], good[1], bad[1], *good[2:]):
        desk.dispatcher.take_event(body)
    assert all(message(desk, body["event"]["ts"]) for body in good)
    waiting = {key for key, row in deliveries(desk).items() if not row["done_at"]}
    assert waiting == {"Ev0", "Ev1"}


def test_one_that_fails_again_and_again_is_given_up_once(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = event(1, ts="no number")
    desk.dispatcher.take_event(odd)
    for _ in range(12):
        replay_later(desk)
    row = deliveries(desk)["Ev1"]
    assert row["done_at"] is None
    assert row["given_up_at"]
    assert row["attempts"] == 8
    assert row["payload"] == odd, "it is not lost"
    with desk.store.read() as tx:
        (listed,) = given_up.given_up(tx)
    assert listed.key == "Ev1"
    assert "InvalidOperation" in listed.error
    assert listed.received_at == row["received_at"]
    assert capsys.readouterr().out.count("inbox.given_up") == 1


def test_a_request_that_no_version_answers_any_more_holds_up_no_other(desk: Desk) -> None:
    """This happens when an update removes a button that was pressed."""
    pressed = {"type": "block_actions", "user": {"id": ANA}, "actions": [{"action_id": "gone"}]}
    desk.inbox.store("block_actions/1", pressed)
    desk.inbox.store("Ev1", event(1))
    replay_later(desk)
    assert message(desk) is not None
    row = deliveries(desk)["block_actions/1"]
    assert (row["attempts"], row["done_at"]) == (1, None)


def test_processed_deliveries_are_deleted_after_days(desk: Desk) -> None:
    desk.dispatcher.take_event(event(1))
    assert deliveries(desk)["Ev1"]["payload"] == {}
    replay_later(desk)
    assert "Ev1" in deliveries(desk), "a redelivery may still come"
    with desk.store.write() as tx:
        long_ago = desk.store.now(tx) - timedelta(days=4)
        tx.execute(inbox.update().values(done_at=long_ago))
    desk.dispatcher.replay()
    assert deliveries(desk) == {}
