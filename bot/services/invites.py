"""The invitations to an incident's channel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bot.domain.resources import ResourceKind
from bot.ports import JSON, Chat
from bot.services.incident_snapshot import Snapshot
from bot.services.joining import ASKED
from bot.services.reconciler import Resource


def invites(snap: Snapshot, chat: Chat) -> Iterator[Resource]:
    """One for the declarer, each holder of a role, and each person who asked to join."""
    incident = snap.incident
    specs: dict[str, JSON] = {
        user: {"user": user} for user in (incident.declared_by, *incident.roles.values())
    }
    for row in snap.resources.values():
        if row.kind is ResourceKind.INVITE and row.spec.get(ASKED):
            specs[row.subject] = {"user": row.subject, ASKED: True}
    for user, spec in specs.items():
        yield Resource(
            incident_id=incident.id,
            kind=ResourceKind.INVITE,
            subject=user,
            spec=spec,
            create=partial(_invite, chat, snap.channel, user),
        )


def _invite(chat: Chat, channel: str, user: str) -> JSON:
    chat.invite(channel, user)
    return {"user": user}
