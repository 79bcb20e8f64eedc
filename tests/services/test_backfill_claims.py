"""One reading of a channel at a time, by whichever process holds its claim."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.store import readings
from bot.store.tables import reading
from tests.support.history import History, add_incident, fill, requests
from tests.support.readings import Reader
from tests.support.waiting import wait_until

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def hold_up(history: History) -> tuple[threading.Event, threading.Event]:
    """Stop each request; return an event that is set at the first, and one that lets them go on."""
    stopped, go_on = threading.Event(), threading.Event()

    def stop(_method: str, _channel: str) -> None:
        stopped.set()
        assert go_on.wait(30)

    history.on_request = stop
    return stopped, go_on


@POSTGRES
def test_a_row_that_is_being_claimed_is_passed_over(reader: Reader, other_reader: Reader) -> None:
    ids = {add_incident(reader.store, channel) for channel in ("C1", "C2")}
    reader.backfill.ask_whole()
    with reader.store.write() as mine, other_reader.store.write() as theirs:
        now = reader.store.now(theirs)
        until = now + timedelta(seconds=10)
        first = readings.claim(mine, now, owner="one", until=until, limit=1)
        second = readings.claim(theirs, now, owner="other", until=until, limit=2)
    assert len(first) == len(second) == 1
    assert {first[0].incident_id, second[0].incident_id} == ids


@POSTGRES
def test_two_processes_never_read_one_channel_at_once(
    reader: Reader, other_reader: Reader, history: History
) -> None:
    channels = [f"C{number}" for number in range(6)]
    for channel in channels:
        add_incident(reader.store, channel)
        fill(history, channel, lines=6)
    at_once: list[str] = []
    reading_now: set[str] = set()
    guard = threading.Lock()

    def began(_method: str, channel: str) -> None:
        with guard:
            if channel in reading_now:
                at_once.append(channel)
            reading_now.add(channel)

    def ended(_method: str, channel: str) -> None:
        with guard:
            reading_now.discard(channel)

    history.on_request, history.on_the_way = began, ended

    def ticks(process: Reader) -> None:
        for _ in range(5):
            process.read_due()

    threads = [threading.Thread(target=ticks, args=(each,)) for each in (reader, other_reader)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert at_once == []
    assert Counter(history.requests) == {
        (method, channel): count
        for channel in channels
        for method, count in (("history", 3), ("replies", 2))
    }, "each channel was read once"


@POSTGRES
def test_the_reading_of_a_dead_process_is_taken_after_its_claim(
    reader: Reader, other_reader: Reader, history: History
) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")
    stopped, go_on = threading.Event(), threading.Event()

    def stop(method: str, _channel: str) -> None:
        if method == "replies" and not stopped.is_set():
            stopped.set()
            assert go_on.wait(30)

    history.on_request = stop
    reader.backfill.tick()
    assert stopped.wait(30)
    requests(history)
    other_reader.read_due()
    assert requests(history) == {}, "the claim is still valid"
    with other_reader.store.write() as tx:
        tx.execute(update(reading).values(claimed_until=other_reader.store.now(tx)))
    other_reader.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    row = other_reader.row(incident_id)
    go_on.set()
    wait_until(lambda: not reader.backfill._running, "the first one stopped")
    assert requests(history) == {}, "it noticed that its claim was lost"
    assert other_reader.row(incident_id) == row


@BOTH
def test_a_claim_lasts_as_long_as_its_reading(reader: Reader, history: History) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")
    stopped, go_on = hold_up(history)
    reader.backfill.tick()
    assert stopped.wait(30)
    with reader.store.write() as tx:
        now = reader.store.now(tx)
        tx.execute(update(reading).values(claimed_until=now))
    reader.backfill.tick()
    row = reader.row(incident_id)
    assert row is not None
    assert isinstance(row["claimed_until"], datetime)
    assert row["claimed_until"] > now + timedelta(seconds=5)
    go_on.set()
    wait_until(lambda: not reader.backfill._running, "the reading ended")
    assert requests(history) == {"history": 3, "replies": 2}


@BOTH
def test_the_report_takes_the_reading_over(reader: Reader, history: History) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")
    stopped, go_on = threading.Event(), threading.Event()

    def stop(_method: str, _channel: str) -> None:
        if not stopped.is_set():
            stopped.set()
            assert go_on.wait(30)

    history.on_request = stop
    reader.backfill.tick()
    assert stopped.wait(30)
    requests(history)
    reader.backfill.gather(incident_id)
    assert requests(history) == {"history": 3, "replies": 2}
    go_on.set()
    wait_until(
        lambda: all(each.done() for each in reader.backfill._futures), "the other one stopped"
    )
    assert requests(history) == {}
    row = reader.row(incident_id)
    assert row is not None
    assert (row["is_whole"], row["owner"]) == (False, None)


@POSTGRES
def test_a_reading_that_ends_does_not_end_the_claim_of_the_report(
    reader: Reader, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")
    backfill = reader.backfill
    conclude, check = backfill._conclude, backfill._check
    concluding: list[object] = []
    reports: list[threading.Thread] = []

    ended = threading.Event()

    def concluded(work: Any, *args: Any) -> Any:
        if concluding:
            return conclude(work, *args)
        concluding.append(work)
        try:
            return conclude(work, *args)
        finally:
            ended.set()

    def checked(work: Any) -> None:
        check(work)
        if concluding and not reports:
            reports.append(threading.Thread(target=backfill.gather, args=[incident_id]))
            reports[0].start()
            reports[0].join(1)  # it takes the claim now, or waits for this transaction

    history.on_request = lambda *_asked: ended.wait(30) if reports else None
    monkeypatch.setattr(backfill, "_conclude", concluded)
    monkeypatch.setattr(backfill, "_check", checked)
    backfill.tick()
    wait_until(lambda: bool(reports) and not backfill._running, "both ended")
    reports[0].join(30)
    assert requests(history) == {"history": 6, "replies": 4}, "the report read everything"


def test_what_is_being_read_when_mayday_stops_is_due_at_its_next_start(
    reader: Reader, history: History
) -> None:
    incident_id = add_incident(reader.store, "C1")
    fill(history, "C1")
    stopped, go_on = hold_up(history)
    reader.backfill.tick()
    assert stopped.wait(30)
    closing = threading.Thread(target=reader.backfill.close)
    closing.start()
    wait_until(lambda: reader.backfill._is_stopping, "it stops")
    go_on.set()
    closing.join(30)
    row = reader.row(incident_id)
    assert row is not None
    assert (row["is_whole"], row["owner"]) == (True, None)
    assert isinstance(row["due_at"], datetime)
    assert row["due_at"] <= datetime.now(UTC)
    assert requests(history) == {"history": 1}
