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
    with store.write() as tx:
        started = set()
        for row in rows.due(tx, moment):
            rows.change(tx, row.key, retry_at=moment + AGAIN)
            enqueue = publish.enqueue if row.kind in PUBLISHED_KINDS else sync.enqueue
            started.add((enqueue, row.incident_id))
        for enqueue, incident_id in started:
            enqueue(durable, tx, incident_id, f"due/{moment.isoformat()}")
    return len(started)
