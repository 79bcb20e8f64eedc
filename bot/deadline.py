"""A deadline for an attempt: after it no request may be sent that creates or changes something outside.

Whoever finds an attempt that nobody ended looks outside once its deadline is over. So a request that could
still be sent later (the process was suspended between the commit and the call) would not be seen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.errors import RetryLater

TOO_LATE = "mayday was interrupted before it could send this, and will try again."

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give what runs inside this thread ``seconds`` from now; an earlier deadline stays."""
    ends_at = time.monotonic() + seconds
    before = _ends_at.get()
    token = _ends_at.set(ends_at if before is None else min(before, ends_at))
    try:
        yield
    finally:
        _ends_at.reset(token)


def left() -> float | None:
    """Return how many seconds are left until the deadline, or None if there is none."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()


def ends_at(limit: float) -> float:
    """Return when a request has to end, by ``time.monotonic``: in ``limit`` seconds or at the deadline.

    Raises:
        RetryLater: the deadline is over; nothing was sent.
    """
    now = time.monotonic()
    deadline = _ends_at.get()
    if deadline is None:
        return now + limit
    if deadline <= now:
        raise RetryLater(TOO_LATE, maybe_done=False)
    return min(now + limit, deadline)
