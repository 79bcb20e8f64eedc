"""Reads until when a reminder is snoozed: ``30``, ``2h``, ``1h30m``, ``till 15:00``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.command import COMMAND
from bot.domain.typography import plain_marks, spaced
from bot.errors import UserError

DEFAULT = timedelta(minutes=15)
LONGEST = timedelta(hours=24)

NOT_READ = (
    "“{text}” isn't a time to snooze for: write minutes, hours or a time of day within the next 24 hours, "
    f"such as {COMMAND} snooze 30, {COMMAND} snooze 2h or {COMMAND} snooze till 15:00."
)
_SHOWN = 40

_LENGTH = re.compile(
    r"(?:for\s+)?(?:(?P<hours>\d{1,4}(?:[.]\d{1,2})?)\s*(?:h|hrs?|hours?)\.?)?\s*(?:and\s+)?"
    r"(?:(?P<minutes>\d{1,6})\s*(?:m|mins?|minutes?)?\.?)?"
)
_CLOCK = re.compile(
    r"(?:(?P<till>till|til|until|to)\s+)?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>[ap])?\.?(?:m\.?)?"
)


def snooze_until(text: str, *, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment until which the text asks to snooze, in UTC; nothing stands for ``DEFAULT``.

    A time of day is the next one in ``zone``.

    Raises:
        UserError: it is neither a length of time nor a time of day, or not within ``LONGEST``.
    """
    typed = plain_marks(spaced(text)).strip().strip("\"'`").casefold()
    if not typed:
        return now + DEFAULT
    until = _length(typed, now) or _clock(typed, now, zone)
    if until is None or not now < until <= now + LONGEST:
        raise UserError(NOT_READ.format(text=text.strip()[:_SHOWN]))
    return until


def _length(typed: str, now: datetime) -> datetime | None:
    found = _LENGTH.fullmatch(typed)
    if not found or not (found["hours"] or found["minutes"]):
        return None
    return now + timedelta(hours=float(found["hours"] or 0), minutes=int(found["minutes"] or 0))


def _clock(typed: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The next such time of day; one that the clocks skip (DST) is as much later."""
    found = _CLOCK.fullmatch(typed)
    if not found or not (found["till"] or found["minute"] or found["half"]):
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    if hour > 23 or minute > 59:
        return None
    local = now.astimezone(zone)
    for days in (0, 1):
        day = (local + timedelta(days=days)).date()
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        for fold in (0, 1):  # the time that occurs twice (DST): the next of both
            moment = at.replace(fold=fold).astimezone(UTC)
            if moment > now:
                return moment
    return None
