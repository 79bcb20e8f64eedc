"""Who may do what: one rule for every act, person and incident.

A person is of one kind for the workspace (:class:`Base`) and may be more besides: in the incident's channel,
a holder of one of its roles, an operator, an approver or an admin. The rule asks only for what it needs, so
that an act that is open to everybody in a channel costs no question to Slack.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol


class Act(StrEnum):
    """What a person can do. The value is its name in the configuration and in the audit log."""

    HELP = "help"
    LIST = "list"
    DECLARE = "declare"
    DIAGNOSE = "diagnose"  # what is wrong with a hub, which changes nothing
    READ = "read"  # the timeline, the draft of the report, the roles
    RECORD = "record"  # notes, reactions, messages for the timeline, action items
    EDIT = "edit"  # changes to an entry, the times of the incident
    CHANGE = "change"  # status, severity, updates, reminders, retries
    ASSIGN = "assign"  # roles, whose holders are invited
    CLOSE = "close"  # close, reopen
    PUBLISH = "publish"  # review a report, decide what it shows, approve it for publication
    PLAN = "plan"
    APPROVE = "approve"
    STOP = "stop"  # cancel a plan, stop a run


OPEN = frozenset({Act.HELP, Act.READ, Act.RECORD, Act.DIAGNOSE})
"""The acts of everybody in an incident's channel, guests and people of other workspaces too.

A hub can be diagnosed outside of incidents, too: there by members only.
"""

FOR_GUESTS = frozenset(
    {Act.LIST, Act.DECLARE, Act.DIAGNOSE, Act.EDIT, Act.CHANGE, Act.ASSIGN, Act.CLOSE}
)
"""The acts that a configuration can open to guests."""

RESTRICTABLE = FOR_GUESTS | {Act.PUBLISH}
"""The acts that a configuration can restrict to some groups."""

RUNBOOK = frozenset({Act.PLAN, Act.APPROVE, Act.STOP})


class Sender(StrEnum):
    """Who sends a request to the HTTP server, as far as the request proves it."""

    ANYBODY = "anybody"
    SLACK = "slack"  # its signature is valid; the person it names is decided about like any other
    GITHUB = "github"  # its signature is valid; what it says is only a reason to ask GitHub


WEB: Mapping[str, frozenset[Sender]] = MappingProxyType(
    {
        "/livez": frozenset(Sender),
        "/readyz": frozenset(Sender),
        "/healthz": frozenset(Sender),
        "/slack/events": frozenset({Sender.SLACK}),
        "/github/webhook": frozenset({Sender.GITHUB}),
    }
)
"""Every path of the HTTP server, and whose requests it answers."""


def answers(path: str, sender: Sender) -> bool:
    """Return whether the HTTP server answers a request for this path.

    Such a decision has no line in the audit log, since everybody who reaches the port could fill it: what
    Slack did not sign names nobody.
    """
    return sender in WEB.get(path, ())


class Base(StrEnum):
    """What a person is for the workspace."""

    OUTSIDER = "outsider"  # a bot, or an account that was deactivated
    GUEST = "guest"
    FOREIGN = "foreign team"
    MEMBER = "member"


class Group(StrEnum):
    """A group of people to which a configuration can restrict an act. Admins are always included."""

    ROLE_HOLDER = "role_holder"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"


class Refusal(StrEnum):
    """Why an act is refused."""

    OUTSIDER = "outsider"
    ABSENT = "not in the channel"
    FOREIGN = "of another workspace"
    GUEST = "guest"
    SHARED = "shared channel"
    NOT_LISTED = "not listed"
    RESTRICTED = "restricted"


class Person(Protocol):
    """What is known of a person. Each answer may be a question to Slack, which is asked at most once."""

    @property
    def base(self) -> Base: ...

    @property
    def is_participant(self) -> bool:
        """Whether they are in the incident's channel now."""

    def is_in_any(self, groups: Set[Group]) -> bool: ...


class Scene(Protocol):
    """Where a person acts."""

    @property
    def has_incident(self) -> bool: ...

    @property
    def is_private(self) -> bool: ...

    @property
    def is_here(self) -> bool:
        """Whether they act in the incident's own channel, which Slack shows to them."""

    @property
    def shows_person(self) -> bool:
        """Whether Slack itself shows by this request that they are in the incident's channel.

        Acting in a public channel shows it, and so does a reaction, since Slack lets people react only to
        messages that they see. A button or a form of a private channel may be older than a person's leaving.
        """

    @property
    def is_shared(self) -> bool:
        """Whether the channel is shared with another organization; asked for plans and approvals only.

        The channel is the incident's or, outside of incidents, that of the request.
        """


NOT_ASKED = "who the person is was not asked"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A team's rules: what guests may do besides :data:`OPEN`, and acts restricted to some groups."""

    guests: frozenset[Act] = frozenset()
    restricted: Mapping[Act, frozenset[Group]] = field(default_factory=lambda: MappingProxyType({}))


def refusal(act: Act, person: Person, scene: Scene, rules: Rules) -> Refusal | None:
    """Return why a person may not do this, or None if they may."""
    if act is Act.HELP or (act in OPEN and scene.shows_person):
        return None
    base = person.base
    if base is Base.OUTSIDER:
        return Refusal.OUTSIDER
    if scene.has_incident and not _sees(person, scene, base):
        return Refusal.ABSENT
    is_open = act in OPEN and scene.has_incident
    if base is Base.FOREIGN and not is_open:
        return Refusal.FOREIGN
    if base is Base.GUEST and (act in RUNBOOK or not (is_open or act in rules.guests)):
        return Refusal.GUEST
    if act in RUNBOOK:
        return _runbook_refusal(act, person, scene)
    groups = rules.restricted.get(act)
    if groups and not person.is_in_any(groups | {Group.ADMIN}):
        return Refusal.RESTRICTED
    return None


def seen_refusal(act: Act, rules: Rules) -> Refusal | None:
    """Return why what somebody is seen to do in an incident's channel is refused, or None.

    Nothing is asked, so that it can be decided within a transaction.

    Raises:
        LookupError: the rule for this act depends on the person.
    """
    return refusal(act, _Unasked(), _Seen(), rules)


class _Seen:
    has_incident = is_here = shows_person = True
    is_private = is_shared = False


class _Unasked:
    @property
    def base(self) -> Base:
        raise LookupError(NOT_ASKED)

    @property
    def is_participant(self) -> bool:
        return True

    def is_in_any(self, groups: Set[Group]) -> bool:
        raise LookupError(NOT_ASKED)


def _sees(person: Person, scene: Scene, base: Base) -> bool:
    """Whether the incident's channel is open to the person, by Slack's own rules."""
    if scene.is_private:
        return person.is_participant
    return base is Base.MEMBER or scene.is_here or person.is_participant


def _runbook_refusal(act: Act, person: Person, scene: Scene) -> Refusal | None:
    # What runs already can be stopped in a channel that was shared meanwhile.
    if act is not Act.STOP and scene.is_shared:
        return Refusal.SHARED
    groups = {Group.APPROVER, Group.ADMIN}
    if act is not Act.APPROVE:
        groups.add(Group.OPERATOR)
    return None if person.is_in_any(groups) else Refusal.NOT_LISTED
