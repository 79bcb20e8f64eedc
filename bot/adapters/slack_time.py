"""Slack's clock, from the ``Date`` header of its answers.

Slack dates messages and channels by its own clock, and ours may be wrong by minutes. So whatever is compared
with Slack's times is taken from Slack.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog

from bot.ports import Clock

LARGEST_SKEW = timedelta(minutes=1)

log = structlog.get_logger()


class SlackTime:
    """Slack's current time, and how far our ``clock`` differs from it. Safe for concurrent use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._seen: tuple[datetime, float] | None = None
        self._skew: timedelta | None = None
        self._logged = timedelta()

    def now(self) -> datetime:
        """Return Slack's time, up to a second late; our own before the first answer."""
        with self._guard:
            if self._seen is None:
                return self._clock()
            date, at = self._seen
            return date + timedelta(seconds=time.monotonic() - at)

    @property
    def skew(self) -> timedelta | None:
        """Our time minus Slack's in whole seconds, or None before the first answer."""
        return self._skew

    def answered(self, date: str) -> None:
        """Note the ``Date`` header of an answer that has just arrived; ignore one that isn't a date."""
        try:
            theirs = parsedate_to_datetime(date)
        except ValueError:
            return
        theirs = theirs.astimezone(UTC) if theirs.tzinfo else theirs.replace(tzinfo=UTC)
        ours = self._clock()
        with self._guard:
            self._seen = theirs, time.monotonic()
            skew = self._skew = timedelta(seconds=round((ours - theirs).total_seconds()))
            if abs(skew - self._logged) <= LARGEST_SKEW:
                return
            self._logged = skew
        say = log.warning if abs(skew) > LARGEST_SKEW else log.info
        say("slack.clock_skew", seconds=int(skew.total_seconds()))
