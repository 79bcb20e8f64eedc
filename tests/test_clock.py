"""Ticks: a requested job runs soon, even if the same job is already running."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.clock import Ticks
from tests.support.waiting import wait_until


@pytest.fixture
def ticks() -> Iterator[Ticks]:
    """Ticks that have not started."""
    made = Ticks()
    yield made
    made.stop()


@pytest.fixture
def gate() -> threading.Event:
    """The event a read awaits."""
    return threading.Event()


@pytest.fixture
def begun(ticks: Ticks, gate: threading.Event) -> list[int]:
    """The reads that have begun: one so far, with another requested during it."""
    begun: list[int] = []
    other: list[str] = []

    def read() -> None:
        begun.append(len(begun))
        assert gate.wait(20)

    ticks.every(300, "backfill", read)
    ticks.every(300, "other", lambda: other.append("done"))
    ticks.start()
    wait_until(lambda: begun and other, "the first")
    ticks.run_soon("backfill")
    ticks.run_soon("other")
    wait_until(lambda: len(other) > 1, "the clock has looked at both")
    return begun


def test_what_is_asked_for_while_it_is_done_is_done_once_more(
    gate: threading.Event, begun: list[int]
) -> None:
    """Otherwise messages sent between a read's start and Slack's hello wait minutes."""
    assert len(begun) == 1, "one at a time"
    gate.set()
    wait_until(lambda: len(begun) > 1, "another one, which begins after it was asked for")


def test_a_clock_that_is_stopped_begins_nothing_more(
    ticks: Ticks, gate: threading.Event, begun: list[int]
) -> None:
    stopping = threading.Thread(target=ticks.stop)
    stopping.start()
    wait_until(lambda: not ticks._scheduler.running, "the stop")
    gate.set()
    stopping.join(20)
    assert not stopping.is_alive()
    assert len(begun) == 1
    ticks.run_soon("backfill")
