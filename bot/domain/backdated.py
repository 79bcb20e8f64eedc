"""Tells which of mayday's own entries belong in the timeline of an incident that was recorded late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.incident import Incident
from bot.domain.milestones import Milestone, Times
from bot.domain.timeline import EntryKind, Line

_OWN = {EntryKind.DECLARED: Milestone.DECLARED, EntryKind.RESOLVED: Milestone.RESOLVED}
_CHANGES = frozenset(
    {*_OWN, EntryKind.STATUS, EntryKind.SEVERITY, EntryKind.ROLE, EntryKind.REOPENED}
)
"""Entries that have the time at which a button was pressed."""
_LATE = timedelta(hours=3)
"""How long after its last entry an incident is declared that was over by then: people who work on it after
midnight still add entries."""


def is_backdated(incident: Incident, lines: Iterable[Line], zone: ZoneInfo) -> bool:
    """Return whether the incident was declared when it was over.

    It was if people say that it was resolved before, or if everything in it happened on an earlier day.
    """
    resolved = incident.milestones.get(Milestone.RESOLVED)
    if resolved and resolved.at <= incident.declared_at:
        return True
    known = [line.entry.at for line in lines if line.entry.kind not in _CHANGES]
    known += [time.until or time.at for time in incident.milestones.values()]
    if not known:
        return False
    last, declared = max(known), incident.declared_at
    is_earlier_day = last.astimezone(zone).date() < declared.astimezone(zone).date()
    return is_earlier_day and declared - last >= _LATE


def known_times(incident: Incident, lines: Iterable[Line], zone: ZoneInfo) -> Times:
    """Return the times of the incident that are known; those of the buttons unless it is backdated."""
    return incident.milestones if is_backdated(incident, lines, zone) else incident.times


def without_buttons(incident: Incident, lines: Iterable[Line], zone: ZoneInfo) -> list[Line]:
    """Return the lines of a timeline without those that only say when somebody pressed a button afterwards.

    In an incident that was declared when it was over, these are all changes of it. In others it is its
    declaration or its resolution if people set another time for it and it is not between other entries.
    """
    lines = list(lines)
    if is_backdated(incident, lines, zone):
        return [line for line in lines if line.entry.kind not in _CHANGES]
    around = [line.entry.at for line in lines if line.entry.kind not in _CHANGES]

    def is_kept(line: Line) -> bool:
        is_other = _OWN.get(line.entry.kind) in incident.milestones
        return not is_other or bool(around and min(around) <= line.entry.at <= max(around))

    return [line for line in lines if is_kept(line)]
