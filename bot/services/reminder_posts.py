"""The reminders of an incident as messages: posted once, and changed when somebody answers or snoozes one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.domain.incident import Incident, Policy
from bot.domain.leading import in_charge, speaker
from bot.domain.reminders import ReminderKind
from bot.domain.resources import ResourceKind
from bot.ports import Clock, Post
from bot.render import reminders as words
from bot.services.incident_snapshot import Snapshot
from bot.services.posts import Destination, Posts
from bot.services.reconciler import Resource
from bot.store.resources import ResourceRow

_KINDS = (ResourceKind.REMINDER, ResourceKind.INCIDENT_REMINDER)


def reminder_resources(
    snap: Snapshot, posts: Posts, policy: Policy, now: Clock
) -> Iterator[Resource]:
    """The reminders that are not posted yet, while the incident is open, and those that were answered."""
    for row in snap.resources.values():
        if row.kind not in _KINDS or not (snap.incident.is_open or row.ref):
            continue
        if row.ref and row.spec == row.applied_spec:
            continue  # it stays as it was posted
        yield posts.resource(
            snap.incident,
            row.kind,
            row.subject,
            spec=row.spec,
            render=partial(_render, snap.incident, row, policy, now),
            to=Destination(channel=lambda: snap.channel),
        )


def _render(incident: Incident, row: ResourceRow, policy: Policy, now: Clock) -> Post:
    kind = ReminderKind(row.spec.get("kind", ReminderKind.UPDATE))
    is_update = kind is ReminderKind.UPDATE
    return words.post(
        row.spec,
        subject=f"{kind}/{row.subject}" if is_update else row.subject,
        addressee=speaker(incident, policy) if is_update else in_charge(incident, policy),
        lead=policy.lead,
        hubs=bool(incident.hubs),
        now=now(),
    )
