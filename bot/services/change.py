"""The changes people make to an incident: status, severity, roles, updates, action items, closing.

Each is one transaction: the incident, its timeline entry, its reminder, and the work that updates Slack
commit together. ``idempotency_key`` is unique to the person's act (a trigger, a view), so that a
redelivery changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from bot.domain import incident as verbs
from bot.domain.actions import TITLE_LIMIT, ActionItem, clean_repository, item_id
from bot.domain.command import COMMAND
from bot.domain.incident import Answers, Incident, Transition, Update
from bot.domain.item_policy import unmet
from bot.domain.item_words import shown_words, split_link
from bot.domain.reminders import Reminder
from bot.domain.report_parts import ITEM, TIMELINE
from bot.domain.resources import ResourceKind, as_json
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.render.items import gates
from bot.services.contents import Contents
from bot.services.edits import published
from bot.services.entries import Edited
from bot.services.items import every_item
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

EMPTY_ACTION_ITEM = (
    f"Write the action item after the command: {COMMAND} action add an alert on routes."
)
LONG_ACTION_ITEM = "Shorten the action item to {limit} characters. Details belong in its issue."
NOT_A_LINK = "A link begins with https://."
ROLE_TAKEN = f"Somebody is already {{role}}. To take over, use {COMMAND} role {{role}}."
NOBODY_NAMED = f"Name the people with an @: {COMMAND} invite @name."


class Changes(Contents):
    """Changes incidents."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        settings: Settings,
        *,
        edited: Edited | None = None,
    ) -> None:
        super().__init__(store, durable, now, edited=edited)
        self._settings = settings

    def status(self, change: StateChange, to: str, text: str = "") -> Incident:
        """Change the status; ``resolved`` ends the reminders."""
        return self._apply(
            change,
            lambda incident, now: verbs.change_status(
                incident, to, policy=self._settings.policy, at=now, text=text.strip()
            ),
        )

    def severity(self, change: StateChange, to: str, reason: str = "") -> Incident:
        """Change the severity, and the interval of the reminders with it."""
        return self._apply(
            change,
            lambda incident, _now: verbs.change_severity(
                incident, to, policy=self._settings.policy, reason=reason.strip()
            ),
        )

    def role(self, change: StateChange, role: str, user: str) -> Incident:
        """Give a role to a person."""
        return self._apply(
            change,
            lambda incident, _now: verbs.assign_role(
                incident, role, user, policy=self._settings.policy
            ),
        )

    def take_role(self, change: StateChange, role: str) -> Incident:
        """Give a role that nobody has to the person who asks.

        Raises:
            UserError: somebody has it.
        """

        def verb(incident: Incident, _now: datetime) -> Transition:
            if incident.roles.get(role, change.by) != change.by:
                raise UserError(ROLE_TAKEN.format(role=role))
            return verbs.assign_role(incident, role, change.by, policy=self._settings.policy)

        return self._apply(change, verb)

    def hand_over(self, change: StateChange, user: str, note: str) -> Incident:
        """Pass the lead to a person, who gets a direct message with the note."""
        return self._apply(
            change,
            lambda incident, _now: verbs.hand_over(
                incident,
                self._settings.policy.lead,
                user,
                policy=self._settings.policy,
                note=note.strip(),
            ),
        )

    def invite(self, change: StateChange, users: Sequence[str]) -> Incident:
        """Invite people to the incident's channel, also those who were invited before and have left.

        Raises:
            UserError: nobody is named.
        """
        people = list(dict.fromkeys(users))
        if not people:
            raise UserError(NOBODY_NAMED, field="people")

        def verb(incident: Incident, _now: datetime) -> Transition:
            return Transition(incident=incident, kind=EntryKind.INVITED, data={"people": people})

        def extra(tx: Tx, now: datetime) -> None:
            for user in people:
                resource_rows.ask_again(
                    tx, change.incident_id, ResourceKind.INVITE, user, spec={"user": user}, now=now
                )

        return self._apply(change, verb, extra)

    def close(
        self,
        change: StateChange,
        answers: Answers,
        *,
        title: str,
        summary: str,
        hubs: tuple[str, ...],
    ) -> Incident:
        """Close the incident and publish its report."""

        def verb(incident: Incident, now: datetime) -> Transition:
            titled = replace(verbs.retitle(incident, title), hubs=hubs)
            return verbs.close(titled, answers, summary=summary.strip(), at=now)

        return self._apply(change, verb, lambda tx, _now: self._pass_gates(tx, change.incident_id))

    def check_gates(self, incident_id: str) -> None:
        """Return if the incident's action items have what closing requires.

        Raises:
            UserError: some lack it; the sentence names them.
        """
        with self._store.read() as tx:
            self._pass_gates(tx, incident_id)

    def _pass_gates(self, tx: Tx, incident_id: str) -> None:
        items = every_item(tx, incident_id, group=self._settings.groups[-1])
        if lacking := unmet(items, self._settings.items):
            raise UserError(gates(lacking))

    def update(
        self,
        change: StateChange,
        text: str,
        *,
        status: str = "",
        severity: str = "",
        next_in: timedelta | None = None,
    ) -> Incident:
        """Post a status update, which may change the status and the severity, as one entry.

        The next reminder counts from it, or comes after ``next_in``.

        Raises:
            UserError: what :func:`bot.domain.incident.post_update` raises.
        """

        def verb(incident: Incident, now: datetime) -> Transition:
            said = Update(
                text=text.strip(),
                status=status or incident.status,
                severity=severity or incident.severity,
                next_at=now + next_in if next_in else None,
            )
            return verbs.post_update(incident, said, policy=self._settings.policy, at=now)

        return self._apply(change, verb)

    def action_item(
        self,
        change: StateChange,
        title: str,
        *,
        group: str = "",
        owner: str = "",
        link: str = "",
        due_on: date | None = None,
        category: str = "",
        repository: str = "",
        source: str = "",
    ) -> Incident:
        """Add an action item. ``title`` is message text, ``link`` where it is tracked if that isn't in it.

        ``source`` makes filing the same message twice harmless.

        Raises:
            UserError: its title is empty or too long, its link is not a web address, or its repository not
                a repository's name.
        """
        title, found = split_link(title)
        link = link or found
        if not title:
            raise UserError(EMPTY_ACTION_ITEM)
        if len(shown_words(title)) > TITLE_LIMIT:
            raise UserError(LONG_ACTION_ITEM.format(limit=TITLE_LIMIT))
        if link and not link.startswith(("https://", "http://")):
            raise UserError(NOT_A_LINK, field="link")
        group = group.strip() or self._settings.groups[-1]
        repository = clean_repository(repository)
        source = source or change.idempotency_key
        item = item_id(change.incident_id, source)

        def extra(tx: Tx, now: datetime) -> None:
            rows.add_item(
                tx,
                ActionItem(
                    id=item,
                    incident_id=change.incident_id,
                    position=0,
                    group=group,
                    title=title,
                    owner=owner,
                    link=link,
                    due_on=due_on,
                    category=category,
                    repository=repository,
                    source=source,
                    created_at=now,
                ),
            )

        def verb(incident: Incident, _now: datetime) -> Transition:
            return Transition(
                incident=incident,
                kind=EntryKind.ACTION_ITEM,
                data={
                    "item": item,
                    "text": title,
                    "group": group,
                    "owner": owner,
                    "link": link,
                    **({"due_on": due_on.isoformat()} if due_on else {}),
                },
            )

        return self._apply(change, verb, extra, source=f"item/{item}", part=f"{ITEM}/{item}")

    def _apply(
        self,
        change: StateChange,
        verb: Callable[[Incident, datetime], Transition],
        extra: Callable[[Tx, datetime], None] | None = None,
        *,
        source: str = "",
        part: str = TIMELINE,
        also: str = "",
    ) -> Incident:
        """Make a transition once for each ``source``, which is by default the act; it changes ``part``.

        ``also`` is another incident whose row is locked as well.
        """
        now = self._now()
        act, change = change, replace(change, idempotency_key=source or change.idempotency_key)
        with self._store.write(beside=change.may_publish) as tx:
            for each in sorted({change.incident_id, also} - {""}):  # in everyone's order
                rows.get(tx, each, lock=True)
            before = rows.get(tx, change.incident_id, lock=True)
            if timeline_rows.has_source(tx, change.incident_id, change.idempotency_key):
                return before
            transition = verb(before, now)
            rows.save(tx, transition.incident)
            record(tx, change, transition, now)
            old, new = differing(before, transition.incident)
            new = {**_said(transition), **new}
            audit.add(tx, change.line(f"incident.{transition.kind}", before=old, after=new))
            if extra:
                extra(tx, now)
            self._remind(tx, before, transition, now)
            if before.closed_at is not None and transition.incident.closed_at is not None:
                self._edited(tx, act, transition.incident, part)
            else:
                published(self._durable, tx, change, transition.incident, part)
        return transition.incident

    def _remind(self, tx: Tx, before: Incident, transition: Transition, now: datetime) -> None:
        """Set the reminder of an open incident, counted from its last update; one that is over has none."""
        incident = transition.incident
        if not incident.is_open:
            rows.drop_reminder(tx, incident.id)
            return
        posted = transition.kind in (EntryKind.UPDATE, EntryKind.STATUS, EntryKind.REOPENED)
        pending = rows.reminder_of(tx, incident.id)
        if pending and not posted and before.severity == incident.severity:
            return
        number = pending.number if pending else self._next_number(tx, incident.id)
        promised = transition.data.get("next_at")
        following = now + self._settings.interval(incident.severity)
        due_at = (
            datetime.fromisoformat(promised)
            if promised
            else self._settings.opening(incident.severity, following)
        )
        rows.set_reminder(tx, Reminder(incident_id=incident.id, number=number, due_at=due_at))

    @staticmethod
    def _next_number(tx: Tx, incident_id: str) -> int:
        """A number that no reminder has had: the number is part of the reminder's key."""
        return rows.reminders_posted(tx, incident_id) + 1


def differing(before: Incident, after: Incident) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a change replaced, and what it replaced it with, as plain JSON."""
    old, new = as_json(before), as_json(after)
    names = [name for name in new if old[name] != new[name]]
    return {name: old[name] for name in names}, {name: new[name] for name in names}


def _said(transition: Transition) -> dict[str, Any]:
    """What a change says beside the incident's new values."""
    return {
        key: value
        for key, value in transition.data.items()
        if key not in ("from", "to", "before") and value
    }


def record(tx: Tx, change: StateChange, transition: Transition, now: datetime) -> None:
    """Store the timeline entry of a transition."""
    data: Mapping[str, Any] = transition.data
    timeline_rows.add_entry(
        tx,
        incident_id=change.incident_id,
        at=now,
        now=now,
        kind=transition.kind,
        author=change.by,
        data=data,
        source=change.idempotency_key,
    )
