"""Due times of the reminders to post a status update."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LATE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """The pending reminder of an incident. ``number`` increases with each posted reminder."""

    incident_id: str
    number: int
    due_at: datetime


def next_due(last: datetime, interval: timedelta, now: datetime) -> datetime:
    """Return the first due time after ``now``, at a multiple of ``interval`` from ``last``.

    Reminders missed during downtime are skipped, so that one late reminder is posted and not several.
    """
    if last + interval > now:
        return last + interval
    missed = (now - last) // interval
    return last + interval * (missed + 1)


def lateness(due_at: datetime, now: datetime) -> timedelta | None:
    """Return how late a reminder is, or None if it is on time."""
    late = now - due_at
    return late if late > LATE_AFTER else None
