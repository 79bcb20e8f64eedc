"""Bringing Slack in step with an incident: the one workflow behind every change.

It opens the channel, brings the declarer in, and then makes every other resource separately: one that
fails neither stops the rest nor is forgotten. Running it again when all is well calls nobody.
"""

from __future__ import annotations

from typing import Any

import structlog

from bot.ports import Durable
from bot.services.channel import Channels
from bot.services.reconciler import Reconciler
from bot.services.resources import NOTICE, Resource, Resources, Snapshot
from bot.store import effects as effect_rows
from bot.store.effects import EffectState
from bot.store.engine import Store, Tx

WORKFLOW = "sync"
PUBLISHING = "/publish/"
"""In the keys of the effects that publishing takes care of."""
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
        """Make everything so; rounds, because some things (a pin) need others (the card) first."""
        step = self._durable.step
        step("channel", self.open_channel, incident_id)
        tried: set[str] = set()
        for _ in range(MOST_ROUNDS):
            keys = [k for k in step("pending", self.pending, incident_id) if k not in tried]
            if not keys:
                break
            for key in keys:
                step(key, self.bring_about, incident_id, key)
                tried.add(key)
        step(NOTICE, self.tell_problems, incident_id)

    def open_channel(self, incident_id: str) -> dict[str, Any]:
        """The first step: nothing else can be before the channel."""
        outcome = self._channels.open(incident_id)
        return {"state": outcome.state.value}

    def pending(self, incident_id: str) -> list[str]:
        """The keys of what is not as it should be; what waits for a human is left alone."""
        snap = self._resources.snapshot(incident_id)
        keys = []
        for resource in self._resources.of(snap):
            effect = snap.effects.get(resource.key)
            if effect is None or (
                effect.state is not EffectState.UNCLEAR
                and not (effect.state is EffectState.DONE and effect.done_want == resource.want)
            ):
                keys.append(resource.key)
        return keys

    def bring_about(self, incident_id: str, key: str) -> dict[str, Any]:
        """Ensures one resource."""
        snap = self._resources.snapshot(incident_id)
        for resource in self._resources.of(snap):
            if resource.key == key:
                return self._ensure(incident_id, resource)
        return {"state": "no longer wanted"}

    def tell_problems(self, incident_id: str) -> dict[str, Any]:
        """Tell the person what could not be done, or that it is done now."""
        self._forget_unwanted(self._resources.snapshot(incident_id))
        snap = self._resources.snapshot(incident_id)
        if notice := self._resources.notice(snap):
            return self._ensure(incident_id, notice)
        if untold := snap.effects.get(f"{incident_id}/{NOTICE}"):
            with self._store.write() as tx:
                effect_rows.end(tx, untold.key)
        return {"state": "nothing to tell"}

    def _forget_unwanted(self, snap: Snapshot) -> None:
        """What did not work and is wanted no more is neither tried again nor told of.

        Its state stays: should it be wanted again, it is looked for before it is repeated.
        """
        if snap.incident.channel_id is None:
            return
        kept = {resource.key for resource in self._resources.of(snap)}
        kept |= {f"{snap.incident.id}/channel", f"{snap.incident.id}/{NOTICE}"}
        with self._store.write() as tx:
            for key, effect in snap.effects.items():
                if key in kept or PUBLISHING in key or not (effect.error or effect.retry_at):
                    continue
                effect_rows.change(tx, key, error="", retry_at=None)

    def retry(self, incident_id: str, idempotency_key: str) -> None:
        """Somebody pressed the button: try everything that is not done again, now."""
        with self._store.write() as tx:
            effect_rows.take_up_unclear(tx, incident_id)
            enqueue(self._durable, tx, incident_id, f"retry/{idempotency_key}")

    def _ensure(self, incident_id: str, resource: Resource) -> dict[str, Any]:
        outcome = self._reconciler.ensure(
            resource.key,
            incident_id=incident_id,
            want=resource.want,
            make=resource.make,
            look=resource.look,
            change=resource.change,
        )
        return {"state": outcome.state.value}
