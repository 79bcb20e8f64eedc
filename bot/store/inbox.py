"""Deliveries of Slack's: stored before they are acknowledged and until they are processed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import inbox

MAX_ATTEMPTS = 8


def add(tx: Tx, key: str, payload: Mapping[str, Any], *, now: datetime) -> bool:
    """Store a delivery; False when it is there already."""
    return insert_new(
        tx,
        "inbox",
        {"key": key, "payload": dict(payload), "received_at": now, "attempts": 0, "error": ""},
    )


def is_done(tx: Tx, key: str) -> bool:
    """Whether a delivery is processed."""
    found = tx.execute(select(inbox.c.key).where(inbox.c.key == key, inbox.c.done_at.is_not(None)))
    return found.first() is not None


def mark_done(tx: Tx, key: str, *, now: datetime) -> None:
    """Mark a delivery as processed and drop its payload."""
    tx.execute(update(inbox).where(inbox.c.key == key).values(done_at=now, payload={}, error=""))


def count_failure(tx: Tx, key: str, error: str) -> None:
    """Count a failed attempt."""
    tx.execute(
        update(inbox).where(inbox.c.key == key).values(attempts=inbox.c.attempts + 1, error=error)
    )


def pending(tx: Tx, *, older_than: datetime) -> list[tuple[str, Mapping[str, Any]]]:
    """Unprocessed deliveries, oldest first, without those that failed ``MAX_ATTEMPTS`` times."""
    rows = tx.execute(
        select(inbox.c.key, inbox.c.payload)
        .where(
            inbox.c.done_at.is_(None),
            inbox.c.received_at <= older_than,
            inbox.c.attempts < MAX_ATTEMPTS,
        )
        .order_by(inbox.c.received_at)
        .limit(500)
    )
    return [(row.key, row.payload) for row in rows]


def purge(tx: Tx, *, now: datetime, keep_for: timedelta = timedelta(days=3)) -> None:
    """Delete processed rows once no redelivery can come any more (Slack stops after 24 h)."""
    tx.execute(inbox.delete().where(inbox.c.done_at < now - keep_for))
