"""The workflow behind every change: it brings Slack in step with an incident.

It opens the channel and then ensures every other resource separately, so that one failure neither
stops the others nor is forgotten. When Slack shows everything already, it calls nobody. How far it has
come is in the rows of the resources, so two of these at once, or a kill, do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from bot.domain.resources import PUBLISHED_KINDS, ResourceKind
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.ports import Durable
from bot.services.channel import Channels
from bot.services.channel_guard import LookAt
from bot.services.incident_snapshot import Snapshot
from bot.services.lanes import Lanes
from bot.services.reconciler import Reconciler, Resource
from bot.store import audit
from bot.store import resources as rows
from bot.store.engine import Store, Tx
from bot.store.runs import ALONE

if TYPE_CHECKING:  # which imports this module
    from bot.services.resources import Resources

WORKFLOW = "sync"
BEGUN_AT_ONCE = 4

log = structlog.get_logger()


def enqueue(
    durable: Durable, tx: Tx, incident_id: str, idempotency_key: str, *, due: Sequence[str] = ()
) -> None:
    """Have Slack follow what this transaction changes; ``idempotency_key`` is unique to the change.

    ``incident_id`` is the owner of what changes: for a run, :attr:`bot.store.runs.Run.owner`.
    ``due`` are keys of resources that are attempted now although they wait for a later attempt.
    """
    durable.enqueue(
        tx,
        WORKFLOW,
        key=f"{WORKFLOW}/{incident_id}/{idempotency_key}",
        partition_key=incident_id,
        args=[incident_id, list(due)],
    )


class Sync:
    """The workflow and its steps.

    ``search`` indexes an incident, after people were shown all else, and returns whether it is like past
    outages that are still to be posted.
    """

    def __init__(
        self,
        store: Store,
        reconciler: Reconciler,
        durable: Durable,
        channels: Channels,
        resources: Resources,
        look: LookAt,
        search: Callable[[str], bool] = lambda _incident_id: False,
    ) -> None:
        self._store = store
        self._search = search
        self._reconciler = reconciler
        self._durable = durable
        self._channels = channels
        self._resources = resources
        self._look = look
        self._lanes = Lanes(reconciler)
        self._begun = ThreadPoolExecutor(BEGUN_AT_ONCE, thread_name_prefix="sync")

    def workflow(self, incident_id: str, due: Sequence[str] = ()) -> None:
        """Bring Slack in step, as one step: what was done already is in the rows."""
        self._durable.step("sync", self.bring_in_step, incident_id, due)

    def begin(self, incident_id: str) -> None:
        """Bring Slack in step now instead of when the queue is polled, since a person waits for it.

        The workflow that the change enqueued follows, in case this is interrupted.
        """
        self._begun.submit(self._begin, incident_id)

    def _begin(self, incident_id: str) -> None:
        try:
            self.bring_in_step(incident_id)
        except Exception:  # the workflow tries again
            log.exception("sync.begin_failed", incident=incident_id)

    def bring_in_step(self, incident_id: str, due: Sequence[str] = ()) -> None:
        """Open the channel, ensure what is due side by side, and show people what failed."""
        if incident_id.startswith(ALONE):
            return self._show_alone(incident_id.removeprefix(ALONE), due)
        snap = self._resources.snapshot(incident_id)
        if snap.incident.channel_id is None:
            self._channels.open(incident_id)
        elif snap.incident.channel_state or snap.incident.channel_checked_at is None:
            self._look_again(incident_id)
        self._lanes.run(lambda: self.due(incident_id, due))
        self._notify(incident_id)
        if self._search(incident_id):
            self._lanes.run(lambda: self.due(incident_id, due))
        return None

    def _show_alone(self, run_id: str, keys: Sequence[str]) -> None:
        """Show a run outside of incidents, in a direct message where Slack refuses its channel."""
        alone = self._resources.alone
        self._lanes.run(lambda: alone.due(run_id, keys))
        if alone.move_to_dm(run_id):
            self._lanes.run(lambda: alone.due(run_id))

    def _look_again(self, incident_id: str) -> None:
        """See whether mayday can work in the channel; where Slack does not say, the rest goes on."""
        try:
            self._look(incident_id)
        except (UserError, RetryLater) as exc:
            log.warning("sync.not_looked", incident=incident_id, error=str(exc))

    def due(self, incident_id: str, keys: Sequence[str] = ()) -> list[Resource]:
        """What Slack does not show as it must, without what needs a person or waits for its next attempt.

        Those with ``keys`` do not wait.
        """
        if incident_id.startswith(ALONE):
            return self._resources.alone.due(incident_id.removeprefix(ALONE), keys)
        return self._resources.due(self._resources.snapshot(incident_id), keys)

    def close(self) -> None:
        """Begin nothing more."""
        self._begun.shutdown(wait=False, cancel_futures=True)
        self._lanes.close()

    def _notify(self, incident_id: str) -> None:
        """Show people what failed, or that everything is done now."""
        snap = self._resources.snapshot(incident_id)
        if self._clear_unneeded(snap):
            snap = self._resources.snapshot(incident_id)
        if notice := self._resources.notice(snap):
            self._reconciler.ensure(notice)
        elif (unsent := snap.row(ResourceKind.NOTICE)) and (unsent.error or unsent.retry_at):
            with self._store.write() as tx:
                rows.release(tx, unsent.key)

    def _clear_unneeded(self, snap: Snapshot) -> bool:
        """Stop retries and errors of what is not needed any more or shown; return whether there was any.

        Its state stays: if it is needed again, it is looked for before it is created again.
        """
        if snap.incident.channel_id is None:
            return False
        needed = {
            resource.key
            for resource in self._resources.of(snap)
            if not ((row := snap.resources.get(resource.key)) and resource.is_shown(row))
        }
        others = PUBLISHED_KINDS | {ResourceKind.CHANNEL, ResourceKind.NOTICE}
        unneeded = [
            key
            for key, row in snap.resources.items()
            if key not in needed and row.kind not in others and (row.error or row.retry_at)
        ]
        if unneeded:
            with self._store.write() as tx:
                for key in unneeded:
                    rows.change(tx, key, error="", retry_at=None)
        return bool(unneeded)

    def retry(self, change: StateChange) -> None:
        """Attempt everything that is not done again now, as a person asks for with the button."""
        with self._store.write() as tx:
            audit.add(tx, change.line("slack.retry"))
            rows.resume_needing_human(tx, change.incident_id)
            key = f"retry/{change.idempotency_key}"
            enqueue(self._durable, tx, change.incident_id, key)

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
