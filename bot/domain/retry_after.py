"""How long an outside system asks to be left alone, by the ``Retry-After`` of its answer.

It is a number of seconds or an HTTP date (RFC 9110, 10.2.3), and proxies on the way write what they
like: what is nonsense is taken for nothing, and nobody is obeyed for days.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SHORTEST = 1.0
LONGEST = 3600.0
"""Seconds. GitHub's longest limit is by the hour; whoever means more is asked again after it."""


def asked_wait(header: object, now: datetime, *, otherwise: float) -> float:
    """Seconds to wait, from the shortest to the longest; ``otherwise`` where nothing sensible is asked."""
    text = header.strip() if isinstance(header, str) else ""
    return bounded(_seconds(text, now), otherwise=otherwise)


def bounded(seconds: float, *, otherwise: float) -> float:
    """The seconds, from the shortest to the longest; ``otherwise`` for what is no number or negative."""
    if math.isnan(seconds) or seconds < 0:
        return otherwise
    return min(max(seconds, SHORTEST), LONGEST)


def _seconds(text: str, now: datetime) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return math.nan
    # A date that is past has been waited for already.
    return max((until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds(), 0.0)
