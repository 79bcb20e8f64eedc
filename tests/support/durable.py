"""Durable work for tests that run no bot, and what its database says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text

from bot.durable import DurableWork
from bot.store.engine import Store


@contextmanager
def working(
    store: Store, executor: str = "one", **workflows: Callable[..., Any]
) -> Iterator[DurableWork]:
    """Durable work with these workflows; they may use ``step``."""
    work = DurableWork(store.url, executor=executor, poll=0.02)
    for name, fn in workflows.items():
        work.workflow(name, fn)
    work.launch()
    try:
        yield work
    finally:
        work.close()


def enqueue(
    work: DurableWork, store: Store, key: str, *args: Any, partition_key: str = "lane"
) -> None:
    """Enqueue one in a separate transaction."""
    with store.write() as tx:
        work.enqueue(tx, "note", key=key, partition_key=partition_key, args=args)


def workflows(store: Store) -> str:
    """The DBOS table."""
    return "workflow_status" if store.is_sqlite else "dbos.workflow_status"


def ended(store: Store) -> dict[str, str]:
    """Status by ended workflow."""
    with store.read() as tx:
        found = tx.execute(
            text(
                f"SELECT workflow_uuid, status FROM {workflows(store)} "
                "WHERE status NOT IN ('ENQUEUED', 'PENDING')"
            )
        )
        return {row.workflow_uuid: row.status for row in found}
