"""Everybody who is invited to an incident: the declarer, people with roles, and those of the rules.

Each person, group and schedule is a resource of its own, so that one that fails or is slow holds up no other.
Groups and schedules are resolved when they are invited. Who was invited once is not invited again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.incident import CLOSED, Incident
from bot.domain.inviting import invited
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.ports import JSON, Chat, Clock
from bot.render import invites as words
from bot.services.incident_snapshot import Snapshot
from bot.services.on_call import FoundOnCall, OnCallLookup
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as rows
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.resources import ResourceRow

Follow = Callable[[Tx, str, str], None]
"""Has Slack follow a change of an incident in a transaction, as :func:`bot.services.sync.enqueue`."""


class Invites:
    """Derives whom to invite, and the messages about it, from snapshots."""

    def __init__(
        self,
        store: Store,
        chat: Chat,
        follow: Follow,
        now: Clock,
        settings: Settings,
        on_call: OnCallLookup,
    ) -> None:
        self._store = store
        self._chat = chat
        self._follow = follow
        self._now = now
        self._settings = settings
        self._on_call = on_call
        self._posts = Posts(chat)

    def of(self, snap: Snapshot) -> Iterator[Resource]:
        """The invitations. The rules count while the incident is open."""
        incident = snap.incident
        people = [incident.declared_by, *incident.roles.values()]
        people += [r.subject for r in snap.resources.values() if r.kind is ResourceKind.INVITE]
        by_rules = invited(incident, self._settings.invite if incident.is_open else ())
        people += by_rules.users
        for name in by_rules.schedules:
            people += snap.ref(ResourceKind.ON_CALL, name).get("users", ())
        for user in dict.fromkeys(people):
            yield Resource(
                incident_id=incident.id,
                kind=ResourceKind.INVITE,
                subject=user,
                spec={"user": user},
                create=partial(self._invite, snap.channel, user),
            )
        for name, role in by_rules.schedules.items():
            yield Resource(
                incident_id=incident.id,
                kind=ResourceKind.ON_CALL,
                subject=name,
                spec={"schedule": name, "role": role},
                create=partial(self._look_up, incident.id, name, role),
            )
        for group in by_rules.groups:
            yield Resource(
                incident_id=incident.id,
                kind=ResourceKind.GROUP_INVITE,
                subject=group,
                spec={"group": group},
                create=partial(self._invite_group, snap, group, frozenset(people)),
            )

    def messages(self, snap: Snapshot) -> Iterator[Resource]:
        """What the channel is told: who is on call, and who of a group can't be invited; each once."""
        for row in snap.resources.values():
            if not row.ref or not snap.incident.is_open:
                continue
            if row.kind is ResourceKind.ON_CALL:
                shown, render = ResourceKind.ON_CALL_SHOWN, words.on_call
            elif row.kind is ResourceKind.GROUP_INVITE and row.ref["refused"]:
                shown, render = ResourceKind.NOT_INVITED, words.not_invited
            else:
                continue
            spec = {"of": row.subject, **row.ref}
            yield self._posts.resource(
                snap.incident,
                shown,
                row.subject,
                spec=spec,
                render=partial(render, spec),
                to=Destination(channel=lambda: snap.channel),
                fixed=True,
            )

    def _invite(self, channel: str, user: str) -> JSON:
        self._chat.invite(channel, user)
        return {"user": user}

    def _invite_group(self, snap: Snapshot, group: str, others: frozenset[str]) -> JSON:
        """Invite the members whom nothing else invites or has invited."""
        with self._store.read() as tx:
            known = resource_rows.of_incident(tx, snap.incident.id).values()
        members = self._chat.group_members(group) - others - _already(known)
        refused = self._chat.invite_all(snap.channel, sorted(members)) if members else {}
        name = self._chat.group_names().get(group, "") if refused else ""
        return {
            "invited": sorted(members - refused.keys()),
            "refused": dict(refused),
            "name": name,
        }

    def _look_up(self, incident_id: str, name: str, role: str) -> JSON:
        """Look up who is on call, and give the first one the role, if nobody has it."""
        found = self._on_call.look_up(name)
        given = self._give(incident_id, found, role) if role and found.users else False
        return {
            "users": list(found.users),
            "unknown": list(found.unknown),
            "role": role if given else "",
        }

    def _give(self, incident_id: str, found: FoundOnCall, role: str) -> bool:
        """Give the role in a transaction of its own; return whether this schedule gave it."""
        source, user, now = f"on_call/{found.schedule}", found.users[0], self._now()
        with self._store.write() as tx:
            incident = rows.get(tx, incident_id, lock=True)
            if timeline_rows.has_source(tx, incident_id, source):
                return True  # before an interruption
            if incident.roles.get(role) or incident.status == CLOSED:
                return False
            roles = MappingProxyType({**incident.roles, role: user})
            rows.save(tx, replace(incident, roles=roles))
            timeline_rows.add_entry(
                tx,
                incident_id=incident_id,
                at=now,
                now=now,
                kind=EntryKind.ROLE,
                author="",
                data={"role": role, "user": user, "before": None},
                source=source,
            )
            audit.add(tx, _line(incident, role, user, source))
            self._follow(tx, incident_id, source)
        return True


def _line(incident: Incident, role: str, user: str, source: str) -> AuditLine:
    return AuditLine(
        actor=MAYDAY,
        act="incident.role",
        outcome=AuditOutcome.DONE,
        incident_id=incident.id,
        origin=source,
        before={"roles": dict(incident.roles)},
        after={"roles": {**incident.roles, role: user}},
        source=f"incident.role/{incident.id}/{source}",
    )


def _already(known: Iterable[ResourceRow]) -> frozenset[str]:
    """Everybody who was invited, or could not be."""
    found: set[str] = set()
    for row in known:
        if row.kind is ResourceKind.INVITE:
            found.add(row.subject)
        elif row.kind is ResourceKind.GROUP_INVITE and row.ref:
            found |= {*row.ref["invited"], *row.ref["refused"]}
    return frozenset(found)
