"""Noticing what fell between: the last resort that makes every stored intent end somewhere.

A change and its workflow commit together, and a killed workflow resumes. What is left is a workflow that
ended by an error nobody foresaw, or whose end the database was not there to be told of. So now and then
every live incident is compared with what Slack was told, and whatever is neither so nor waiting for its
next try is started again.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.ports import Clock, Durable
from bot.services import publish, sync
from bot.services.run_lost import end_lost_runs
from bot.services.sync import Sync
from bot.store import effects as effect_rows
from bot.store import incidents as rows
from bot.store.effects import EffectState
from bot.store.engine import Store

log = structlog.get_logger()

CLOSED_LATELY = timedelta(days=1)
AGAIN = "again/"
MOST_TRIES = 5
"""What ends by an error nobody foresaw so often would go on to do so."""


class Sweep:
    """Looks for what nobody works on. ``now`` is the domain's time, ``wall`` real time."""

    def __init__(
        self, store: Store, durable: Durable, now: Clock, syncing: Sync, *, wall: Clock
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._sync = syncing
        self._wall = wall

    def sweep(self) -> None:
        """Start again what is neither done nor waiting."""
        moment = self._now()
        self._go_on()
        end_lost_runs(self._store, self._durable, self._wall)
        with self._store.read() as tx:
            unclosed = rows.unclosed(tx)
            closed = rows.closed_since(tx, moment - CLOSED_LATELY)
        for incident in (*unclosed, *closed):
            try:
                is_behind = self._is_behind(
                    incident.id, has_channel=incident.channel_id is not None
                )
            except Exception:  # one that cannot even be compared stops no other
                log.exception("sweep.failed", incident=incident.id)
                continue
            if is_behind:
                with self._store.write() as tx:
                    sync.enqueue(self._durable, tx, incident.id, f"sweep/{moment.isoformat()}")

    def _go_on(self) -> None:
        """Begin anew what ended by an error, or what a database that was away left half done.

        A run of a runbook is not begun anew: it is told as lost.
        """
        for key in self._durable.cancel_orphaned():
            log.warning("sweep.buried", workflow=key)
        for key in self._durable.failed_lately():
            kind, incident_id, idempotency_key = (*key.split("/", 2), "")[:3]
            enqueue = {sync.WORKFLOW: sync.enqueue, publish.WORKFLOW: publish.enqueue}.get(kind)
            if enqueue is not None and (again := _again(idempotency_key)):
                with self._store.write() as tx:
                    enqueue(self._durable, tx, incident_id, again)

    def _is_behind(self, incident_id: str, *, has_channel: bool) -> bool:
        with self._store.read() as tx:
            waiting = {
                key
                for key, effect in effect_rows.of_incident(tx, incident_id).items()
                if effect.retry_at is not None or effect.state is EffectState.UNCLEAR
            }
        if not has_channel:
            return f"{incident_id}/channel" not in waiting
        return bool(set(self._sync.pending(incident_id)) - waiting)


def _again(idempotency_key: str) -> str:
    """The cause of the next try, the same whenever it is asked for; empty after too many."""
    tries, root = 0, idempotency_key
    if idempotency_key.startswith(AGAIN):
        number, _, root = idempotency_key.removeprefix(AGAIN).partition("/")
        tries = int(number)
    return f"{AGAIN}{tries + 1}/{root}" if tries < MOST_TRIES else ""
