"""Deliveries of Slack's: an ordinary event's key, or a delivery that waits for its work, with its claim.

A claim is held by one replica until a moment of the database's clock. Whoever finishes a delivery must
still hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from bot.store.columns import NOW
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import inbox

MAX_ATTEMPTS = 8
RETRY = timedelta(seconds=10)
"""The pause after the first failure; it doubles with each, to 20 minutes in all."""


def add_done(tx: Tx, key: str) -> bool:
    """Store the key of a delivery that this transaction processes; False when it is there already."""
    values = {"key": key, "payload": {}, "attempts": 0, "error": ""}
    return insert_new(tx, "inbox", values, stamped=("received_at", "done_at"))


def add_claimed(
    tx: Tx, key: str, payload: Mapping[str, Any], *, owner: str, until: datetime
) -> bool:
    """Store a delivery with its claim; False when it is there already."""
    claim = {"owner": owner, "claimed_until": until}
    values = {"key": key, "payload": dict(payload), "attempts": 0, "error": "", **claim}
    return insert_new(tx, "inbox", values, stamped=("received_at",))


def add(tx: Tx, key: str, payload: Mapping[str, Any]) -> bool:
    """Store a delivery that any replica may process; False when it is there already."""
    values = {"key": key, "payload": dict(payload), "attempts": 0, "error": ""}
    return insert_new(tx, "inbox", values, stamped=("received_at",))


def add_failed(tx: Tx, key: str, payload: Mapping[str, Any], error: str, *, now: datetime) -> None:
    """Store a delivery whose first attempt failed, unless it is there already."""
    values = {"key": key, "payload": dict(payload), "attempts": 1, "error": error}
    insert_new(tx, "inbox", {**values, "claimed_until": now + RETRY}, stamped=("received_at",))


def claim(
    tx: Tx, owner: str, *, now: datetime, until: datetime, limit: int
) -> list[tuple[str, Mapping[str, Any]]]:
    """Claim pending deliveries that nobody works on, the oldest first; return keys and payloads."""
    free = or_(inbox.c.claimed_until.is_(None), inbox.c.claimed_until <= now)
    rows = tx.execute(
        select(inbox.c.key, inbox.c.payload)
        .where(inbox.c.done_at.is_(None), inbox.c.attempts < MAX_ATTEMPTS, free)
        .order_by(inbox.c.received_at, inbox.c.key)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    keys = [row.key for row in rows]
    if keys:
        claimed = {"owner": owner, "claimed_until": until}
        tx.execute(update(inbox).where(inbox.c.key.in_(keys)).values(**claimed))
    return [(row.key, row.payload) for row in rows]


def renew(tx: Tx, key: str, owner: str, *, until: datetime) -> bool:
    """Extend a claim; False when another replica has it, or the delivery is processed."""
    return _change(tx, key, owner, {"claimed_until": until})


def finish(tx: Tx, key: str, owner: str) -> bool:
    """Mark a delivery as processed and drop its payload; False when the claim on it was lost."""
    values = {"done_at": NOW, "payload": {}, "error": "", "owner": None}
    return _change(tx, key, owner, values)


def count_failure(tx: Tx, key: str, owner: str, error: str, *, now: datetime) -> bool:
    """Count a failed attempt and end the claim; return whether the delivery is given up.

    Otherwise it is tried again after a pause. The payload of one that is given up is kept.
    """
    held = tx.execute(select(inbox.c.attempts).where(_held(key, owner)).with_for_update()).scalar()
    if held is None:
        return False
    values: dict[str, Any] = {"attempts": held + 1, "error": error, "owner": None}
    is_given_up = bool(held + 1 >= MAX_ATTEMPTS)
    if is_given_up:
        values |= {"claimed_until": None, "given_up_at": now}
    else:
        values["claimed_until"] = now + RETRY * 2**held
    tx.execute(update(inbox).where(inbox.c.key == key).values(**values))
    return is_given_up


def purge(tx: Tx, *, now: datetime, keep_for: timedelta = timedelta(days=3)) -> None:
    """Delete processed rows once no redelivery can come any more (Slack stops after 24 h)."""
    tx.execute(inbox.delete().where(inbox.c.done_at < now - keep_for))


def _change(tx: Tx, key: str, owner: str, values: Mapping[Any, Any]) -> bool:
    """Change a pending delivery that this replica has claimed."""
    return tx.execute(update(inbox).where(_held(key, owner)).values(values)).rowcount > 0


def _held(key: str, owner: str) -> ColumnElement[bool]:
    return (inbox.c.key == key) & (inbox.c.owner == owner) & inbox.c.done_at.is_(None)
