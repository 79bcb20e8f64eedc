"""Restarts unfinished work that nothing works on; the last resort.

A change and its workflow commit together, and a killed workflow resumes. What is left is a workflow that
ended by an unforeseen error, or whose end the database was not there to record. So every minute each
live incident is compared with what Slack was made to show, and whatever differs and does not wait for
its next attempt is started again.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.domain.incident import Incident
from bot.domain.resources import ResourceKind, ResourceState
from bot.ports import Clock, Durable
from bot.services import publish, sync
from bot.services.diagnose import KEEP as KEEP_DIAGNOSES
from bot.services.run_lost import end_lost_runs
from bot.services.sync import Sync
from bot.store import diagnoses, leases
from bot.store import incidents as incident_rows
from bot.store import resources as rows
from bot.store import runs as run_rows
from bot.store.engine import Store
from bot.store.runs import Run

log = structlog.get_logger()

CLOSED_LATELY = timedelta(days=1)
CLAIM_SECONDS = 45.0
"""How long one replica has the sweep, which every replica attempts once a minute."""
AGAIN = "again/"
MOST_TRIES = 5
"""How often a workflow that ends by an unforeseen error is started again."""


class Sweep:
    """Finds unfinished work that nothing works on. ``now`` is the domain's time, ``wall`` real time."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        syncing: Sync,
        *,
        wall: Clock,
        owner: str,
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._sync = syncing
        self._wall = wall
        self._owner = owner

    def sweep(self) -> None:
        """Start again what is neither done nor waiting for its next attempt, on one replica at a time."""
        for key in self._durable.resume_unrecorded():
            log.warning("sweep.resumed", workflow=key)
        with self._store.write() as tx:
            now = self._store.now(tx)
            if not leases.take(tx, "sweep", self._owner, now=now, seconds=CLAIM_SECONDS):
                return
        moment = self._now()
        self._restart_failed()
        end_lost_runs(self._store, self._durable, self._wall)
        with self._store.write() as tx:
            diagnoses.purge(tx, self._wall() - KEEP_DIAGNOSES)
        with self._store.read() as tx:
            unclosed = incident_rows.unclosed(tx)
            closed = incident_rows.closed_since(tx, moment - CLOSED_LATELY)
            alone = run_rows.outside_of_incidents(tx, since=self._wall() - CLOSED_LATELY)
        for owner in [run.owner for run in alone if self._is_unshown(run)]:
            with self._store.write() as tx:
                sync.enqueue(self._durable, tx, owner, f"sweep/{moment.isoformat()}")
        for incident in (*unclosed, *closed):
            try:
                is_behind = self._is_behind(incident)
            except Exception:  # one that cannot even be compared stops no other
                log.exception("sweep.failed", incident=incident.id)
                continue
            if is_behind:
                with self._store.write() as tx:
                    sync.enqueue(self._durable, tx, incident.id, f"sweep/{moment.isoformat()}")

    def _restart_failed(self) -> None:
        """Restart workflows that ended by an error.

        A run of a runbook is not started again: :func:`end_lost_runs` reports it as failed.
        """
        for key in self._durable.failed_lately():
            kind, incident_id, idempotency_key = (*key.split("/", 2), "")[:3]
            enqueue = {sync.WORKFLOW: sync.enqueue, publish.WORKFLOW: publish.enqueue}.get(kind)
            if enqueue is not None and (again := _again(idempotency_key)):
                with self._store.write() as tx:
                    enqueue(self._durable, tx, incident_id, again)

    def _is_unshown(self, run: Run) -> bool:
        try:
            return bool(self._sync.due(run.owner))
        except Exception:  # as for an incident
            log.exception("sweep.failed", run=run.id)
            return False

    def _is_behind(self, incident: Incident) -> bool:
        if incident.channel_id is not None:
            if incident.channel_checked_at is None:
                return True
            return bool(self._sync.due(incident.id))
        with self._store.read() as tx:
            channel = rows.find(tx, incident.id, ResourceKind.CHANNEL)
        return channel is None or not (
            channel.retry_at or channel.state is ResourceState.NEEDS_HUMAN
        )


def _again(idempotency_key: str) -> str:
    """The idempotency key of the next attempt, always the same; empty after too many."""
    tries, root = 0, idempotency_key
    if idempotency_key.startswith(AGAIN):
        number, _, root = idempotency_key.removeprefix(AGAIN).partition("/")
        tries = int(number)
    return f"{AGAIN}{tries + 1}/{root}" if tries < MOST_TRIES else ""
