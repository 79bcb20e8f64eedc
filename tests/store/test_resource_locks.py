"""Transactions that change many resources lock them in one order."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.domain.resources import ResourceKind
from bot.store import resources as rows
from bot.store.engine import DatabaseError, Store, Tx
from tests.support.rows import NOW, stored

ID = "abc123abc123"
KEYS = [f"{ID}/invite/U{number:02}" for number in range(40)]


def test_a_persons_request_and_a_sync_do_not_wait_for_each_other(postgres_url: str) -> None:
    store = Store(postgres_url)
    store.migrate()
    stored(store)
    with store.write() as tx:
        for key in KEYS:
            rows.add(
                tx, ID, ResourceKind.INVITE, key.rpartition("/")[2], spec={"user": ""}, now=NOW
            )

    def shuffle() -> None:
        """Have the rows lie in another order than that of their keys."""
        with store.write() as tx:
            for key in reversed(KEYS):
                rows.change(tx, key, state="failed", error="Add the scope.", retry_at=NOW)

    failures: list[str] = []
    at_once = threading.Barrier(2, action=shuffle)

    def often(work: Callable[[Tx], None]) -> None:
        for _ in range(30):
            at_once.wait(60)
            try:
                with store.write() as tx:
                    work(tx)
            except DatabaseError as exc:
                failures.append(str(exc.orig))

    def request(tx: Tx) -> None:
        rows.resume_needing_human(tx, ID)

    def clear(tx: Tx) -> None:
        for key in rows.of_incident(tx, ID):
            rows.change(tx, key, error="", retry_at=NOW)

    threads = [threading.Thread(target=often, args=[work]) for work in (request, clear)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    store.close()
    assert failures == []
