"""When the history of each incident's channel is read next, by which process, and how far it was read.

Every moment but ``quiet_since`` is by the database's clock. A process that reads a channel holds its row's
claim; once the claim has ended another process may take it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import true

from bot.store.engine import Tx
from bot.store.tables import incident, reading


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A claimed reading. ``threads`` maps a thread's ts to its latest reply and its number of replies."""

    incident_id: str
    is_whole: bool
    asked: int
    newest: str
    threads: Mapping[str, Any]


def needs_work(tx: Tx, now: datetime, *, quiet_since: datetime) -> bool:
    """Whether a row is due, missing or no longer needed."""
    due = exists().where(*_due(now))
    missing = exists().where(_is_read(quiet_since), ~_has_row())
    stale = exists().where(*_stale(now, quiet_since))
    return bool(tx.execute(select(or_(due, missing, stale))).scalar())


def align(tx: Tx, now: datetime, *, quiet_since: datetime) -> None:
    """Give each incident whose channel is read a row, which is due at once, and delete all others."""
    first = select(
        incident.c.id,
        literal(now, reading.c.due_at.type),
        true(),
        literal(1),
        literal(""),
        literal({}, reading.c.threads.type),
    ).where(_is_read(quiet_since), ~_has_row())
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    tx.execute(
        dialect.insert(reading)
        .from_select(["incident_id", "due_at", "is_whole", "asked", "newest", "threads"], first)
        .on_conflict_do_nothing()
    )
    tx.execute(reading.delete().where(*_stale(now, quiet_since)))


def ask_whole(tx: Tx, now: datetime, *, quiet_since: datetime) -> None:
    """Request a whole reading of every channel that is read."""
    align(tx, now, quiet_since=quiet_since)
    tx.execute(update(reading).values(is_whole=True, asked=reading.c.asked + 1, due_at=now))


def ask_whole_of(tx: Tx, incident_id: str, now: datetime) -> None:
    """Request a whole reading of one channel, if it is read."""
    tx.execute(
        update(reading)
        .where(reading.c.incident_id == incident_id)
        .values(is_whole=True, asked=reading.c.asked + 1, due_at=now)
    )


def claim(tx: Tx, now: datetime, *, owner: str, until: datetime, limit: int) -> list[Reading]:
    """Claim up to ``limit`` due readings, those that are due longest first."""
    ids = (
        tx.execute(
            select(reading.c.incident_id)
            .where(*_due(now))
            .order_by(reading.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        .scalars()
        .all()
    )
    if not ids:
        return []
    tx.execute(
        update(reading)
        .where(reading.c.incident_id.in_(ids))
        .values(owner=owner, claimed_until=until)
    )
    rows = tx.execute(select(*_COLUMNS).where(reading.c.incident_id.in_(ids)))
    return [Reading(**row) for row in rows.mappings()]


def take(tx: Tx, incident_id: str, now: datetime, *, owner: str, until: datetime) -> Reading:
    """Request a whole reading and claim it, from another process too, which then stops reading."""
    dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
    ours = {"is_whole": True, "due_at": now, "owner": owner, "claimed_until": until}
    tx.execute(
        dialect.insert(reading)
        .values(incident_id=incident_id, asked=1, newest="", threads={}, **ours)
        .on_conflict_do_update(
            index_elements=["incident_id"], set_={**ours, "asked": reading.c.asked + 1}
        )
    )
    rows = tx.execute(select(*_COLUMNS).where(reading.c.incident_id == incident_id))
    return Reading(**rows.mappings().one())


def held(tx: Tx, incident_id: str, *, owner: str, lock: bool = False) -> Reading | None:
    """The reading as it is now if this process still holds its claim; ``lock`` keeps it until the commit."""
    statement = select(*_COLUMNS).where(
        reading.c.incident_id == incident_id, reading.c.owner == owner
    )
    row = tx.execute(statement.with_for_update() if lock else statement).mappings().first()
    return Reading(**row) if row else None


def renew(tx: Tx, incident_ids: Collection[str], *, owner: str, until: datetime) -> None:
    """Extend the claims of readings that go on."""
    if incident_ids:
        tx.execute(
            update(reading)
            .where(reading.c.incident_id.in_(incident_ids), reading.c.owner == owner)
            .values(claimed_until=until)
        )


def release(tx: Tx, incident_id: str, *, owner: str, **values: Any) -> None:
    """End a claim that this process holds, and change other columns."""
    tx.execute(
        update(reading)
        .where(reading.c.incident_id == incident_id, reading.c.owner == owner)
        .values(owner=None, claimed_until=None, **values)
    )


_COLUMNS = (
    reading.c.incident_id,
    reading.c.is_whole,
    reading.c.asked,
    reading.c.newest,
    reading.c.threads,
)


def _is_read(quiet_since: datetime) -> ColumnElement[bool]:
    """Whether an incident's channel is read regularly."""
    return (
        incident.c.closed_at.is_(None)
        & incident.c.channel_id.is_not(None)
        & or_(incident.c.resolved_at.is_(None), incident.c.resolved_at > quiet_since)
    )


def _has_row() -> ColumnElement[bool]:
    return exists().where(reading.c.incident_id == incident.c.id).correlate(incident)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(reading.c.owner.is_(None), reading.c.claimed_until <= now)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return reading.c.due_at <= now, _is_free(now)


def _stale(now: datetime, quiet_since: datetime) -> tuple[ColumnElement[bool], ...]:
    is_read = (
        exists()
        .where(incident.c.id == reading.c.incident_id, _is_read(quiet_since))
        .correlate(reading)
    )
    return _is_free(now), ~is_read
