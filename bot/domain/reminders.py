"""When people are reminded of an incident, and of what.

Each kind of reminder has one row for an incident. Whether and when it is due is derived from what was
recorded, so nothing that people do has to move it: a row that comes due too early is set to its next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.domain.business_hours import BusinessHours, opening
from bot.domain.incident import Incident, Policy
from bot.domain.leading import leader
from bot.domain.timeline import EntryKind

LATE_AFTER = timedelta(minutes=2)
LONGEST_LOOK = timedelta(hours=1)
"""How long at most a reminder that is not needed now is left alone."""


class ReminderKind(StrEnum):
    """What a reminder is about."""

    UPDATE = "update"  # the next status update
    LEAD = "lead"  # nobody leads the incident
    STALE = "stale"  # nobody has written for long
    ROLLBACK = "rollback"  # no progress: roll back?


PROGRESS = frozenset(
    {
        EntryKind.DECLARED,
        EntryKind.NOTE,
        EntryKind.MESSAGE,
        EntryKind.STATUS,
        EntryKind.SEVERITY,
        EntryKind.UPDATE,
        EntryKind.FINDING,
        EntryKind.RUNBOOK,
        EntryKind.REOPENED,
    }
)
"""The entries that show that the incident moves on. Talk does not, nor do roles and action items."""


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """The pending reminder of one kind of an incident. ``number`` increases with each posted reminder.

    It comes no earlier than ``not_before``, when somebody snoozed it. What was recorded before ``since``
    counts no more: a reminder was posted or answered then. ``ended_at`` is when somebody ended this kind.
    """

    incident_id: str
    number: int
    due_at: datetime
    kind: ReminderKind = ReminderKind.UPDATE
    not_before: datetime | None = None
    since: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ReminderRules:
    """A team's times; zero stands for never. ``lead`` are by severity. ``rollback_runbook`` is the runbook
    that is offered where nothing moves on."""

    lead: Mapping[str, timedelta] = field(default_factory=lambda: MappingProxyType({}))
    stale: timedelta = timedelta(0)
    rollback: timedelta = timedelta(0)
    rollback_runbook: str = ""
    hours: BusinessHours | None = None

    def period(self, kind: ReminderKind, severity: str) -> timedelta:
        """The time after which a reminder of this kind is due, and due again; zero: never."""
        if kind is ReminderKind.LEAD:
            return self.lead.get(severity, min(self.lead.values(), default=timedelta(0)))
        return self.rollback if kind is ReminderKind.ROLLBACK else self.stale

    def look_again(self, kind: ReminderKind, severity: str) -> timedelta:
        """After how long to look again at what is not needed now."""
        return min(self.period(kind, severity) or LONGEST_LOOK, LONGEST_LOOK)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """What was recorded of an incident: when it began or was reopened last, when a person wrote or recorded
    something last, and when it moved on last. All are when mayday recorded it."""

    began_at: datetime
    written_at: datetime
    progress_at: datetime


@dataclass(frozen=True, kw_only=True)
class Due:
    """When a reminder is due, and since when there was nothing of what it asks for."""

    at: datetime
    since: datetime


def due(
    row: Reminder, incident: Incident, seen: Activity, *, policy: Policy, rules: ReminderRules
) -> Due | None:
    """Return when a reminder of an open incident is due; None while it is not needed."""
    period = rules.period(row.kind, incident.severity)
    if not period or row.ended_at is not None:
        return None
    match row.kind:
        case ReminderKind.LEAD:
            if not policy.lead or leader(incident, policy):
                return None
            since = seen.began_at
        case ReminderKind.ROLLBACK:
            since = seen.progress_at
            if _is_almost_over(incident, policy) or (row.since and since <= row.since):
                return None
        case _:
            since = seen.written_at
    at = max(since, row.since or since) + period
    if row.not_before is not None:
        at = max(at, row.not_before)
    return Due(at=opening(rules.hours, incident.severity, at), since=since)


def _is_almost_over(incident: Incident, policy: Policy) -> bool:
    """Whether people only watch whether it holds: the last of several open statuses."""
    return len(policy.open_statuses) > 1 and incident.status == policy.open_statuses[-1]


def snoozed(due_at: datetime | None, until: datetime) -> datetime:
    """Return when a snoozed reminder is due. A later time stays."""
    return max(due_at, until) if due_at else until


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
