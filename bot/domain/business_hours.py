"""The hours in which a team is reminded of what can wait, in the team's own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 60
"""Minutes."""
_WEEK = 7


@dataclass(frozen=True, kw_only=True)
class BusinessHours:
    """``days`` are weekdays, 0 is Monday. ``begins`` and ``ends`` are minutes after midnight, as clocks show
    it. ``severities`` are those whose reminders wait for these hours."""

    days: frozenset[int]
    begins: int
    ends: int
    zone: ZoneInfo
    severities: frozenset[str]

    def __post_init__(self) -> None:
        if not self.days or not 0 <= self.begins < self.ends <= DAY:
            raise ValueError("business hours need a day, and to begin before they end")

    def at_or_after(self, moment: datetime) -> datetime:
        """Return the first moment within these hours that is not before this one, in UTC."""
        today = moment.astimezone(self.zone).date()
        for number in range(_WEEK + 1):
            day = today + timedelta(days=number)
            if day.weekday() in self.days and moment < self._on(day, self.ends):
                return max(moment, self._on(day, self.begins)).astimezone(UTC)
        raise AssertionError("a week has a day of each kind")

    def _on(self, day: date, minutes: int) -> datetime:
        midnight = datetime.combine(day, time())
        return (midnight + timedelta(minutes=minutes)).replace(tzinfo=self.zone).astimezone(UTC)


def opening(hours: BusinessHours | None, severity: str, moment: datetime) -> datetime:
    """Return when a reminder that is due at this moment may be sent."""
    if hours is None or severity not in hours.severities:
        return moment
    return hours.at_or_after(moment)
