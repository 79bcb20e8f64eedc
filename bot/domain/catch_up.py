"""What a person who comes late to an incident needs to know: one read model for every place that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from bot.domain.actions import ActionItem
from bot.domain.incident import Incident
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind, Line

NEWS = frozenset(
    {
        EntryKind.UPDATE,
        EntryKind.STATUS,
        EntryKind.SEVERITY,
        EntryKind.RESOLVED,
        EntryKind.REOPENED,
        EntryKind.CLOSED,
    }
)
"""The entries that say how the incident went on."""

TRIED = frozenset(
    {
        RunState.RUNNING,
        RunState.DONE,
        RunState.NOTHING_TO_DO,
        RunState.FAILED,
        RunState.NEEDS_HUMAN,
    }
)
"""The states of runs that somebody confirmed."""


@dataclass(frozen=True, kw_only=True)
class TriedRun:
    """A run of a runbook. ``at`` is when it ended or, before that, when it was confirmed or asked for."""

    runbook: str
    hub: str
    state: RunState
    at: datetime
    by: str
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class CatchUp:
    """An incident as of now; every sequence is in order of time.

    ``roles`` are the team's, in order; ``lead`` is the one that leads, and ``provisional`` who leads until
    somebody takes it. ``news`` are the latest updates and changes, ``runs`` what was
    tried, ``findings`` what diagnoses found, ``waiting`` plans that nobody decided about yet.
    ``questions`` are notes and filed messages that end with a question mark and that nobody answered in
    their thread. ``items`` are the open action items. ``due_at`` is when the next update is due, ``hubs``
    the addresses of the affected hubs by name, ``report_url`` where the report is.
    """

    incident: Incident
    roles: Sequence[str]
    lead: str = ""
    provisional: str = ""
    news: Sequence[Line] = ()
    runs: Sequence[TriedRun] = ()
    findings: Sequence[Line] = ()
    waiting: Sequence[TriedRun] = ()
    questions: Sequence[Line] = ()
    items: Sequence[ActionItem] = ()
    due_at: datetime | None = None
    hubs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    report_url: str = ""
