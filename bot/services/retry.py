"""Starts the workflow of every resource whose next attempt is due."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.resources import PUBLISHED_KINDS
from bot.ports import Clock, Durable
from bot.services import publish, sync
from bot.store import resources as rows
from bot.store.engine import Store

AGAIN = timedelta(minutes=5)
"""When a resource is due again if the workflow started here never gets to it."""


def retry_due(store: Store, durable: Durable, now: Clock) -> int:
    """Start one workflow for each incident with due resources; return how many."""
    moment = now()
    with store.read() as tx:
        if not rows.has_due(tx, moment):
            return 0
    to_sync: dict[str, list[str]] = {}
    to_publish = set()
    with store.write() as tx:
        for key, incident_id, kind in rows.take_due(tx, moment, again_at=moment + AGAIN):
            if kind in PUBLISHED_KINDS:
                to_publish.add(incident_id)
            else:
                to_sync.setdefault(incident_id, []).append(key)
        for incident_id, due in to_sync.items():
            sync.enqueue(durable, tx, incident_id, f"due/{moment.isoformat()}", due=due)
        for incident_id in to_publish:
            publish.enqueue(durable, tx, incident_id, f"due/{moment.isoformat()}")
    return len(to_sync) + len(to_publish)


def retry_all(store: Store, now: Clock) -> None:
    """Make everything that failed due now: after a start or a reconnection it may succeed."""
    with store.write() as tx:
        rows.make_due(tx, now())
