"""What people changed of timeline entries. A revision is added with its change and never changed itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.domain.timeline import EntryChange, EntryRevision
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import entry_revision


def add(
    tx: Tx,
    entry_id: int,
    change: EntryChange,
    *,
    by: str,
    at: datetime,
    source: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> bool:
    """Record a change of an entry; False when this act was recorded before."""
    return insert_new(
        tx,
        "entry_revision",
        {
            "entry_id": entry_id,
            "change": change.value,
            "by": by,
            "at": at,
            "before": dict(before or {}),
            "after": dict(after or {}),
            "source": source,
        },
    )


def is_known(tx: Tx, entry_id: int, source: str) -> bool:
    """Whether this act is recorded."""
    found = tx.execute(
        select(entry_revision.c.id).where(
            entry_revision.c.entry_id == entry_id, entry_revision.c.source == source
        )
    )
    return found.first() is not None


def of_entries(tx: Tx, entry_ids: Iterable[int]) -> dict[int, tuple[EntryRevision, ...]]:
    """The revisions of these entries, the oldest first."""
    ids = sorted(entry_ids)
    found: dict[int, tuple[EntryRevision, ...]] = {}
    for start in range(0, len(ids), 500):
        rows = tx.execute(
            select(entry_revision)
            .where(entry_revision.c.entry_id.in_(ids[start : start + 500]))
            .order_by(entry_revision.c.id)
        )
        for row in rows:
            found[row.entry_id] = (*found.get(row.entry_id, ()), _revision(row))
    return found


def get(tx: Tx, revision_id: int) -> tuple[int, EntryRevision] | None:
    """A revision, with the id of its entry."""
    row = tx.execute(select(entry_revision).where(entry_revision.c.id == revision_id)).first()
    return (row.entry_id, _revision(row)) if row else None


def _revision(row: Row[Any]) -> EntryRevision:
    return EntryRevision(
        id=row.id,
        change=EntryChange(row.change),
        by=row.by,
        at=row.at,
        before=row.before,
        after=row.after,
    )
