"""An incident, its states and its transitions.

The state diagram (the open states are configurable, the last two are not)::

    declared -> investigating <-> fixing <-> monitoring -> resolved -> closed
                     ^------------- reopen ----------------+------------+

Each function returns a :class:`Transition`: the incident after the change and its timeline entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.domain.command import COMMAND
from bot.domain.milestones import Milestone, Times
from bot.domain.report_options import ReportOptions
from bot.domain.timeline import EntryKind
from bot.domain.typed_time import TypedTime
from bot.errors import UserError

RESOLVED = "resolved"
CLOSED = "closed"
TITLE_LIMIT = 150
LEFT = "left"
ARCHIVED = "archived"
GONE = "gone"
"""Why mayday can't work in a channel. ``left``: it is not a member and can't join, or Slack does not show the
channel to it, so that nobody knows whether it is private. ``gone``: Slack said that it was deleted."""


class Ending(StrEnum):
    """How an incident ended. All but ``NONE``, that of an open or usual one, end it without a report."""

    NONE = ""
    FALSE_ALARM = "false_alarm"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"


DRILL = "Drill: "
"""What the title of a drill begins with wherever it is shown."""

NO_TITLE = "Give the incident a title: a few words that say what is broken."
LONG_TITLE = (
    "The title has {length} characters: shorten it to {limit} and put the rest into the summary."
)
NO_SUCH_STATUS = "There is no status “{name}”: use one of {known}."
NO_SUCH_SEVERITY = "There is no severity “{name}”: use one of {known}."
NO_SUCH_ROLE = "There is no role “{name}”: use one of {known}."
IS_CLOSED = f"This incident is closed: reopen it first with {COMMAND} reopen."
USE_CLOSE = f"Close an incident with {COMMAND} close, which asks for what the report still needs."
SAME_STATUS = f"The status is already {{status}}. To post an update, use {COMMAND} update."
SAME_SEVERITY = "The severity is already {severity}."
SAME_ROLE = "<@{user}> is already {role}."
NOTHING_SAID = "Write what is known, or choose another status or severity."
IS_OPEN = "This incident is already open; its status is {status}."
ALREADY_CLOSED = f"This incident is already closed. To see its report, use {COMMAND} report."
NOT_RESOLVED = f"Resolve the incident first with {COMMAND} resolve, then close it."


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The severities, statuses and roles of a team, in order; from ``incident`` in ``mayday.yaml``.

    ``leading`` is the role that leads, by default the first; ``speaking`` the one that speaks outward, by
    default the one that leads. ``descriptions`` say what a role does. With ``declarer_leads`` the declarer
    leads until somebody takes over.
    """

    severities: tuple[str, ...]
    statuses: tuple[str, ...]
    roles: tuple[str, ...]
    leading: str = ""
    speaking: str = ""
    declarer_leads: bool = True
    descriptions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def lead(self) -> str:
        """The role that leads; empty where a team has no roles."""
        return self.leading or "".join(self.roles[:1])

    @property
    def speaker(self) -> str:
        """The role that speaks outward."""
        return self.speaking or self.lead

    @property
    def open_statuses(self) -> tuple[str, ...]:
        """The statuses of an ongoing incident."""
        return tuple(s for s in self.statuses if s not in (RESOLVED, CLOSED))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What people write for the report. ``texts`` has the text of each section by its key.

    ``report_date`` is the date of the report, which may differ from the day of the outage.
    """

    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    report_date: date | None = None

    @property
    def impact(self) -> str:
        """What users noticed, or an empty string."""
        return self.texts.get("impact", "")

    @property
    def conclusion(self) -> str:
        """Why it happened and what was learned, or an empty string."""
        return self.texts.get("conclusion", "")


@dataclass(frozen=True, kw_only=True)
class OriginMessage:
    """The message that an incident was declared from. ``can_reply`` is whether mayday may answer in its
    thread: it is in a public channel of this workspace only."""

    channel: str
    ts: str
    author: str
    permalink: str
    thread_ts: str = ""
    can_reply: bool = False


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One outage, or a drill. Times are UTC. People are Slack user ids of the team ``team_id``.

    ``number`` counts the team's incidents from 1 in the order of declaration; it is 0 until the incident is
    stored. ``adopted``: its channel existed before, and keeps its name and topic. ``duplicate_of`` is the id
    of the incident that one with the ending ``duplicate`` is a duplicate of.

    ``channel_state`` is why mayday can't work in the channel, empty where it can; ``channel_checked_at``
    is when Slack was last asked whether the channel is private. ``milestones`` are the times that people
    set; ``times`` are those that are known.
    """

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
    channel_state: str = ""
    channel_checked_at: datetime | None = None
    milestones: Times = field(default_factory=lambda: MappingProxyType({}))
    report_options: ReportOptions = field(default_factory=ReportOptions)
    number: int = 0
    drill: bool = False
    adopted: bool = False
    ending: Ending = Ending.NONE
    duplicate_of: str | None = None
    origin_message: OriginMessage | None = None

    @property
    def shown_title(self) -> str:
        """The title as it is shown; that of a drill says so."""
        return f"{DRILL}{self.title}" if self.drill else self.title

    @property
    def was_over(self) -> bool:
        """Whether people said that it was resolved before it was declared."""
        resolved = self.milestones.get(Milestone.RESOLVED)
        return resolved is not None and resolved.at <= self.declared_at

    @property
    def is_open(self) -> bool:
        """Whether the incident is neither resolved nor closed."""
        return self.status not in (RESOLVED, CLOSED)

    @property
    def times(self) -> Times:
        """The times that are known, in their order: those of the buttons where people set no others."""
        own = {Milestone.DECLARED: self.declared_at, Milestone.RESOLVED: self.resolved_at}
        known = {name: TypedTime(at=at) for name, at in own.items() if at} | dict(self.milestones)
        return MappingProxyType({name: known[name] for name in Milestone if name in known})


@dataclass(frozen=True, kw_only=True)
class Transition:
    """The incident after a change, with the kind and data of the timeline entry."""

    incident: Incident
    kind: EntryKind
    data: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Update:
    """A status update: what it says, and the status and severity after it, which may be the present ones.

    ``next_at`` is when the next update is promised; None is as usual for the severity.
    """

    text: str
    status: str
    severity: str
    next_at: datetime | None = None


def clean_title(raw: str) -> str:
    """Return the title on one line, without surrounding whitespace.

    Raises:
        UserError: it is empty, or longer than ``TITLE_LIMIT`` characters.
    """
    title = " ".join(raw.split())
    if not title:
        raise UserError(NO_TITLE, field="title")
    if len(title) > TITLE_LIMIT:
        raise UserError(LONG_TITLE.format(length=len(title), limit=TITLE_LIMIT), field="title")
    return title


def change_status(
    incident: Incident, to: str, *, policy: Policy, at: datetime, text: str = ""
) -> Transition:
    """Move the incident to an open status or to ``resolved``.

    Raises:
        UserError: no such status, same status, the incident is closed, or ``to`` is ``closed``.
    """
    if to not in policy.statuses:
        raise UserError(NO_SUCH_STATUS.format(name=to, known=", ".join(policy.statuses)))
    if incident.status == CLOSED:
        raise UserError(IS_CLOSED)
    if to == CLOSED:
        raise UserError(USE_CLOSE)
    if to == incident.status:
        raise UserError(SAME_STATUS.format(status=to))
    after = replace(
        incident,
        status=to,
        resolved_at=at if to == RESOLVED else None,
    )
    kind = EntryKind.RESOLVED if to == RESOLVED else EntryKind.STATUS
    data = {"from": incident.status, "to": to, "text": text}
    return Transition(incident=after, kind=kind, data=data)


def change_severity(incident: Incident, to: str, *, policy: Policy, reason: str = "") -> Transition:
    """Raise or lower the severity.

    Raises:
        UserError: no such severity, same severity, or the incident is closed.
    """
    if to not in policy.severities:
        raise UserError(NO_SUCH_SEVERITY.format(name=to, known=", ".join(policy.severities)))
    if incident.status == CLOSED:
        raise UserError(IS_CLOSED)
    if to == incident.severity:
        raise UserError(SAME_SEVERITY.format(severity=to))
    after = replace(incident, severity=to)
    return Transition(
        incident=after,
        kind=EntryKind.SEVERITY,
        data={"from": incident.severity, "to": to, "text": reason},
    )


def post_update(incident: Incident, said: Update, *, policy: Policy, at: datetime) -> Transition:
    """Post an update, which may change the status and the severity with it: one entry says all of it.

    Raises:
        UserError: nothing is said and nothing changes, the incident is closed, or there is no such status
            or severity.
    """
    if incident.status == CLOSED:
        raise UserError(IS_CLOSED)
    data = {"text": said.text, "status": incident.status}
    changed = Transition(incident=incident, kind=EntryKind.UPDATE, data=data)
    severity = {"from": incident.severity, "to": said.severity}
    if said.severity != incident.severity:
        changed = change_severity(incident, said.severity, policy=policy, reason=said.text)
    if said.status != incident.status:
        with_it = {"severity": severity} if changed.kind is EntryKind.SEVERITY else {}
        changed = change_status(changed.incident, said.status, policy=policy, at=at, text=said.text)
        changed = replace(changed, data={**changed.data, **with_it})
    if changed.kind is EntryKind.UPDATE and not said.text:
        raise UserError(NOTHING_SAID, field="text")
    if said.next_at is None or not changed.incident.is_open:
        return changed
    return replace(changed, data={**changed.data, "next_at": said.next_at.isoformat()})


def assign_role(incident: Incident, role: str, user: str, *, policy: Policy) -> Transition:
    """Assign a role to a person, replacing its current holder.

    Raises:
        UserError: no such role, the person already has it, or the incident is closed.
    """
    if role not in policy.roles:
        raise UserError(NO_SUCH_ROLE.format(name=role, known=", ".join(policy.roles)))
    if incident.status == CLOSED:
        raise UserError(IS_CLOSED)
    before = incident.roles.get(role)
    if before == user:
        raise UserError(SAME_ROLE.format(user=user, role=role))
    roles = MappingProxyType({**incident.roles, role: user})
    after = replace(incident, roles=roles)
    return Transition(
        incident=after, kind=EntryKind.ROLE, data={"role": role, "user": user, "before": before}
    )


def hand_over(incident: Incident, role: str, user: str, *, policy: Policy, note: str) -> Transition:
    """Assign a role to a person, with a note for them, which may be empty.

    Raises:
        UserError: what :func:`assign_role` raises.
    """
    given = assign_role(incident, role, user, policy=policy)
    return replace(given, data={**given.data, "text": note})


def reopen(incident: Incident, *, policy: Policy) -> Transition:
    """Move the incident back to the first open status.

    Raises:
        UserError: the incident is open.
    """
    if incident.is_open:
        raise UserError(IS_OPEN.format(status=incident.status))
    to = policy.open_statuses[0]
    after = replace(
        incident,
        status=to,
        resolved_at=None,
        closed_at=None,
        ending=Ending.NONE,
        duplicate_of=None,
    )
    return Transition(
        incident=after, kind=EntryKind.REOPENED, data={"from": incident.status, "to": to}
    )


def retitle(incident: Incident, title: str) -> Incident:
    """Return the incident with another title; the channel keeps its name."""
    return replace(incident, title=clean_title(title))


def require_resolved(incident: Incident) -> None:
    """Return if the incident can be closed.

    Raises:
        UserError: it is not resolved, or already closed.
    """
    if incident.status == CLOSED:
        raise UserError(ALREADY_CLOSED)
    if incident.is_open:
        raise UserError(NOT_RESOLVED)


def close(incident: Incident, answers: Answers, *, summary: str, at: datetime) -> Transition:
    """Close the incident with the answers for its report; texts that they don't name stay as they are.

    Raises:
        UserError: it is not resolved, or already closed.
    """
    require_resolved(incident)
    texts = {**incident.answers.texts, **answers.texts}
    after = replace(
        incident,
        status=CLOSED,
        closed_at=at,
        summary=summary,
        answers=replace(answers, texts=MappingProxyType(texts)),
    )
    return Transition(incident=after, kind=EntryKind.CLOSED, data={"from": incident.status})
