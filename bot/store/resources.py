"""Rows of resources: what each must show outside, what it shows, and how far it has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from bot.domain.resources import ResourceKind, ResourceState, resource_key
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.runs import ALONE
from bot.store.tables import resource

UNRECORDED = 0
"""The rendering of a resource that an older version kept in step without recording its values."""


@dataclass(frozen=True, kw_only=True)
class ResourceRow:
    """A resource as it is stored: a part of an incident, or of a run outside of incidents.

    ``spec`` are the values that it must show. ``applied_spec`` and ``rendering`` are the values and the
    version of the rendering that it shows; None while nothing is known to exist outside. ``ref`` says
    how to find it there (an id, a ts). ``error`` is one sentence for a person.
    """

    key: str
    incident_id: str | None
    kind: ResourceKind
    subject: str
    state: ResourceState
    spec: Mapping[str, Any]
    rendering: int | None
    applied_spec: Mapping[str, Any] | None
    ref: Mapping[str, Any]
    error: str
    attempts: int
    created_at: datetime
    retry_at: datetime | None
    owner: str | None = None
    attempted_at: datetime | None = None
    anchor: datetime | None = None
    run_id: str | None = None


_IS_KNOWN = resource.c.kind.in_([kind.value for kind in ResourceKind])
"""A later version that runs beside this one, during an update, may have further kinds: they are its own."""

_OF_INCIDENT = (
    select(resource)
    .where(resource.c.incident_id == bindparam("an_incident"), _IS_KNOWN)
    .order_by(resource.c.created_at, resource.c.key)
)


def add(
    tx: Tx,
    part_of: str,
    kind: ResourceKind,
    subject: str = "",
    *,
    spec: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Store a new resource; False, and no change, when there is one already.

    ``part_of`` is an incident's id, or that of a run (:attr:`bot.store.runs.Run.owner`).
    """
    is_alone = part_of.startswith(ALONE)
    return insert_new(
        tx,
        "resource",
        {
            "key": resource_key(part_of, kind, subject),
            "incident_id": None if is_alone else part_of,
            "run_id": part_of.removeprefix(ALONE) if is_alone else None,
            "kind": kind.value,
            "subject": subject,
            "state": ResourceState.PENDING.value,
            "spec": dict(spec),
            "rendering": None,
            "applied_spec": None,
            "ref": {},
            "error": "",
            "attempts": 0,
            "created_at": now,
            "retry_at": None,
        },
    )


def ask_again(
    tx: Tx,
    part_of: str,
    kind: ResourceKind,
    subject: str,
    *,
    spec: Mapping[str, Any],
    now: datetime,
) -> None:
    """Store a new resource, or have the one that exists created once more."""
    if not add(tx, part_of, kind, subject, spec=spec, now=now):
        key = resource_key(part_of, kind, subject)
        pending: dict[str, Any] = {
            "state": ResourceState.PENDING.value,
            "ref": {},
            "applied_spec": None,
        }
        change(tx, key, **pending, error="", attempts=0, retry_at=None)


def get(tx: Tx, key: str, *, lock: bool = False) -> ResourceRow | None:
    """One resource by its key."""
    statement = select(resource).where(resource.c.key == key)
    row = tx.execute(statement.with_for_update() if lock else statement).mappings().first()
    return _row(row) if row else None


def find(tx: Tx, incident_id: str, kind: ResourceKind, subject: str = "") -> ResourceRow | None:
    """One resource by what it is and what it is for."""
    return get(tx, resource_key(incident_id, kind, subject))


def of_incident(tx: Tx, incident_id: str) -> dict[str, ResourceRow]:
    """All resources of an incident by key, oldest first."""
    rows = tx.execute(_OF_INCIDENT, {"an_incident": incident_id}).mappings().all()
    return {row["key"]: _row(row) for row in rows}


def of_run(tx: Tx, run_id: str) -> dict[str, ResourceRow]:
    """All resources of a run outside of incidents by key."""
    rows = (
        tx.execute(select(resource).where(resource.c.run_id == run_id, _IS_KNOWN)).mappings().all()
    )
    return {row["key"]: _row(row) for row in rows}


def change(tx: Tx, key: str, **values: Any) -> None:
    """Change columns of a resource."""
    tx.execute(update(resource).where(resource.c.key == key).values(**values))


def change_attempt(tx: Tx, row: ResourceRow, **values: Any) -> bool:
    """Change columns at the end of an attempt; False, and no change, when a later one has begun."""
    changed = tx.execute(
        update(resource)
        .where(
            resource.c.key == row.key,
            resource.c.owner == row.owner,
            resource.c.attempted_at == row.attempted_at,
        )
        .values(**values)
    )
    return changed.rowcount > 0


def release(tx: Tx, key: str) -> None:
    """Record that nothing of a resource is needed and nothing of it stands outside."""
    change(
        tx,
        key,
        state=ResourceState.DONE.value,
        applied_spec=None,
        rendering=None,
        error="",
        retry_at=None,
    )


def resume_needing_human(tx: Tx, incident_id: str) -> None:
    """Let a person's request resume what waits, for a person or for its next attempt.

    What may exist is looked for before it is created again.
    """
    of_incident = resource.c.incident_id == incident_id
    tx.execute(_OF_INCIDENT.with_for_update(), {"an_incident": incident_id})  # in everyone's order
    tx.execute(
        update(resource)
        .where(of_incident, resource.c.state == ResourceState.NEEDS_HUMAN.value)
        .values(state=ResourceState.ATTEMPTING.value)
    )
    tx.execute(
        update(resource).where(of_incident, resource.c.retry_at.is_not(None)).values(retry_at=None)
    )


def make_due(tx: Tx, now: datetime, *, kind: ResourceKind | None = None) -> None:
    """Make the next attempts of what failed due now: of one kind, or of all."""
    waiting = select(resource.c.key).where(resource.c.retry_at > now, resource.c.error != "")
    if kind is not None:
        waiting = waiting.where(resource.c.kind == kind.value)
    tx.execute(
        update(resource)
        .where(resource.c.key.in_(waiting.with_for_update(skip_locked=True)))
        .values(retry_at=now)
    )


def has_due(tx: Tx, now: datetime) -> bool:
    """Whether the next attempt of a resource is due."""
    return (
        tx.execute(
            select(resource.c.key).where(resource.c.retry_at <= now, _IS_KNOWN).limit(1)
        ).first()
        is not None
    )


def take_due(tx: Tx, now: datetime, *, again_at: datetime) -> list[tuple[str, str, ResourceKind]]:
    """Key, owner and kind of each resource that is due; each is due again at ``again_at``."""
    due = tx.execute(
        select(resource.c.key, resource.c.incident_id, resource.c.run_id, resource.c.kind)
        .where(resource.c.retry_at <= now, _IS_KNOWN)
        .with_for_update(skip_locked=True)
    ).all()
    keys = [row.key for row in due]
    if keys:
        tx.execute(update(resource).where(resource.c.key.in_(keys)).values(retry_at=again_at))
    return [
        (row.key, row.incident_id or f"{ALONE}{row.run_id}", ResourceKind(row.kind)) for row in due
    ]


def incidents_unrecorded(tx: Tx) -> list[str]:
    """The incidents with resources that show what no row says; see ``UNRECORDED``."""
    return list(
        tx.execute(
            select(resource.c.incident_id)
            .where(resource.c.rendering == UNRECORDED, resource.c.incident_id.is_not(None))
            .distinct()
        ).scalars()
    )


def _row(row: Any) -> ResourceRow:
    return ResourceRow(
        **{**row, "kind": ResourceKind(row["kind"]), "state": ResourceState(row["state"])}
    )
