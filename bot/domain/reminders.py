"""When the next reminder to post a status update is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """The one pending reminder of an incident. ``number`` grows with each that was posted."""

    incident_id: str
    number: int
    due_at: datetime


def next_due(last: datetime, interval: timedelta, now: datetime) -> datetime:
    """The next due time after ``now`` on the beat that ``last`` started.

    What was missed while mayday was away is one late reminder, not a burst of them.
    """
    if last + interval > now:
        return last + interval
    missed = (now - last) // interval
    return last + interval * (missed + 1)


def lateness(due_at: datetime, now: datetime) -> timedelta | None:
    """How late a reminder is, or None when it is near enough to its time."""
    late = now - due_at
    return late if late > LATE_AFTER else None
