"""What Slack delivers: committed before it is acknowledged, dealt with after, and again if that failed.

A delivery that cannot be dealt with now (the database is busy, the process is killed) stays in the inbox
and is taken up by the clock; what has been dealt with is skipped when Slack delivers it again.
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
"""How long the listener that follows a delivery has, before the clock takes the delivery up."""

log = structlog.get_logger()


class Inbox:
    """Deliveries by their keys, which are the same when Slack delivers again."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._live: set[str] = set()

    def keep(self, key: str, body: Mapping[str, Any]) -> None:
        """Commit a delivery; raises when it cannot, so that Slack is not told that we have it."""
        with self._store.write() as tx:
            rows.keep(tx, key, body, now=self._now())

    def deal(self, key: str, work: Callable[[], None]) -> None:
        """Do what a delivery asks for, and mark it as done; what is done or under way is skipped.

        Doing it again would undo what came since: a reaction that was taken back would return.
        """
        with self._lock:
            if key in self._live:
                return
            self._live.add(key)
        try:
            self._deal(key, work)
        finally:
            self._live.discard(key)

    def _deal(self, key: str, work: Callable[[], None]) -> None:
        with self._store.read() as tx:
            if rows.is_done(tx, key):
                return
        try:
            work()
        except Exception as exc:
            log.exception("inbox.failed", key=key)
            with self._store.write() as tx:
                rows.failed(tx, key, f"{type(exc).__name__}: {exc}")
            return
        with self._store.write() as tx:
            rows.done(tx, key, now=self._now())

    def take_up(self, work: Callable[[Mapping[str, Any]], None]) -> None:
        """Deal with what was left: deliveries from before a kill, and ones that failed."""
        with self._store.read() as tx:
            waiting = rows.waiting(tx, older_than=self._now() - GRACE)
        for key, body in waiting:
            self.deal(key, partial(work, body))
        with self._store.write() as tx:
            rows.purge(tx, now=self._now())
