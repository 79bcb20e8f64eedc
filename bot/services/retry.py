"""Starts the workflow of every resource whose next attempt is due."""

from __future__ import annotations

import threading
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


class Retries:
    """What the clock calls. A request to make everything due is kept until the database carries it out."""

    def __init__(self, store: Store, durable: Durable, now: Clock) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._is_asked = threading.Event()

    def ask_all(self) -> None:
        """Have the next tick make everything that failed due."""
        self._is_asked.set()

    def tick(self) -> int:
        """Start what is due; return how many workflows."""
        if self._is_asked.is_set():
            self._is_asked.clear()
            try:
                retry_all(self._store, self._now)
            except BaseException:
                self._is_asked.set()
                raise
        return retry_due(self._store, self._durable, self._now)
