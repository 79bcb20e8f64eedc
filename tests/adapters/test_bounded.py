"""Requests that hang beyond their limit don't pile up."""

from __future__ import annotations

import threading

import pytest

from bot.adapters.bounded import MOST_HANGING, THREAD_NAME, BoundedRequest, OutOfTime
from tests.support.waiting import wait_until


def threads() -> int:
    return sum(thread.name == THREAD_NAME for thread in threading.enumerate())


def asked(party: str, over: threading.Event, *, limit: float = 0.01) -> bool:
    return BoundedRequest(limit, writes=False, party=party).run(lambda: over.wait(30))


def test_a_party_that_hangs_gets_a_limited_number_of_threads() -> None:
    over, others = threading.Event(), threads()
    try:
        for _ in range(MOST_HANGING + 5):
            with pytest.raises(OutOfTime) as late:
                asked("one that hangs", over)
            assert not late.value.sent
        assert threads() - others <= MOST_HANGING
        done = threading.Event()
        done.set()
        assert asked("another", done, limit=10), "another party is asked as ever"
    finally:
        over.set()
    wait_until(lambda: threads() <= others, "the threads to end")
    assert asked("one that hangs", over, limit=10), (
        "and this one, too, once its requests have ended"
    )
