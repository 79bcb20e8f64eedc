"""Ticks: what is asked for soon is done, also when the same is being done already."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.clock import Ticks
from tests.support.bot import wait_until


@pytest.fixture
def ticks() -> Iterator[Ticks]:
    """A clock that does not tick yet."""
    made = Ticks()
    yield made
    made.stop()


def test_what_is_asked_for_while_it_is_done_is_done_once_more(ticks: Ticks) -> None:
    """Else what was said after a reading began, and before Slack's hello, were read minutes later."""
    gate = threading.Event()
    begun: list[int] = []

    def read() -> None:
        begun.append(len(begun))
        assert gate.wait(20)

    other: list[str] = []
    ticks.every(300, "backfill", read)
    ticks.every(300, "other", lambda: other.append("done"))
    ticks.start()
    wait_until(lambda: begun and other, "the first")
    ticks.soon("backfill")
    ticks.soon("other")
    wait_until(lambda: len(other) > 1, "the clock has looked at both")
    gate.set()
    wait_until(lambda: len(begun) > 1, "another one, which begins after it was asked for")


def test_one_is_done_at_a_time(ticks: Ticks) -> None:
    gate, over = threading.Event(), threading.Event()
    at_it: list[int] = []
    lock = threading.Lock()

    def read() -> None:
        assert lock.acquire(blocking=False), "two at once"
        at_it.append(1)
        assert gate.wait(20)
        lock.release()
        if len(at_it) > 1:
            over.set()

    ticks.every(300, "backfill", read)
    ticks.start()
    wait_until(lambda: at_it, "the first")
    ticks.soon("backfill")
    gate.set()
    assert over.wait(20)
