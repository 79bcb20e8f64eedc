"""Inviting people to an incident's channel at their own wish, or because theirs was a duplicate of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.domain.state_change import StateChange
from bot.ports import Clock, Durable
from bot.services import sync
from bot.store import audit
from bot.store import resources as rows
from bot.store.engine import Store, Tx

ASKED = "asked"
"""In the spec of an invitation that follows from no role of the person."""


def ask_to_invite(tx: Tx, incident_id: str, user: str, *, now: datetime) -> None:
    """Have a person invited, also one who was before and has left since."""
    spec = {"user": user, ASKED: True}
    if rows.add(tx, incident_id, ResourceKind.INVITE, user, spec=spec, now=now):
        return
    key = resource_key(incident_id, ResourceKind.INVITE, user)
    known = rows.get(tx, key, lock=True)
    if known is not None and known.attempted_at is None:
        # Inviting somebody who is in the channel does nothing.
        state = ResourceState.PENDING.value
        rows.change(tx, key, state=state, spec=spec, ref={}, applied_spec=None, retry_at=now)


class Joining:
    """``begin`` is called with the incident's id once the wish is committed."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        begin: Callable[[str], None] = lambda _incident_id: None,
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._begin = begin

    def join(self, change: StateChange) -> None:
        """Invite the person who asks to the incident's channel."""
        with self._store.write() as tx:
            ask_to_invite(tx, change.incident_id, change.by, now=self._now())
            audit.add(tx, change.line("incident.join"))
            sync.enqueue(self._durable, tx, change.incident_id, change.idempotency_key)
        self._begin(change.incident_id)
