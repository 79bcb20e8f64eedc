"""What an operator should know, read from the database; nothing here changes a row or a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import ColumnElement, func, make_url, or_, select
from sqlalchemy.exc import ArgumentError

from bot.domain.resources import ResourceState
from bot.store.engine import Tx, normal_url
from bot.store.leases import Replica
from bot.store.tables import inbox, incident, reading, reminder, replica, resource


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The schema's version, empty without tables, and the one of this mayday."""

    found: str
    needed: str
    is_older: bool

    @property
    def fits(self) -> bool:
        """Whether this mayday can read the tables."""
        return self.found == self.needed


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A resource that needs a person or whose last attempt failed.

    ``place`` is the incident's channel, or the id of a private one, whose channel is named by its title, or
    of a run outside of incidents.
    """

    key: str
    kind: str
    place: str
    needs_human: bool
    error: str
    attempts: int
    retry_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """Work of one kind that is due for longer than it should be; ``since`` is the longest."""

    number: int
    since: datetime


def missing_file(url: str) -> Path | None:
    """Return the file of a SQLite database that doesn't exist yet, so that looking doesn't create it."""
    try:
        parsed = make_url(normal_url(url))
    except (ArgumentError, ValueError):  # Store raises what shows no password
        return None
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return None
    file = Path(parsed.database)
    return None if file.exists() else file


def schema(tx: Tx) -> Schema:
    """The version of the tables, and the one that this mayday needs."""
    config = AlembicConfig()
    config.set_main_option("script_location", "migrations:")
    scripts = ScriptDirectory.from_config(config)
    found = MigrationContext.configure(tx).get_current_revision() or ""
    return Schema(
        found=found,
        needed=scripts.get_current_head() or "",
        is_older=found in {each.revision for each in scripts.walk_revisions()},
    )


def replicas(tx: Tx) -> list[Replica]:
    """The processes that used this database, the latest first."""
    rows = tx.execute(select(replica).order_by(replica.c.started_at.desc())).mappings()
    return [Replica(**row) for row in rows]


def troubles(tx: Tx) -> list[Trouble]:
    """The resources that need a person, then those whose last attempt failed, by incident."""
    rows = tx.execute(
        select(
            resource.c.key,
            resource.c.kind,
            resource.c.incident_id,
            resource.c.run_id,
            incident.c.channel_name,
            incident.c.private,
            resource.c.state,
            resource.c.error,
            resource.c.attempts,
            resource.c.retry_at,
        )
        .outerjoin(incident, incident.c.id == resource.c.incident_id)
        .where(
            or_(
                resource.c.state == ResourceState.NEEDS_HUMAN.value,
                resource.c.error != "",
            )
        )
        .order_by(resource.c.state.desc(), incident.c.declared_at.desc(), resource.c.key)
    )
    return [
        Trouble(
            key=row.key,
            kind=row.kind,
            place=_place(row),
            needs_human=row.state == ResourceState.NEEDS_HUMAN.value,
            error=row.error,
            attempts=row.attempts,
            retry_at=row.retry_at,
        )
        for row in rows
    ]


def _place(row: Any) -> str:
    if row.run_id:
        return f"run {row.run_id}"
    return f"incident {row.incident_id}" if row.private else f"#{row.channel_name}"


def overdue_reminders(tx: Tx, before: datetime) -> Overdue | None:
    """Reminders that were due before that moment, by the domain's clock."""
    return _overdue(tx, reminder.c.due_at, reminder.c.due_at < before)


def overdue_retries(tx: Tx, before: datetime) -> Overdue | None:
    """Failed resources whose next attempt was due before that moment, by the domain's clock."""
    return _overdue(tx, resource.c.retry_at, resource.c.retry_at < before)


def overdue_deliveries(tx: Tx, before: datetime) -> Overdue | None:
    """Deliveries that waited before that moment and still do, by the database's clock.

    One that failed waits for its next attempt until its claim ends.
    """
    waits = (
        inbox.c.done_at.is_(None)
        & inbox.c.given_up_at.is_(None)
        & (inbox.c.received_at < before)
        & or_(inbox.c.claimed_until.is_(None), inbox.c.claimed_until < before)
    )
    return _overdue(tx, inbox.c.received_at, waits)


def overdue_readings(tx: Tx, before: datetime, now: datetime) -> Overdue | None:
    """Readings of channels that were due before that moment and that nobody does, by the database's clock."""
    is_free = or_(reading.c.claimed_until.is_(None), reading.c.claimed_until < now)
    return _overdue(tx, reading.c.due_at, (reading.c.due_at < before) & is_free)


def overdue_attempts(tx: Tx, before: datetime) -> Overdue | None:
    """Attempts that began before that moment and that nobody ended, by the database's clock."""
    left = (
        (resource.c.state == ResourceState.ATTEMPTING.value)
        & (resource.c.attempted_at < before)
        & resource.c.retry_at.is_(None)
    )
    return _overdue(tx, resource.c.attempted_at, left)


def _overdue(
    tx: Tx, since: ColumnElement[datetime], condition: ColumnElement[bool]
) -> Overdue | None:
    number, first = tx.execute(select(func.count(), func.min(since)).where(condition)).one()
    return Overdue(number=number, since=first) if number else None
