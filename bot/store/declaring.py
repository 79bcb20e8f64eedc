"""Queries about declaring: incidents' numbers, and what is open already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from bot.domain.incident import CLOSED, LEFT, RESOLVED, Incident
from bot.store.engine import Tx
from bot.store.incidents import from_row, insert_new
from bot.store.tables import incident, incident_number


def lock(tx: Tx, team_id: str) -> int:
    """The number of the team's last incident; nobody else declares there until the transaction ends.

    Incidents without a number, which an earlier version stored during an update, get theirs.
    """
    insert_new(tx, "incident_number", {"team_id": team_id, "last": 0})
    row = incident_number.c.team_id == team_id
    statement = update(incident_number).where(row)
    last = tx.execute(
        statement.values(last=incident_number.c.last).returning(incident_number.c.last)
    ).scalar_one()
    ids = tx.execute(
        select(incident.c.id)
        .where(incident.c.team_id == team_id, incident.c.number.is_(None))
        .order_by(incident.c.declared_at, incident.c.id)
    ).scalars()
    for last, incident_id in enumerate(ids.all(), start=last + 1):  # noqa: B020
        tx.execute(update(incident).where(incident.c.id == incident_id).values(number=last))
        tx.execute(statement.values(last=last))
    return int(last)


def take_number(tx: Tx, team_id: str, number: int) -> None:
    """Record the number of the team's last incident, in the transaction that holds :func:`lock`."""
    row = incident_number.c.team_id == team_id
    tx.execute(update(incident_number).where(row).values(last=number))


def open_since(tx: Tx, team_id: str, moment: datetime, *, drill: bool) -> list[Incident]:
    """The public incidents, or drills, that were declared after this moment and are open; newest first."""
    rows = tx.execute(
        select(incident)
        .where(
            incident.c.team_id == team_id,
            incident.c.declared_at > moment,
            incident.c.status.not_in((RESOLVED, CLOSED)),
            incident.c.private.is_(False),
            incident.c.channel_state != LEFT,
            incident.c.drill.is_(drill),
        )
        .order_by(incident.c.declared_at.desc(), incident.c.id)
    ).mappings()
    return [from_row(row) for row in rows]


def by_number(tx: Tx, team_id: str, number: int) -> Incident | None:
    """The incident with this number."""
    where = (incident.c.team_id == team_id) & (incident.c.number == number)
    row = tx.execute(select(incident).where(where)).mappings().first()
    return from_row(row) if row else None


def duplicates_of(tx: Tx, incident_id: str) -> list[Incident]:
    """The incidents that ended as duplicates of this one, in the order of declaration."""
    rows = tx.execute(
        select(incident)
        .where(incident.c.duplicate_of == incident_id)
        .order_by(incident.c.declared_at, incident.c.id)
    ).mappings()
    return [from_row(row) for row in rows]
