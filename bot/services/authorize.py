"""Who may do what: decided here, once, for every command, button, form, shortcut and reaction.

The rule is :mod:`bot.domain.access`. This service asks Slack for what the rule needs: the person's profile,
the members of a private channel, the members of user groups. For private incidents and for runbooks Slack is
asked each time, since somebody may have left or become a guest since the last; else a profile is used for up
to an hour, and longer while Slack does not answer. From outside a public incident's channel, Slack is asked
whether it is public still.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cached_property

from bot.domain.access import (
    RUNBOOK,
    Act,
    Base,
    Group,
    Refusal,
    Rules,
    refusal,
    seen_refusal,
)
from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.incident import GONE, Incident
from bot.domain.run_policy import Allowed
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Profile
from bot.services.audit import Audit
from bot.services.channel_guard import LookAt
from bot.services.people import People
from bot.services.settings import AllowList, Settings

OUTSIDER = "mayday takes requests from active people only, and Slack shows this account as none."
ABSENT = "There is no such incident, or you are not in its channel."
FOREIGN = "Only people of this workspace can do that. Ask one of them."
GUEST = "Guests can't do that. Ask a member of the workspace{hint}."
GUEST_HINT = ", or have “{act}” added to access.guests in mayday.yaml"
SHARED = (
    "Runbooks don't run in a channel that is shared with another organization. "
    "Use an incident channel of your own workspace."
)
NOT_LISTED = (
    "You are not on the list of people who may {verb} runbooks. Ask somebody who is, or have {user} or one "
    "of your user groups added to {key} in mayday.yaml."
)
NOT_LISTED_HERE = (
    "Only some people may {verb} this runbook. Ask one of them, or have {user} or one of your user groups "
    "added to {key}.allow in mayday.yaml{roles}."
)
VERBS = {Act.PLAN: "run", Act.APPROVE: "approve", Act.STOP: "stop"}
OR_A_ROLE = "; in an incident, holders of these roles may, too: {roles}"
RESTRICTED = "Only some people can do that here: access.restrict.{act} in mayday.yaml names them."
NO_ANSWER = "Slack did not confirm who you are, so mayday did nothing. Try again in a minute."
HIDDEN_GROUP = "{error} mayday needs the members of {group}, listed in mayday.yaml."
NOT_A_MEMBER = (
    "<@{user}> is not in this private channel. Invite them to it first, then give them the role."
)


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Who asks, and in which channel; empty where a request names none, as forms do.

    ``installed_team`` is the workspace of the app that the request is for, where Slack names it. ``origin``
    and ``target`` are as in the audit log, ``idempotency_key`` unique to the request.
    """

    user: str
    channel: str
    installed_team: str = ""
    origin: str = ""
    target: str = ""
    idempotency_key: str = ""


class Authorize:
    """Decides who may do what, and records each decision in the audit log before anything is done.

    ``look`` says whether an incident's channel is public.
    """

    def __init__(
        self, chat: Chat, people: People, settings: Settings, audit: Audit, look: LookAt
    ) -> None:
        self._chat = chat
        self._people = people
        self._settings = settings
        self._audit = audit
        self._look = look

    def decide(
        self,
        asker: Asker,
        act: Act,
        incident: Incident | None = None,
        *,
        allowed: Allowed | None = None,
    ) -> None:
        """Return if this person may do this. ``allowed`` are the people of the runbook's own policy.

        Raises:
            UserError: they may not, and why.
            RetryLater: Slack did not say. A runbook is refused then.
        """
        try:
            if incident and asker.channel not in ("", incident.channel_id):
                incident = self._shown(incident)
            person = _Person(
                self._chat, self._people, self._settings, asker.user, act, incident, allowed
            )
            scene = _Scene(self._chat, asker.channel, incident, act)
            refused = self._other_app(asker) or refusal(act, person, scene, self._settings.rules)
            text = self._text(refused, asker, act, allowed) if refused else ""
        except RetryLater as exc:
            if act not in RUNBOOK:
                raise
            self._record(asker, act, incident, NO_ANSWER)
            raise UserError(NO_ANSWER) from exc
        except UserError as exc:
            self._record(asker, act, incident, str(exc))
            raise
        self._record(asker, act, incident, text)
        if text:
            raise UserError(text)

    def may(
        self,
        asker: Asker,
        act: Act,
        incident: Incident | None = None,
        *,
        allowed: Allowed | None = None,
    ) -> bool:
        """Whether this person may do this besides what they ask for; not where Slack doesn't say.

        Nothing is recorded, since they didn't ask for it.
        """
        try:
            person = _Person(
                self._chat, self._people, self._settings, asker.user, act, incident, allowed
            )
            scene = _Scene(self._chat, asker.channel, incident, act)
            refused = self._other_app(asker) or refusal(act, person, scene, self._settings.rules)
        except (RetryLater, UserError):
            return False
        return refused is None

    def sees(self, user: str, incident: Incident) -> bool:
        """Whether a person may read an incident now, wherever they are. Nothing is recorded.

        Raises:
            UserError, RetryLater: Slack did not say.
        """
        incident = self._shown(incident)
        person = _Person(self._chat, self._people, self._settings, user, Act.READ, incident)
        scene = _Scene(self._chat, "", incident, Act.READ)
        return refusal(Act.READ, person, scene, self._settings.rules) is None

    def refused(self, asker: Asker, act: Act, reason: str) -> None:
        """Record that a request was refused because there is no incident that it could be about."""
        self._record(asker, act, None, reason)

    def _record(self, asker: Asker, act: Act, incident: Incident | None, reason: str) -> None:
        """Record a decision, once for each request; ``reason`` is empty where the act is allowed."""
        self._audit.decided(_line(asker, act, incident.id if incident else None, reason))

    def take_part(self, incident: Incident, user: str) -> None:
        """Return if this person may be given a part in the incident: in a private one only its members.

        Raises:
            UserError: they are not in the private channel.
            RetryLater: Slack did not say.
        """
        incident = self._shown(incident)
        person = _Person(self._chat, self._people, self._settings, user, Act.ASSIGN, incident)
        if incident.private and not person.is_participant:
            raise UserError(NOT_A_MEMBER.format(user=user))

    def _shown(self, incident: Incident) -> Incident:
        """The incident as Slack shows its channel now, private unless Slack shows that it is public."""
        if incident.private:
            return incident
        found = self._look(incident.id)
        return found.incident if found.is_public else replace(found.incident, private=True)

    def _other_app(self, asker: Asker) -> Refusal | None:
        """Refuse what is meant for the app of another workspace."""
        is_other = asker.installed_team not in ("", self._chat.identity().team_id)
        return Refusal.FOREIGN if is_other else None

    def _text(self, refused: Refusal, asker: Asker, act: Act, allowed: Allowed | None) -> str:
        match refused:
            case Refusal.OUTSIDER:
                return OUTSIDER
            case Refusal.ABSENT:
                return ABSENT
            case Refusal.FOREIGN:
                return FOREIGN
            case Refusal.GUEST:
                hint = "" if act in RUNBOOK else GUEST_HINT.format(act=act.value)
                return GUEST.format(hint=hint)
            case Refusal.SHARED:
                return SHARED
            case Refusal.NOT_LISTED:
                verb = VERBS[act]
                by_approvers = act is Act.APPROVE and self._settings.approvers
                if allowed and not by_approvers:
                    names = ", ".join(sorted(allowed.roles))
                    roles = OR_A_ROLE.format(roles=names) if names else ""
                    return NOT_LISTED_HERE.format(
                        verb=verb, user=asker.user, key=allowed.key, roles=roles
                    )
                key = "access.approvers" if by_approvers else "runbooks.allow"
                return NOT_LISTED.format(user=asker.user, verb=verb, key=key)
            case Refusal.RESTRICTED:
                return RESTRICTED.format(act=act.value)


def seen_line(rules: Rules, act: Act, incident_id: str, user: str, origin: str) -> AuditLine:
    """Return the decision about what somebody is seen to do in the incident's channel: react, or join it.

    Slack delivers and lists only acts of people who see the channel, so nothing is asked. The line
    commits with what it allows.
    """
    refused = seen_refusal(act, rules)
    asker = Asker(user=user, channel="", origin=origin)
    return _line(asker, act, incident_id, refused.value if refused else "")


def _line(asker: Asker, act: Act, incident_id: str | None, reason: str) -> AuditLine:
    """The line about a decision; ``reason`` is empty where the act is allowed."""
    key = asker.idempotency_key
    return AuditLine(
        actor=asker.user,
        act=act.value,
        outcome=AuditOutcome.REFUSED if reason else AuditOutcome.ALLOWED,
        target=asker.target,
        incident_id=incident_id,
        origin=asker.origin,
        reason=reason,
        source=f"decision/{act}/{key}/{bool(reason)}" if key else None,
    )


@dataclass(frozen=True)
class _Person:
    """A person as Slack shows them, asked when it is needed."""

    chat: Chat
    people: People
    settings: Settings
    user: str
    act: Act
    incident: Incident | None
    allowed: Allowed | None = None

    @cached_property
    def base(self) -> Base:
        profile = self._profile()
        if profile.is_bot or profile.is_deleted:
            return Base.OUTSIDER
        if profile.is_foreign(self.chat.identity()):
            return Base.FOREIGN
        return Base.GUEST if profile.is_guest else Base.MEMBER

    def _profile(self) -> Profile:
        is_private = self.incident is not None and self.incident.private
        if is_private or self.act in RUNBOOK:
            return self.chat.profile(self.user)
        return self.people.recent_profile(self.chat.identity().team_id, self.user)

    @cached_property
    def is_participant(self) -> bool:
        incident = self.incident
        if incident is None:
            return False
        had_part = self.user in (incident.declared_by, *incident.roles.values())
        if incident.channel_id is None or incident.channel_state == GONE:
            return had_part
        try:
            return self.chat.is_member(incident.channel_id, self.user)
        except UserError:
            # Slack shows nobody of a private channel that mayday was removed from, or that is archived.
            if not incident.channel_state:
                raise
            return had_part

    def is_in_any(self, groups: Set[Group]) -> bool:
        """Whether the person is in one of the groups. A user group that Slack does not show is skipped.

        Raises:
            UserError: none of the others has them, and a user group is not shown.
        """
        settings, incident = self.settings, self.incident
        if Group.ROLE_HOLDER in groups and incident and self.user in incident.roles.values():
            return True
        if Group.APPROVER in groups and not settings.approvers:
            groups = groups | {Group.OPERATOR}  # who may run may approve
        operators, allowed = settings.operators, self.allowed
        if allowed:
            operators = AllowList(users=allowed.users, groups=allowed.groups)
            holders = {incident.roles.get(role) for role in allowed.roles} if incident else set()
            if Group.OPERATOR in groups and self.user in holders:
                return True
        elif settings.open_to_all and groups & {Group.OPERATOR, Group.APPROVER}:
            return True
        lists = {
            Group.OPERATOR: operators,
            Group.APPROVER: settings.approvers,
            Group.ADMIN: settings.admins,
        }
        listed = [lists[group] for group in groups if group in lists]
        if any(self.user in one.users for one in listed):
            return True
        hidden: list[UserError] = []
        for group in sorted(frozenset[str]().union(*(one.groups for one in listed))):
            try:
                if self.user in self.chat.group_members(group):
                    return True
            except UserError as exc:
                hidden.append(UserError(HIDDEN_GROUP.format(error=exc, group=group)))
        if hidden:
            raise hidden[0]
        return False


@dataclass(frozen=True)
class _Scene:
    """Where a person acts, as the incident's row and Slack say."""

    chat: Chat
    channel: str
    incident: Incident | None
    act: Act

    @property
    def has_incident(self) -> bool:
        return self.incident is not None

    @property
    def is_private(self) -> bool:
        return self.incident is not None and self.incident.private

    @property
    def is_here(self) -> bool:
        return self.incident is not None and bool(self.channel) and self._own == self.channel

    @property
    def shows_person(self) -> bool:
        return self.is_here and not self.is_private

    @cached_property
    def is_shared(self) -> bool:
        """Outside of an incident, the channel of the request counts; without one nobody knows.

        A direct message that mayday works in is with one person of its workspace. A plan that is asked for
        where Slack shows mayday no channel is shown in such a message, and approved only where it is shown.
        """
        if self.incident is not None:
            return bool(self._own) and self.chat.channel(self._own).is_shared
        if not self.channel or self.channel.startswith("D"):
            return not self.channel
        try:
            return self.chat.channel(self.channel).is_shared
        except UserError:
            if self.act is not Act.PLAN:
                raise
            return False

    @property
    def _own(self) -> str:
        return (self.incident.channel_id if self.incident else None) or ""
