"""The workflow behind every change: it brings Slack in step with an incident.

It opens the channel and then ensures every other resource separately, so that one failure neither
stops the others nor is forgotten. When Slack shows everything already, it calls nobody.
"""

from __future__ import annotations

from typing import Any

import structlog

from bot.domain.resources import PUBLISHED_KINDS, ResourceKind, ResourceState
from bot.ports import Durable
from bot.services.channel import Channels
from bot.services.incident_snapshot import Snapshot
from bot.services.reconciler import Reconciler
from bot.services.resources import Resources
from bot.store import resources as rows
from bot.store.engine import Store, Tx

WORKFLOW = "sync"
MOST_ROUNDS = 5

log = structlog.get_logger()


def enqueue(durable: Durable, tx: Tx, incident_id: str, idempotency_key: str) -> None:
    """Have Slack follow what this transaction changes; ``idempotency_key`` is unique to the change."""
    durable.enqueue(
        tx,
        WORKFLOW,
        key=f"{WORKFLOW}/{incident_id}/{idempotency_key}",
        partition_key=incident_id,
        args=[incident_id],
    )


class Sync:
    """The workflow and its steps."""

    def __init__(
        self,
        store: Store,
        reconciler: Reconciler,
        durable: Durable,
        channels: Channels,
        resources: Resources,
    ) -> None:
        self._store = store
        self._reconciler = reconciler
        self._durable = durable
        self._channels = channels
        self._resources = resources

    def workflow(self, incident_id: str) -> None:
        """Ensure everything, in rounds, because some resources (a pin) need others (the card) first."""
        step = self._durable.step
        step("channel", self.open_channel, incident_id)
        attempted: set[str] = set()
        for _ in range(MOST_ROUNDS):
            pending = step("pending", self.pending, incident_id)
            keys = [key for key in pending if key not in attempted]
            if not keys:
                break
            for key in keys:
                step(key, self.ensure, incident_id, key)
                attempted.add(key)
        step("notice", self.notify, incident_id)

    def open_channel(self, incident_id: str) -> dict[str, Any]:
        """The first step, since everything else needs the channel."""
        return {"state": self._channels.open(incident_id).state.value}

    def pending(self, incident_id: str) -> list[str]:
        """The keys of what Slack does not show as it must, without what needs a human."""
        snap = self._resources.snapshot(incident_id)
        keys = []
        for resource in self._resources.of(snap):
            row = snap.resources.get(resource.key)
            if row is None or not (
                row.state is ResourceState.NEEDS_HUMAN or resource.is_shown(row)
            ):
                keys.append(resource.key)
        return keys

    def ensure(self, incident_id: str, key: str) -> dict[str, Any]:
        """Ensure one resource as the incident is now."""
        snap = self._resources.snapshot(incident_id)
        for resource in self._resources.of(snap):
            if resource.key == key:
                return {"state": self._reconciler.ensure(resource).state.value}
        return {"state": "not needed"}

    def notify(self, incident_id: str) -> dict[str, Any]:
        """Show people what failed, or that everything is done now."""
        self._clear_unneeded(self._resources.snapshot(incident_id))
        snap = self._resources.snapshot(incident_id)
        if notice := self._resources.notice(snap):
            return {"state": self._reconciler.ensure(notice).state.value}
        if unsent := snap.row(ResourceKind.NOTICE):
            with self._store.write() as tx:
                rows.release(tx, unsent.key)
        return {"state": "not needed"}

    def _clear_unneeded(self, snap: Snapshot) -> None:
        """Stop retries and errors of what failed and is not needed any more.

        Its state stays: if it is needed again, it is looked for before it is created again.
        """
        if snap.incident.channel_id is None:
            return
        needed = {resource.key for resource in self._resources.of(snap)}
        others = PUBLISHED_KINDS | {ResourceKind.CHANNEL, ResourceKind.NOTICE}
        with self._store.write() as tx:
            for key, row in snap.resources.items():
                if key in needed or row.kind in others or not (row.error or row.retry_at):
                    continue
                rows.change(tx, key, error="", retry_at=None)

    def retry(self, incident_id: str, idempotency_key: str) -> None:
        """Attempt everything that is not done again now, as a person asks for with the button."""
        with self._store.write() as tx:
            rows.resume_needing_human(tx, incident_id)
            enqueue(self._durable, tx, incident_id, f"retry/{idempotency_key}")

    def adopt(self) -> None:
        """Record what Slack shows where an older version recorded only words; this calls nobody.

        Runs before any work begins: the migration marks only what was in step when it ran.
        """
        with self._store.read() as tx:
            incident_ids = rows.incidents_unrecorded(tx)
        for incident_id in incident_ids:
            try:
                self._adopt(incident_id)
            except Exception:  # one that cannot be read stops no other, and is updated once instead
                log.exception("sync.adopt_failed", incident=incident_id)

    def _adopt(self, incident_id: str) -> None:
        snap = self._resources.snapshot(incident_id)
        shown = {resource.key: resource for resource in self._resources.of(snap)}
        if notice := self._resources.notice(snap):
            shown[notice.key] = notice
        with self._store.write() as tx:
            for key, row in snap.resources.items():
                if row.rendering != rows.UNRECORDED:
                    continue
                if resource := shown.get(key):
                    spec = dict(resource.spec)
                    rows.change(tx, key, spec=spec, applied_spec=spec, rendering=resource.rendering)
                else:
                    rows.change(tx, key, rendering=None)
