"""Deliveries of Slack's: processed once, whichever replica gets them, and replayed after a failure.

An ordinary event is recorded in the transaction that stores its key. What cannot be processed now, and a
request whose work goes on after the acknowledgement, is stored with its payload and a claim: one replica
holds it, and when that replica dies the claim ends and another one replays the delivery.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.logs import masked
from bot.store import audit
from bot.store import inbox as rows
from bot.store.engine import Store, Tx

CLAIM = timedelta(seconds=15)
"""How long a replica holds a delivery that it processes. Work that takes longer may be done again, which
:class:`DurableReply` allows."""

BATCH = 20

log = structlog.get_logger()


class Inbox:
    """Deliveries by their keys, which are the same when Slack delivers again.

    ``owner`` names this replica. :mod:`bot.services.operators` reports the deliveries that are given up.
    """

    def __init__(self, store: Store, *, owner: str) -> None:
        self._store = store
        self._owner = owner

    def first(self, key: str) -> Callable[[Tx], bool]:
        """What marks a live delivery as processed in a transaction; False when another one has it.

        Two replicas that get the same delivery at once wait for each other at the key.
        """
        return lambda tx: rows.add_done(tx, key)

    def finish(self, key: str) -> Callable[[Tx], bool]:
        """What marks a replayed delivery as processed in a transaction; False when its claim was lost."""
        return lambda tx: rows.finish(tx, key, self._owner)

    def store(self, key: str, body: Mapping[str, Any]) -> bool:
        """Commit a delivery that this replica processes; False when it is stored already.

        Raises where it cannot, so that the delivery is not acknowledged.
        """
        with self._store.write() as tx:
            until = self._store.now(tx) + CLAIM
            return rows.add_claimed(tx, key, body, owner=self._owner, until=until)

    def leave(self, key: str, body: Mapping[str, Any]) -> bool:
        """Commit a delivery that is processed by the next replay; False when it is stored already."""
        with self._store.write() as tx:
            return rows.add(tx, key, body)

    def store_failed(self, key: str, body: Mapping[str, Any], exc: Exception) -> None:
        """Commit a delivery whose processing failed, so that it is replayed; raises where it cannot."""
        with self._store.write() as tx:
            rows.add_failed(tx, key, body, _said(exc), now=self._store.now(tx))

    def process(self, key: str, work: Callable[[], None]) -> None:
        """Do the work of a delivery that this replica has claimed, and mark it as done."""
        try:
            work()
        except Exception as exc:
            log.exception("inbox.failed", key=key)
            with self._store.write() as tx:
                now = self._store.now(tx)
                is_given_up = rows.count_failure(tx, key, self._owner, _said(exc), now=now)
                if is_given_up:
                    audit.add(tx, _given_up(key, exc))
            if is_given_up:
                log.error("inbox.given_up", key=key, error=_said(exc))
            return
        with self._store.write() as tx:
            rows.finish(tx, key, self._owner)

    def replay(self, work: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Process what is pending: deliveries of replicas that died, and ones that failed."""
        while claimed := self._claim():
            for key, body in claimed:
                if self._renew(key):
                    self.process(key, partial(work, key, body))
        with self._store.write() as tx:
            rows.purge(tx, now=self._store.now(tx))

    def _claim(self) -> list[tuple[str, Mapping[str, Any]]]:
        with self._store.write() as tx:
            now = self._store.now(tx)
            return rows.claim(tx, self._owner, now=now, until=now + CLAIM, limit=BATCH)

    def _renew(self, key: str) -> bool:
        """Extend the claim; False where it ended while others of its batch were processed."""
        with self._store.write() as tx:
            until = self._store.now(tx) + CLAIM
            return rows.renew(tx, key, self._owner, until=until)


def _given_up(key: str, exc: Exception) -> AuditLine:
    return AuditLine(
        actor=MAYDAY,
        act="delivery.give_up",
        outcome=AuditOutcome.FAILED,
        target=key,
        reason=type(exc).__name__,
    )


def _said(exc: Exception) -> str:
    return masked(f"{type(exc).__name__}: {exc}")
