"""An incident, its states, and the changes people make to it.

The state diagram (the open states are configurable, the last two are not)::

    declared -> investigating <-> fixing <-> monitoring -> resolved -> closed
                     ^------------- reopen ----------------+------------+

Every verb returns a :class:`Transition`: the incident as it is afterwards and what the timeline will say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from bot.domain.timeline import EntryKind
from bot.errors import UserError

RESOLVED = "resolved"
CLOSED = "closed"
TITLE_LIMIT = 150


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The words a team uses for its incidents, in order; from ``incident`` in ``mayday.yaml``."""

    severities: tuple[str, ...]
    statuses: tuple[str, ...]
    roles: tuple[str, ...]

    @property
    def open_statuses(self) -> tuple[str, ...]:
        """The statuses of an incident that is still going on."""
        return tuple(s for s in self.statuses if s not in (RESOLVED, CLOSED))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What only people know and the report needs; asked for at close.

    ``report_date`` is the day the report is filed under, which need not be the day of the outage.
    """

    impact: str = ""
    conclusion: str = ""
    report_date: date | None = None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One outage. Times are UTC. People are Slack user ids of the team ``team_id``."""

    id: str
    team_id: str
    title: str
    severity: str
    status: str
    summary: str
    private: bool
    hubs: tuple[str, ...]
    declared_by: str
    declared_at: datetime
    channel_name: str
    channel_id: str | None = None
    origin_channel: str | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    answers: Answers = field(default_factory=Answers)

    @property
    def is_open(self) -> bool:
        """Neither resolved nor closed: people are still working on it."""
        return self.status not in (RESOLVED, CLOSED)


@dataclass(frozen=True, kw_only=True)
class Transition:
    """What a verb did: the incident afterwards, and the kind and data of the timeline entry."""

    incident: Incident
    kind: EntryKind
    data: Mapping[str, Any]


def clean_title(raw: str) -> str:
    """The title as it is kept: one line, outer blanks gone.

    Raises:
        UserError: it is empty, or longer than ``TITLE_LIMIT`` characters.
    """
    title = " ".join(raw.split())
    if not title:
        raise UserError(
            "Give the incident a title: a few words that say what is broken.", field="title"
        )
    if len(title) > TITLE_LIMIT:
        raise UserError(
            f"The title has {len(title)} characters: shorten it to {TITLE_LIMIT} and put the rest "
            "into the summary.",
            field="title",
        )
    return title


def change_status(
    incident: Incident, to: str, *, policy: Policy, at: datetime, text: str = ""
) -> Transition:
    """Move to another status, an open one or ``resolved``.

    Raises:
        UserError: no such status, already there, closed, or ``closed`` asked for without its questions.
    """
    if to not in policy.statuses:
        raise UserError(f"There is no status “{to}”: use one of {', '.join(policy.statuses)}.")
    if incident.status == CLOSED:
        raise UserError("This incident is closed: reopen it first with /incident reopen.")
    if to == CLOSED:
        raise UserError(
            "Close an incident with /incident close, which asks what the report still needs."
        )
    if to == incident.status:
        raise UserError(f"The status is {to} already; to tell people more, use /incident update.")
    after = replace(
        incident,
        status=to,
        resolved_at=at if to == RESOLVED else None,
    )
    kind = EntryKind.RESOLVED if to == RESOLVED else EntryKind.STATUS
    data = {"from": incident.status, "to": to, "text": text}
    return Transition(incident=after, kind=kind, data=data)


def change_severity(incident: Incident, to: str, *, policy: Policy) -> Transition:
    """Raise or lower the severity.

    Raises:
        UserError: no such severity, already there, or the incident is closed.
    """
    if to not in policy.severities:
        raise UserError(f"There is no severity “{to}”: use one of {', '.join(policy.severities)}.")
    if incident.status == CLOSED:
        raise UserError("This incident is closed: reopen it first with /incident reopen.")
    if to == incident.severity:
        raise UserError(f"The severity is {to} already.")
    after = replace(incident, severity=to)
    return Transition(
        incident=after, kind=EntryKind.SEVERITY, data={"from": incident.severity, "to": to}
    )


def assign_role(incident: Incident, role: str, user: str, *, policy: Policy) -> Transition:
    """Give a role to a person; whoever had it gives it up.

    Raises:
        UserError: no such role, the person has it already, or the incident is closed.
    """
    if role not in policy.roles:
        raise UserError(f"There is no role “{role}”: use one of {', '.join(policy.roles)}.")
    if incident.status == CLOSED:
        raise UserError("This incident is closed: reopen it first with /incident reopen.")
    before = incident.roles.get(role)
    if before == user:
        raise UserError(f"<@{user}> is {role} already.")
    roles = MappingProxyType({**incident.roles, role: user})
    after = replace(incident, roles=roles)
    return Transition(
        incident=after, kind=EntryKind.ROLE, data={"role": role, "user": user, "before": before}
    )


def reopen(incident: Incident, *, policy: Policy) -> Transition:
    """Go back to the first open status.

    Raises:
        UserError: the incident is open.
    """
    if incident.is_open:
        raise UserError(f"This incident is open already; its status is {incident.status}.")
    to = policy.open_statuses[0]
    after = replace(incident, status=to, resolved_at=None, closed_at=None)
    return Transition(
        incident=after, kind=EntryKind.REOPENED, data={"from": incident.status, "to": to}
    )


def retitle(incident: Incident, title: str) -> Incident:
    """The incident under a better title; its channel keeps its name."""
    return replace(incident, title=clean_title(title))


def close(incident: Incident, answers: Answers, *, summary: str, at: datetime) -> Transition:
    """End the incident with what the report needs.

    Raises:
        UserError: it is still open, or closed already.
    """
    if incident.status == CLOSED:
        raise UserError("This incident is closed already; /incident report shows its report.")
    if incident.is_open:
        raise UserError("Resolve the incident first with /incident resolve, then close it.")
    after = replace(
        incident,
        status=CLOSED,
        closed_at=at,
        summary=summary,
        answers=answers,
    )
    return Transition(incident=after, kind=EntryKind.CLOSED, data={"from": incident.status})
