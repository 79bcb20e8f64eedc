"""Deliveries that mayday gave up: listed, reported to operators once, and put back when the cause is fixed.

Operators get one message per batch. A batch keeps its id until its message is posted, so that a repeated
attempt can find the message of an earlier one. Every moment is by the database's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, or_, select, update

from bot.domain.resources import digest
from bot.store.engine import Tx
from bot.store.tables import inbox

MOST = 50
"""The most deliveries in a batch."""

BATCH = "batch/"
"""The beginning of a batch's id, which fits with its digest into the column of owners."""


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """A delivery that failed too often. ``error`` is the last one, for an operator."""

    key: str
    received_at: datetime
    given_up_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The deliveries that one message names; they are the same at each attempt."""

    id: str
    deliveries: Sequence[GivenUp]


def given_up(tx: Tx) -> list[GivenUp]:
    """All deliveries that were given up, the latest first."""
    return _rows(tx, _select().order_by(inbox.c.given_up_at.desc(), inbox.c.key))


def put_back(tx: Tx, key: str = "") -> int:
    """Let mayday process this delivery again, or all that were given up; return how many."""
    statement = update(inbox).where(inbox.c.given_up_at.is_not(None))
    if key:
        statement = statement.where(inbox.c.key == key)
    changed = tx.execute(
        statement.values(
            attempts=0, given_up_at=None, notified_at=None, owner=None, claimed_until=None
        )
    )
    return changed.rowcount


def claim_unnotified(tx: Tx, *, now: datetime, until: datetime) -> Batch | None:
    """Claim a batch that no message names yet; return None if there is none or other replicas claim it."""
    unnotified = _select().where(
        inbox.c.notified_at.is_(None),
        or_(inbox.c.claimed_until.is_(None), inbox.c.claimed_until <= now),
    )
    oldest = unnotified.order_by(inbox.c.given_up_at, inbox.c.key).limit(MOST)
    found = tx.execute(oldest.with_for_update(skip_locked=True)).all()
    if not found:
        return None
    begun = next((row.owner for row in found if (row.owner or "").startswith(BATCH)), None)
    if begun is None:
        names = [[row.key, row.given_up_at.isoformat()] for row in found]
        begun = f"{BATCH}{digest(names)}"
        of_batch = inbox.c.key.in_([row.key for row in found])
    else:
        of_batch = inbox.c.owner == begun
    tx.execute(
        update(inbox)
        .where(of_batch, inbox.c.given_up_at.is_not(None), inbox.c.notified_at.is_(None))
        .values(owner=begun, claimed_until=until)
    )
    rows = _rows(tx, _select().where(inbox.c.owner == begun).order_by(inbox.c.key))
    return Batch(id=begun, deliveries=rows)


def postpone(tx: Tx, batch_id: str, *, until: datetime) -> None:
    """Leave a batch alone until then."""
    tx.execute(update(inbox).where(inbox.c.owner == batch_id).values(claimed_until=until))


def mark_notified(tx: Tx, batch_id: str, *, now: datetime) -> None:
    """Record that the message of a batch is posted."""
    tx.execute(update(inbox).where(inbox.c.owner == batch_id).values(notified_at=now))


def _select() -> Select[tuple[object, ...]]:
    return select(inbox).where(inbox.c.given_up_at.is_not(None))


def _rows(tx: Tx, statement: Select[tuple[object, ...]]) -> list[GivenUp]:
    return [
        GivenUp(
            key=row.key,
            received_at=row.received_at,
            given_up_at=row.given_up_at,
            attempts=row.attempts,
            error=row.error,
        )
        for row in tx.execute(statement)
    ]
