"""Which channels are read when, by which process, and how much of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from bot.errors import RetryLater
from bot.services.backfill import Backfill
from bot.services.pages import Found
from bot.store import timeline as rows
from bot.store.engine import Store
from bot.store.tables import incident, reading
from tests.support.history import SETTINGS, TEAM, History, add_incident, ts
from tests.support.readings import pass_time
from tests.support.waiting import wait_until

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Process:
    """A process that reads: a store of its own and a Backfill."""

    def __init__(self, url: str, history: History, owner: str = "one") -> None:
        self.store = Store(url)
        self.store.migrate()
        self.backfill = Backfill(
            self.store, history.chat, lambda: datetime.now(UTC), SETTINGS, owner=owner
        )

    def read_due(self) -> None:
        """Read what is due and wait for the end."""
        self.backfill.tick()
        wait_until(lambda: not self.backfill._running, "the readings ended")

    def close(self) -> None:
        self.backfill.close()
        self.store.close()

    def messages(self, channel: str) -> set[str]:
        with self.store.read() as tx:
            return {m.ts for m in rows.messages(tx, TEAM, channel)}

    def row(self, incident_id: str) -> dict[str, object] | None:
        with self.store.read() as tx:
            found = tx.execute(select(reading).where(reading.c.incident_id == incident_id))
            row = found.mappings().first()
        return dict(row) if row else None


@pytest.fixture
def history() -> Iterator[History]:
    return History()


@pytest.fixture
def one(database_url: str, history: History) -> Iterator[Process]:
    with ExitStack() as stack:
        made = Process(database_url, history)
        stack.callback(made.close)
        yield made


@pytest.fixture
def other(database_url: str, one: Process, history: History) -> Iterator[Process]:
    with ExitStack() as stack:
        made = Process(database_url, history, owner="other")
        stack.callback(made.close)
        yield made


def requests(history: History) -> Counter[str]:
    """How many requests of each method were made since the last call."""
    found = Counter(method for method, _channel in history.requests)
    history.requests.clear()
    return found


def close_incident(store: Store, incident_id: str, **columns: object) -> None:
    with store.write() as tx:
        tx.execute(update(incident).where(incident.c.id == incident_id).values(**columns))


def fill(history: History, channel: str, *, lines: int = 5, page: int = 2) -> None:
    """Say some lines, of which the first and the last have a reply."""
    history.page = page
    for number in range(1, lines + 1):
        history.say(channel, number * 10)
    for number in (10, lines * 10):
        history.say(channel, number + 1, under=number)


@BOTH
def test_a_channel_is_read_wholly_first_and_then_only_what_is_new(
    one: Process, history: History
) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    one.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    assert len(one.messages("C1")) == 7
    one.read_due()
    assert requests(history) == {}, "it is not due yet"
    pass_time(one.store, minutes=5)
    one.read_due()
    assert requests(history) == {"history": 1}
    history.say("C1", 52, under=50)
    pass_time(one.store, minutes=5)
    one.read_due()
    assert requests(history) == {"history": 1, "replies": 1}
    assert ts(52) in one.messages("C1")
    pass_time(one.store, minutes=5)
    one.read_due()
    assert requests(history) == {"history": 1}


def test_a_reading_goes_back_to_the_newest_message_it_knows(one: Process, history: History) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    one.read_due()
    requests(history)
    for number in range(60, 65):
        history.say("C1", number)
    pass_time(one.store, minutes=5)
    one.read_due()
    assert requests(history) == {"history": 3}
    assert len(one.messages("C1")) == 12


def test_a_thread_whose_replies_were_all_deleted_is_read(one: Process, history: History) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    one.read_due()
    history.channels["C1"][50].replies.clear()
    requests(history)
    pass_time(one.store, minutes=5)
    one.read_due()
    assert requests(history) == {"history": 1, "replies": 1}


@BOTH
def test_every_channel_is_read_wholly_after_a_gap(one: Process, history: History) -> None:
    for channel in ("C1", "C2"):
        add_incident(one.store, channel)
        fill(history, channel)
    one.read_due()
    requests(history)
    history.channels["C2"][10].text, history.channels["C2"][10].edited_ts = "edited", ts(99)
    one.backfill.ask_whole()
    one.read_due()
    assert requests(history) == {"history": 6, "replies": 4}
    with one.store.read() as tx:
        assert "edited" in {m.text for m in rows.messages(tx, TEAM, "C2")}


def test_a_reading_that_began_before_a_gap_does_not_count(one: Process, history: History) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    asks = [one.backfill.ask_whole]

    def during(method: str, _channel: str) -> None:
        if method == "replies" and asks:
            asks.pop()()

    history.on_request = during
    one.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    one.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    one.read_due()
    assert requests(history) == {}


def test_a_gap_is_remembered_while_the_database_is_away(one: Process, history: History) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    one.read_due()
    requests(history)
    with one.store.write() as tx:
        tx.execute(text("ALTER TABLE reading RENAME TO gone"))
    one.backfill.ask_whole()
    with one.store.write() as tx:
        tx.execute(text("ALTER TABLE gone RENAME TO reading"))
    one.read_due()
    assert requests(history) == {"history": 3, "replies": 2}


@BOTH
def test_absence_is_confirmed_by_another_whole_reading(one: Process, history: History) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    one.read_due()
    pass_time(one.store)
    del history.channels["C1"][20]
    one.backfill.ask_whole()
    one.read_due()
    requests(history)
    pass_time(one.store, minutes=1)
    one.read_due()
    assert requests(history)["replies"] == 2
    with one.store.read() as tx:
        gone = [m.ts for m in rows.messages(tx, TEAM, "C1") if m.deleted_at is not None]
    assert gone == [ts(20)]
    pass_time(one.store, minutes=1)
    one.read_due()
    assert requests(history) == {}, "the next one is due after five minutes"


@BOTH
def test_closed_and_quiet_incidents_are_not_read(one: Process, history: History) -> None:
    ids = [add_incident(one.store, channel) for channel in ("C1", "C2", "C3")]
    now = datetime.now(UTC)
    close_incident(one.store, ids[0], closed_at=now)
    one.read_due()
    assert [one.row(each) is not None for each in ids] == [False, True, True]
    close_incident(one.store, ids[1], resolved_at=now - timedelta(days=3))
    close_incident(one.store, ids[2], closed_at=now)
    one.read_due()
    assert [one.row(each) for each in ids] == [None] * 3
    requests(history)
    close_incident(one.store, ids[1], resolved_at=None)
    history.say("C2", 1)
    one.read_due()
    assert one.messages("C2") == {ts(1)}, "a reopened incident's channel is read wholly again"


@BOTH
def test_a_closed_incident_is_read_for_its_report(one: Process, history: History) -> None:
    incident_id = add_incident(one.store, "C1")
    fill(history, "C1")
    close_incident(one.store, incident_id, closed_at=datetime.now(UTC))
    one.backfill.gather(incident_id)
    assert len(one.messages("C1")) == 7
    one.read_due()
    assert one.row(incident_id) is None


def test_a_reading_that_fails_is_repeated_later(one: Process, history: History) -> None:
    incident_id = add_incident(one.store, "C1")
    fill(history, "C1")

    def fail(method: str, _channel: str) -> None:
        if method == "replies":
            raise RetryLater("Slack failed.", after=5)

    history.on_request = fail
    one.read_due()
    row = one.row(incident_id)
    assert row is not None
    assert (row["is_whole"], row["owner"]) == (True, None)
    history.on_request = lambda _method, _channel: None
    requests(history)
    one.read_due()
    assert requests(history) == {}
    pass_time(one.store, minutes=1)
    one.read_due()
    assert len(one.messages("C1")) == 7


@BOTH
def test_a_reading_that_waits_delays_no_other(one: Process, history: History) -> None:
    add_incident(one.store, "C1")
    fill(history, "C1")
    limit = threading.Event()
    is_waiting = threading.Event()

    def hook(method: str, channel: str) -> None:
        if (method, channel) == ("replies", "C1"):
            is_waiting.set()
            assert limit.wait(30)

    history.on_request = hook
    one.backfill.tick()
    assert is_waiting.wait(30)
    add_incident(one.store, "C2")
    history.say("C2", 1)
    one.backfill.tick()
    wait_until(lambda: one.messages("C2") == {ts(1)}, "the other channel was read")
    assert len(one.messages("C1")) == 5
    limit.set()
    wait_until(lambda: len(one.messages("C1")) == 7, "the first channel was read")


@POSTGRES
def test_two_processes_never_read_one_channel_at_once(
    one: Process, other: Process, history: History
) -> None:
    channels = [f"C{number}" for number in range(6)]
    for channel in channels:
        add_incident(one.store, channel)
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

    def ticks(process: Process) -> None:
        for _ in range(5):
            process.read_due()

    threads = [threading.Thread(target=ticks, args=(each,)) for each in (one, other)]
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
    one: Process, other: Process, history: History
) -> None:
    incident_id = add_incident(one.store, "C1")
    fill(history, "C1")
    stopped, go_on = threading.Event(), threading.Event()

    def stop(method: str, _channel: str) -> None:
        if method == "replies" and not stopped.is_set():
            stopped.set()
            assert go_on.wait(30)

    history.on_request = stop
    one.backfill.tick()
    assert stopped.wait(30)
    requests(history)
    other.read_due()
    assert requests(history) == {}, "the claim is still valid"
    with other.store.write() as tx:
        tx.execute(update(reading).values(claimed_until=other.store.now(tx)))
    other.read_due()
    assert requests(history) == {"history": 3, "replies": 2}
    row = other.row(incident_id)
    go_on.set()
    wait_until(lambda: not one.backfill._running, "the first one stopped")
    assert requests(history) == {}, "it noticed that its claim was lost"
    assert other.row(incident_id) == row


@BOTH
def test_a_claim_lasts_as_long_as_its_reading(one: Process, history: History) -> None:
    incident_id = add_incident(one.store, "C1")
    fill(history, "C1")
    stopped, go_on = threading.Event(), threading.Event()

    def stop(_method: str, _channel: str) -> None:
        stopped.set()
        assert go_on.wait(30)

    history.on_request = stop
    one.backfill.tick()
    assert stopped.wait(30)
    with one.store.write() as tx:
        now = one.store.now(tx)
        tx.execute(update(reading).values(claimed_until=now))
    one.backfill.tick()
    row = one.row(incident_id)
    assert row is not None
    assert isinstance(row["claimed_until"], datetime)
    assert row["claimed_until"] > now + timedelta(seconds=5)
    go_on.set()
    wait_until(lambda: not one.backfill._running, "the reading ended")
    assert requests(history) == {"history": 3, "replies": 2}


@BOTH
def test_the_report_takes_the_reading_over(one: Process, history: History) -> None:
    incident_id = add_incident(one.store, "C1")
    fill(history, "C1")
    stopped, go_on = threading.Event(), threading.Event()

    def stop(_method: str, _channel: str) -> None:
        if not stopped.is_set():
            stopped.set()
            assert go_on.wait(30)

    history.on_request = stop
    one.backfill.tick()
    assert stopped.wait(30)
    requests(history)
    one.backfill.gather(incident_id)
    assert requests(history) == {"history": 3, "replies": 2}
    go_on.set()
    wait_until(lambda: all(each.done() for each in one.backfill._futures), "the other one stopped")
    assert requests(history) == {}
    row = one.row(incident_id)
    assert row is not None
    assert (row["is_whole"], row["owner"]) == (False, None)


def test_what_is_being_read_when_mayday_stops_is_due_at_its_next_start(
    one: Process, history: History
) -> None:
    incident_id = add_incident(one.store, "C1")
    fill(history, "C1")
    stopped, go_on = threading.Event(), threading.Event()

    def stop(_method: str, _channel: str) -> None:
        stopped.set()
        assert go_on.wait(30)

    history.on_request = stop
    one.backfill.tick()
    assert stopped.wait(30)
    closing = threading.Thread(target=one.backfill.close)
    closing.start()
    wait_until(lambda: one.backfill._is_stopping, "it stops")
    go_on.set()
    closing.join(30)
    row = one.row(incident_id)
    assert row is not None
    assert (row["is_whole"], row["owner"]) == (True, None)
    assert isinstance(row["due_at"], datetime)
    assert row["due_at"] <= datetime.now(UTC)
    assert requests(history) == {"history": 1}


def test_what_readings_found_adds_up() -> None:
    found = Found(new=1, failed=1) + Found(new=2, deleted=1)
    assert found == Found(new=3, deleted=1, failed=1)
