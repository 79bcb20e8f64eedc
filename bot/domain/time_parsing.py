"""Times as people type them, read in the team's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from bot.errors import UserError

_TIME = r"""
    (?:(?P<day>\d{4}-\d{1,2}-\d{1,2})[T\s]+)?
    (?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?
    (?P<half>[ap](?:\.?m\b\.?)?|\s*[ap]\.?m\b\.?)?
    (?P<zone>Z|[+-]\d{2}:?\d{2}|\s*(?:UTC|GMT)\b)?
"""
_FLAGS = re.VERBOSE | re.IGNORECASE | re.DOTALL
_MOMENT = re.compile(rf"^{_TIME}$", _FLAGS)
_AT = re.compile(rf"^at\s+(?P<time>{_TIME})(?=$|\s|[:,-](?:\s|$))\s*[:,-]?\s*(?P<rest>.*)$", _FLAGS)
_MEANT = re.compile(r"^at\s+([\d:.-]+|\S*\d:\d\S*)(?:\s|$)", re.IGNORECASE)
_FUTURE_SLACK = timedelta(minutes=2)


def split_at(text: str) -> tuple[str, str]:
    """Split ``at 14:05 rest`` or ``at 2017-02-23 21:10:57 rest`` into the time and the rest.

    What begins like a time and is none comes back as a time, so that :func:`parse_time` refuses it: a
    note would stand at the wrong one. Without any the first part is empty and all of the text is the rest.
    """
    if found := _AT.match(text):
        return found["time"], found["rest"]
    if meant := _MEANT.match(text):
        return meant[1], text[meant.end() :]
    return "", text


def parse_time(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """The UTC moment that ``14:05``, ``2:05 pm`` or ``2017-02-23 21:10:57`` means in the team's zone.

    A time alone is the most recent such time: today's, or yesterday's when today's is still to come.
    Of an hour that comes twice, as the clocks go back, it is the later one that is past (:func:`twin`
    is the other). Logs end their times in ``Z`` or ``+00:00``, which counts instead of the team's zone.

    Raises:
        UserError: it is no time, does not exist in the zone (clocks going forward), or is in the future.
    """
    found = _MOMENT.match(text.strip())
    if not found:
        raise UserError(f"“{text}” is not a time: write 14:05, 2:05 pm or 2017-02-23 21:10:57.")
    try:
        there = _zone(found["zone"], zone)
        clock = time(_hour(found), int(found["minute"]), int(found["second"] or 0))
        day = date.fromisoformat(_padded(found["day"])) if found["day"] else None
        moment = _latest(day, clock, there, now)
        at = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UserError(f"“{text}” cannot be: check the day and the hour.") from None
    if at.astimezone(there).replace(tzinfo=None) != moment.replace(tzinfo=None):
        raise UserError(f"“{text}” did not exist in {zone.key}: the clocks went forward then.")
    if at > now + _FUTURE_SLACK:
        raise UserError(f"“{text}” is still to come in {there}: write when it happened.")
    return at


def twin(at: datetime, zone: ZoneInfo) -> datetime | None:
    """The other moment at which the clocks showed the same, in the zone; None where there is none."""
    local = at.astimezone(zone)
    other = local.replace(fold=1 - local.fold)
    return other if other.utcoffset() != local.utcoffset() else None


def _latest(day: date | None, clock: time, there: tzinfo, now: datetime) -> datetime:
    """The latest moment that is meant and past, or one still to come where none is past."""
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


def _zone(named: str | None, usual: ZoneInfo) -> tzinfo:
    """The zone that the time itself names, else the usual one."""
    named = (named or "").strip()
    if not named:
        return usual
    if named[0] not in "+-":
        return UTC
    away = timedelta(hours=int(named[1:3]), minutes=int(named[-2:]))
    return timezone(-away if named[0] == "-" else away)


def _padded(day: str) -> str:
    year, month, dom = day.strip().split("-")
    return f"{year}-{int(month):02d}-{int(dom):02d}"
