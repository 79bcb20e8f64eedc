"""Deliveries of Slack's: committed before the acknowledgement, processed once, replayed after a failure.

A delivery that cannot be processed now (the database is busy, the process is killed) stays in the inbox
and is replayed by the clock; a processed one is skipped when Slack delivers it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from bot.ports import Clock
from bot.store import inbox as rows
from bot.store.engine import Store

GRACE = timedelta(seconds=15)
"""How long the live listener of a delivery has before the clock replays the delivery."""

log = structlog.get_logger()


class Inbox:
    """Deliveries by their keys, which are the same when Slack delivers again."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._live: set[str] = set()

    def store(self, key: str, body: Mapping[str, Any]) -> None:
        """Commit a delivery; raises where it cannot, so that the delivery is not acknowledged."""
        with self._store.write() as tx:
            rows.add(tx, key, body, now=self._now())

    def process(self, key: str, work: Callable[[], None]) -> None:
        """Do the work of a delivery and mark it as done; skip one that is done or under way.

        Doing it twice would undo what came since: a reaction that was removed would return.
        """
        with self._lock:
            if key in self._live:
                return
            self._live.add(key)
        try:
            self._process(key, work)
        finally:
            self._live.discard(key)

    def _process(self, key: str, work: Callable[[], None]) -> None:
        with self._store.read() as tx:
            if rows.is_done(tx, key):
                return
        try:
            work()
        except Exception as exc:
            log.exception("inbox.failed", key=key)
            with self._store.write() as tx:
                rows.count_failure(tx, key, f"{type(exc).__name__}: {exc}")
            return
        with self._store.write() as tx:
            rows.mark_done(tx, key, now=self._now())

    def replay(self, work: Callable[[Mapping[str, Any]], None]) -> None:
        """Process what is pending: deliveries from before a kill, and ones that failed."""
        with self._store.read() as tx:
            pending = rows.pending(tx, older_than=self._now() - GRACE)
        for key, body in pending:
            self.process(key, partial(work, body))
        with self._store.write() as tx:
            rows.purge(tx, now=self._now())
