"""Lets the time pass that two readings of a channel need to prove a deletion."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from bot.services.backfill import Backfill
from bot.store.engine import Store
from bot.store.tables import message, reading, tag

MOMENTS = (message.c.changed_at, message.c.absent_at, tag.c.changed_at, reading.c.due_at)
"""What readings compare with the database's clock, which no test can set."""


def pass_time(store: Store, *, minutes: float = 2) -> None:
    """Make these moments older."""
    with store.write() as tx:
        for column in MOMENTS:
            known = tx.execute(select(column).where(column.is_not(None)).distinct()).scalars()
            for moment in sorted(known.all()):
                older = {column.name: moment - timedelta(minutes=minutes)}
                tx.execute(update(column.table).where(column == moment).values(older))


def read_twice(backfill: Backfill, store: Store) -> None:
    """Read all channels twice, with the time between that proves a deletion."""
    for _ in range(2):
        pass_time(store)
        backfill.all()
