"""Parses times that people type, in the team's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from bot.errors import UserError

NOT_A_TIME = "“{text}” is not a time: write 14:05, 2:05 pm or 2017-02-23 21:10:57."
INVALID = "“{text}” isn't a valid date or time."
SKIPPED = "“{text}” does not exist in {zone}: the clocks went forward (DST)."
IN_THE_FUTURE = "“{text}” is in the future in {zone}: write when it happened."

_TIME = r"""
    (?:(?P<day>\d{4}-\d{1,2}-\d{1,2})[T\s]+)?
    (?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?
    (?P<half>[ap](?:\.?m\b\.?)?|\s*[ap]\.?m\b\.?)?
    (?P<zone>Z|[+-]\d{2}:?\d{2}|\s*(?:UTC|GMT)\b)?
"""
_FLAGS = re.VERBOSE | re.IGNORECASE | re.DOTALL
_WHOLE = re.compile(rf"^{_TIME}$", _FLAGS)
_AT = re.compile(rf"^at\s+(?P<time>{_TIME})(?=$|\s|[:,-](?:\s|$))\s*[:,-]?\s*(?P<rest>.*)$", _FLAGS)
_TIME_LIKE = re.compile(r"^at\s+([\d:.-]+|\S*\d:\d\S*)(?:\s|$)", re.IGNORECASE)
_FUTURE_SLACK = timedelta(minutes=2)


def split_time(text: str) -> tuple[str, str]:
    """Split ``at 14:05 rest`` or ``at 2017-02-23 21:10:57 rest`` into the time and the rest.

    A malformed time is returned as the time, so that :func:`parse_time` rejects it and no note gets the
    wrong time. Without a time the first part is empty and the rest is the whole text.
    """
    if found := _AT.match(text):
        return found["time"], found["rest"]
    if malformed := _TIME_LIKE.match(text):
        return malformed[1], text[malformed.end() :]
    return "", text


def parse_time(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the UTC time of ``14:05``, ``2:05 pm`` or ``2017-02-23 21:10:57`` in the team's zone.

    A time without a date is the most recent one: today's, or yesterday's if today's is in the future. A
    time that occurs twice (DST) is the later one in the past; :func:`other_occurrence` returns the
    other. A suffix such as ``Z`` or ``+00:00`` overrides the team's zone.

    Raises:
        UserError: it is not a time, does not exist in the zone (DST), or is in the future.
    """
    found = _WHOLE.match(text.strip())
    if not found:
        raise UserError(NOT_A_TIME.format(text=text))
    try:
        there = _zone(found["zone"], zone)
        clock = time(_hour(found), int(found["minute"]), int(found["second"] or 0))
        day = date.fromisoformat(_padded(found["day"])) if found["day"] else None
        moment = _latest(day, clock, there, now)
        at = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UserError(INVALID.format(text=text)) from None
    if at.astimezone(there).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise UserError(SKIPPED.format(text=text, zone=zone.key))
    if at > now + _FUTURE_SLACK:
        raise UserError(IN_THE_FUTURE.format(text=text, zone=there))
    return at


def other_occurrence(at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the other time with the same local time in the zone (DST), or None."""
    local = at.astimezone(zone)
    other = local.replace(fold=1 - local.fold)
    return other if other.utcoffset() != local.utcoffset() else None


def _latest(day: date | None, clock: time, there: tzinfo, now: datetime) -> datetime:
    """Return the latest matching time in the past, or a future one if none is in the past."""
    today = now.astimezone(there).date()
    days = [day] if day else [today, today - timedelta(days=1)]
    moments = [
        datetime.combine(one, clock.replace(fold=fold), tzinfo=there)
        for one in days
        for fold in (1, 0)
    ]
    past = [moment for moment in moments if moment.astimezone(UTC) <= now + _FUTURE_SLACK]
    return (past or moments)[0]


def _hour(found: re.Match[str]) -> int:
    hour, half = int(found["hour"]), (found["half"] or "").strip().lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if half.startswith("p") else 0)


def _zone(named: str | None, default: ZoneInfo) -> tzinfo:
    """Return the zone that the time names, or else the default."""
    named = (named or "").strip()
    if not named:
        return default
    if named[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(named[1:3]), minutes=int(named[-2:]))
    return timezone(-offset if named[0] == "-" else offset)


def _padded(day: str) -> str:
    year, month, dom = day.strip().split("-")
    return f"{year}-{int(month):02d}-{int(dom):02d}"
