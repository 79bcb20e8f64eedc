"""Times as people type them, read in the team's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import Tell

_CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2}))?$")
_FUTURE_SLACK = timedelta(minutes=2)


def split_at(text: str) -> tuple[str, str]:
    """Split ``at 14:05 rest`` or ``at 2017-02-23 21:10:57 rest`` into the time and the rest.

    Without a leading ``at`` and a time the first part is empty and all of the text is the rest.
    """
    found = re.match(
        r"^at\s+((?:\d{4}-\d{1,2}-\d{1,2}[T\s]+)?\d{1,2}:\d{2}(?::\d{2})?)\b\s*[:,-]?\s*(.*)$",
        text,
        re.DOTALL | re.IGNORECASE,
    )
    return (found[1], found[2]) if found else ("", text)


def read_moment(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """The UTC moment that ``14:05`` or ``2017-02-23 21:10:57`` means in the team's zone.

    A time alone is the most recent such time: today's, or yesterday's when today's is still to come.

    Raises:
        Tell: it is no time, does not exist in the zone (clocks going forward), or is in the future.
    """
    day_text, _, clock_text = text.strip().replace("T", " ").rpartition(" ")
    found = _CLOCK.match(clock_text)
    if not found:
        raise Tell(f"“{text}” is not a time: write 14:05 or 2017-02-23 21:10:57.")
    local_now = now.astimezone(zone)
    try:
        clock = time(int(found[1]), int(found[2]), int(found[3] or 0))
        day = date.fromisoformat(_padded(day_text)) if day_text.strip() else local_now.date()
        moment = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Tell(f"“{text}” cannot be: check the day and the hour.") from None
    if not day_text.strip() and moment > now + _FUTURE_SLACK:
        moment = datetime.combine(day - timedelta(days=1), clock, tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != datetime.combine(
        moment.astimezone(zone).date(), clock
    ):
        raise Tell(f"“{text}” did not exist in {zone.key}: the clocks went forward then.")
    if moment > now + _FUTURE_SLACK:
        raise Tell(f"“{text}” is still to come in {zone.key}: write when it happened.")
    return moment


def _padded(day: str) -> str:
    year, month, dom = day.strip().split("-")
    return f"{year}-{int(month):02d}-{int(dom):02d}"
