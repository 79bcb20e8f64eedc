"""Inviting people to an incident's channel at their own wish."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.ports import Clock, Durable
from bot.services import sync
from bot.store import audit
from bot.store import resources as rows
from bot.store.engine import Store


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
            rows.ask_again(
                tx,
                change.incident_id,
                ResourceKind.INVITE,
                change.by,
                spec={"user": change.by},
                now=self._now(),
            )
            audit.add(tx, change.line("incident.join"))
            sync.enqueue(self._durable, tx, change.incident_id, change.idempotency_key)
        self._begin(change.incident_id)
