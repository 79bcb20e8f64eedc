"""Approvals of publications, what was replaced in published text, and the known names of people served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from bot.guard import Kind, Replaced
from bot.store import hub_users
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import publication_approval, replacement
from bot.store.run_tables import diagnosis, obligation, run, run_step
from bot.store.tables import sighting

_USER_KEYS = frozenset({"user", "user_name", "users", "username"})


def approve(
    tx: Tx,
    incident_id: str,
    digest: str,
    *,
    by: str,
    at: datetime,
    shown: Mapping[str, Any],
    source: str,
) -> bool:
    """Store an approval; False, and no change, when this act has one already."""
    return insert_new(
        tx,
        "publication_approval",
        {
            "incident_id": incident_id,
            "digest": digest,
            "by": by,
            "at": at,
            "shown": dict(shown),
            "source": source,
        },
    )


def approval(tx: Tx, incident_id: str, digest: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return who approved this text last, and where it goes as they saw it; None if nobody did."""
    table = publication_approval
    row = tx.execute(
        select(table.c.by, table.c.shown)
        .where(table.c.incident_id == incident_id, table.c.digest == digest)
        .order_by(table.c.id.desc())
        .limit(1)
    ).first()
    return (row.by, row.shown) if row else None


def shown_by(tx: Tx, incident_id: str, source: str = "") -> Mapping[str, Any] | None:
    """Return what was shown to the person who approved by this act, or last; None if nobody did."""
    table = publication_approval
    statement = select(table.c.shown).where(table.c.incident_id == incident_id)
    if source:
        statement = statement.where(table.c.source == source)
    row = tx.execute(statement.order_by(table.c.id.desc()).limit(1)).first()
    return row.shown if row else None


def is_done(tx: Tx, incident_id: str, source: str) -> bool:
    """Return whether this act has stored its approval."""
    table = publication_approval
    statement = select(table.c.id).where(
        table.c.incident_id == incident_id, table.c.source == source
    )
    return tx.execute(statement).first() is not None


def replacements(tx: Tx, incident_id: str) -> dict[str, Replaced]:
    """Return what is replaced in an incident's published text, by key."""
    rows = tx.execute(select(replacement).where(replacement.c.incident_id == incident_id))
    return {
        row.original: Replaced(
            key=row.original, kind=Kind(row.kind), shown=row.shown, kept_by=row.kept_by
        )
        for row in rows
    }


def add_replacements(tx: Tx, incident_id: str, made: Iterable[Replaced]) -> None:
    """Store replacements; those that are stored stay as they are."""
    for one in made:
        values = {"original": one.key, "kind": one.kind.value, "shown": one.shown, "kept_by": ""}
        insert_new(tx, "replacement", {"incident_id": incident_id, **values})


def keep(tx: Tx, incident_id: str, key: str, *, by: str, at: datetime) -> bool:
    """Store that a person publishes an original (or, with an empty ``by``, does not any more)."""
    table = replacement
    changed = tx.execute(
        update(table)
        .where(table.c.incident_id == incident_id, table.c.original == key, table.c.kept_by != by)
        .values(kept_by=by, kept_at=at if by else None)
    )
    return changed.rowcount > 0


def served(tx: Tx, incident_id: str) -> frozenset[str]:
    """Return the names of hubs' users: those that mayday read of hubs, and those of runs and diagnoses."""
    names = set(tx.execute(select(sighting.c.user_name).distinct()).scalars())
    names |= hub_users.every_name(tx)
    runs = select(run.c.id).where(run.c.incident_id == incident_id)
    for statement in (
        select(run.c.plan).where(run.c.incident_id == incident_id),
        select(run.c.options).where(run.c.incident_id == incident_id),
        select(run_step.c.seen).where(run_step.c.run_id.in_(runs)),
        select(obligation.c.step).where(obligation.c.run_id.in_(runs)),
        select(diagnosis.c.found),
    ):
        for value in tx.execute(statement).scalars():
            names.update(_users(value))
    return frozenset(name for name in names if name)


def _users(value: Any, *, of_user: bool = False) -> Iterator[str]:
    """Yield the user names in stored JSON, by the names of its keys."""
    if isinstance(value, str):
        if of_user:
            yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _users(inner, of_user=key in _USER_KEYS)
    elif isinstance(value, list):
        for inner in value:
            yield from _users(inner, of_user=of_user)
