"""Which channels are read when, and how much of them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from bot.errors import RetryLater
from bot.services.pages import Found
from bot.store import timeline as rows
from bot.store.engine import Store
from bot.store.tables import incident
from tests.support.history import TEAM, History, add_incident, fill, requests, ts
from tests.support.readings import Reader, pass_time
from tests.support.waiting import wait_until

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def close_incident(store: Store, incident_id: str, **columns: object) -> None:
    with store.write() as tx:
        tx.execute(update(incident).where(incident.c.id == incident_id).values(**columns))


@BOTH
def test_a_channel_is_read_wholly_first_and_then_only_what_is_new(
    reader: Reader, history: History
) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    reader.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    assert len(reader.messages("C1")) == 7
    reader.read_due()
    assert requests(history) == {}, "it is not due yet"
    pass_time(reader.store, minutes=5)
    reader.read_due()
    assert requests(history) == {"history": 1}
    history.say("C1", 52, under=50)
    pass_time(reader.store, minutes=5)
    reader.read_due()
    assert requests(history) == {"history": 1, "replies": 1}
    assert ts(52) in reader.messages("C1")
    pass_time(reader.store, minutes=5)
    reader.read_due()
    assert requests(history) == {"history": 1}


def test_a_reading_goes_back_to_the_newest_message_it_knows(
    reader: Reader, history: History
) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    reader.read_due()
    requests(history)
    for number in range(60, 65):
        history.say("C1", number)
    pass_time(reader.store, minutes=5)
    reader.read_due()
    assert requests(history) == {"history": 3}
    assert len(reader.messages("C1")) == 12


def test_a_thread_whose_replies_were_all_deleted_is_read(reader: Reader, history: History) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    reader.read_due()
    history.channels["C1"][50].replies.clear()
    requests(history)
    pass_time(reader.store, minutes=5)
    reader.read_due()
    assert requests(history) == {"history": 1, "replies": 1}


@BOTH
def test_every_channel_is_read_wholly_after_a_gap(reader: Reader, history: History) -> None:
    for channel in ("C1", "C2"):
        add_incident(reader.store, channel)
        fill(history, channel)
    reader.read_due()
    requests(history)
    history.channels["C2"][10].text, history.channels["C2"][10].edited_ts = "edited", ts(99)
    reader.backfill.ask_whole()
    reader.read_due()
    assert requests(history) == {"history": 6, "replies": 4}
    with reader.store.read() as tx:
        assert "edited" in {m.text for m in rows.messages(tx, TEAM, "C2")}


def test_a_reading_that_began_before_a_gap_does_not_count(reader: Reader, history: History) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    asks = [reader.backfill.ask_whole]

    def during(method: str, _channel: str) -> None:
        if method == "replies" and asks:
            asks.pop()()

    history.on_request = during
    reader.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    reader.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    reader.read_due()
    assert requests(history) == {}


def test_a_gap_is_remembered_while_the_database_is_away(reader: Reader, history: History) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    reader.read_due()
    requests(history)
    with reader.store.write() as tx:
        tx.execute(text("ALTER TABLE reading RENAME TO gone"))
    reader.backfill.ask_whole()
    with reader.store.write() as tx:
        tx.execute(text("ALTER TABLE gone RENAME TO reading"))
    reader.read_due()
    assert requests(history) == {"history": 3, "replies": 2}


@BOTH
def test_absence_is_confirmed_by_another_whole_reading(reader: Reader, history: History) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    reader.read_due()
    pass_time(reader.store)
    del history.channels["C1"][20]
    reader.backfill.ask_whole()
    reader.read_due()
    requests(history)
    pass_time(reader.store, minutes=1)
    reader.read_due()
    assert requests(history)["replies"] == 2
    with reader.store.read() as tx:
        gone = [m.ts for m in rows.messages(tx, TEAM, "C1") if m.deleted_at is not None]
    assert gone == [ts(20)]
    pass_time(reader.store, minutes=1)
    reader.read_due()
    assert requests(history) == {}, "the next one is due after five minutes"


@BOTH
def test_closed_and_quiet_incidents_are_not_read(reader: Reader, history: History) -> None:
    ids = [add_incident(reader.store, channel) for channel in ("C1", "C2", "C3")]
    now = datetime.now(UTC)
    close_incident(reader.store, ids[0], closed_at=now)
    reader.read_due()
    assert [reader.row(each) is not None for each in ids] == [False, True, True]
    close_incident(reader.store, ids[1], resolved_at=now - timedelta(days=3))
    close_incident(reader.store, ids[2], closed_at=now)
    reader.read_due()
    assert [reader.row(each) for each in ids] == [None] * 3
    requests(history)
    close_incident(reader.store, ids[1], resolved_at=None)
    history.say("C2", 1)
    reader.read_due()
    assert reader.messages("C2") == {ts(1)}, "a reopened incident's channel is read wholly again"


@BOTH
def test_a_closed_incident_is_read_for_its_report(reader: Reader, history: History) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")
    close_incident(reader.store, incident_id, closed_at=datetime.now(UTC))
    reader.backfill.gather(incident_id)
    assert len(reader.messages("C1")) == 7
    reader.read_due()
    assert reader.row(incident_id) is None


def test_a_reading_that_fails_is_repeated_later(reader: Reader, history: History) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")

    def fail(method: str, _channel: str) -> None:
        if method == "replies":
            raise RetryLater("Slack failed.", after=5)

    history.on_request = fail
    reader.read_due()
    row = reader.row(incident_id)
    assert row is not None
    assert (row["is_whole"], row["owner"]) == (True, None)
    history.on_request = lambda _method, _channel: None
    requests(history)
    reader.read_due()
    assert requests(history) == {}
    pass_time(reader.store, minutes=1)
    reader.read_due()
    assert len(reader.messages("C1")) == 7


@BOTH
def test_a_reading_that_waits_delays_no_other(reader: Reader, history: History) -> None:
    add_incident(reader.store, "C1")
    fill(history, "C1")
    limit = threading.Event()
    is_waiting = threading.Event()

    def hook(method: str, channel: str) -> None:
        if (method, channel) == ("replies", "C1"):
            is_waiting.set()
            assert limit.wait(30)

    history.on_request = hook
    reader.backfill.tick()
    assert is_waiting.wait(30)
    add_incident(reader.store, "C2")
    history.say("C2", 1)
    reader.backfill.tick()
    wait_until(lambda: reader.messages("C2") == {ts(1)}, "the other channel was read")
    assert len(reader.messages("C1")) == 5
    limit.set()
    wait_until(lambda: len(reader.messages("C1")) == 7, "the first channel was read")


def test_what_readings_found_adds_up() -> None:
    found = Found(new=1, failed=1) + Found(new=2, deleted=1)
    assert found == Found(new=3, deleted=1, failed=1)
