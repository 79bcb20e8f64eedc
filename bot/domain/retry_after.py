"""Parses the headers ``Retry-After`` and ``Date``.

``Retry-After`` is a number of seconds or an HTTP date (RFC 9110, 10.2.3), ``Date`` is an HTTP date. Proxies
may send anything, so invalid values are ignored and long waits are limited.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

SHORTEST = 1.0
LONGEST = 3600.0
"""Seconds. GitHub's longest rate limit resets hourly; a longer wait is requested again after that."""


def retry_after_seconds(header: object, now: datetime, *, default: float) -> float:
    """Return the seconds to wait, from SHORTEST to LONGEST; ``default`` if the header is invalid."""
    text = header.strip() if isinstance(header, str) else ""
    return clamped(_seconds(text, now), default=default)


def clamped(seconds: float, *, default: float) -> float:
    """Return the seconds, limited to SHORTEST and LONGEST; ``default`` if NaN or negative."""
    if math.isnan(seconds) or seconds < 0:
        return default
    return min(max(seconds, SHORTEST), LONGEST)


def _seconds(text: str, now: datetime) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    until = http_date(text)
    # A date in the past means no wait.
    return max((until - now).total_seconds(), 0.0) if until else math.nan


def http_date(text: str) -> datetime | None:
    """Return the time of an HTTP date, in whole seconds, or None if it isn't one."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
