"""Pages of incidents, filtered."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select, true

from bot.domain.incident import CLOSED, LEFT, RESOLVED
from bot.domain.incident_filter import IncidentFilter, IncidentPage
from bot.store.engine import Tx
from bot.store.incidents import incidents_of
from bot.store.tables import incident

_OVER = incident.c.status.in_((RESOLVED, CLOSED))


def page(
    tx: Tx, team_id: str, wanted: IncidentFilter, *, seen_from: str, first: int, size: int
) -> IncidentPage:
    """A page of a team's incidents; a private one only for its own channel.

    So is one whose channel Slack does not show: it may be private.
    """
    is_public = incident.c.private.is_(False) & (incident.c.channel_state != LEFT)
    where = (
        (incident.c.team_id == team_id)
        & (is_public | (incident.c.channel_id == seen_from))
        & _matches(wanted)
    )
    over = select(func.count()).select_from(incident).where(where, _OVER)
    every = select(func.count()).select_from(incident).where(where)
    number_over, number = tx.execute(over).scalar_one(), tx.execute(every).scalar_one()
    rows = (
        select(incident)
        .where(where)
        .order_by(_OVER, incident.c.declared_at.desc(), incident.c.id)
        .offset(first)
        .limit(size)
    )
    return IncidentPage(
        incidents=incidents_of(tx, rows), open=number - number_over, over=number_over, first=first
    )


def is_new(tx: Tx, team_id: str) -> bool:
    """Whether a team has declared no incident yet."""
    found = select(incident.c.id).where(incident.c.team_id == team_id).limit(1)
    return tx.execute(found).first() is None


def _matches(wanted: IncidentFilter) -> ColumnElement[bool]:
    every: list[ColumnElement[bool]] = []
    if wanted.is_open is not None:
        every.append(~_OVER if wanted.is_open else _OVER)
    if wanted.severities:
        every.append(incident.c.severity.in_(wanted.severities))
    if wanted.statuses:
        every.append(incident.c.status.in_(wanted.statuses))
    if wanted.hubs:
        every.append(or_(*(_holds(incident.c.hubs, hub) for hub in wanted.hubs)))
    if wanted.mine:
        has_role = _holds(incident.c.roles, wanted.mine)
        every.append((incident.c.declared_by == wanted.mine) | has_role)
    return and_(true(), *every)


def _holds(column: Any, text: str) -> ColumnElement[bool]:
    """Whether stored JSON has this string: as JSON writes it, with its quotes, nothing else looks like it."""
    return cast(column, String).contains(json.dumps(text), autoescape=True)
