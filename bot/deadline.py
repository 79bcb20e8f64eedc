"""A deadline for an attempt: after it no request may be sent that creates or changes something outside.

Whoever finds an attempt that nobody ended looks outside once its deadline is over. So a request that could
still be sent later (the process was suspended between the commit and the call) would not be seen.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.errors import RetryLater

TOO_LATE = "mayday was interrupted before it could send this, and will try again."

NO_PATIENCE = "The answer takes too long."

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)
_patient_until: ContextVar[float | None] = ContextVar("patience", default=None)


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


def left(*, writes: bool) -> float:
    """Return how many seconds are left, until the deadline where it ``writes``, and of the patience."""
    ends = (_ends_at.get() if writes else None, _patient_until.get())
    return min((end - time.monotonic() for end in ends if end is not None), default=math.inf)


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Wait at most ``seconds`` from now for what runs inside this thread, reads included."""
    token = _patient_until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _patient_until.reset(token)


def ends_at(limit: float, *, writes: bool) -> float:
    """Return when a request has to end, by ``time.monotonic``: in ``limit`` seconds, or earlier.

    A request that ``writes`` ends with the deadline of its attempt.

    Raises:
        RetryLater: the deadline or the patience is over; nothing was sent.
    """
    now = time.monotonic()
    ends = now + limit
    for until, text in (
        (_ends_at.get() if writes else None, TOO_LATE),
        (_patient_until.get(), NO_PATIENCE),
    ):
        if until is not None:
            if until <= now:
                raise RetryLater(text, maybe_done=False)
            ends = min(ends, until)
    return ends
