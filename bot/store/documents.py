"""Published texts: what mayday wrote of each, what it is about to write, and what was read of it last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import select, update

from bot.domain.merging import Conflict, Draft
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.report_tables import document


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A text that is about to be sent: ``ours`` as mayday composed it, ``sent`` with what people changed."""

    ours: Draft
    sent: Draft


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A text as it was read last. ``etag`` is GitHub's version of it, empty if unknown."""

    draft: Draft
    etag: str = ""


@dataclass(frozen=True, kw_only=True)
class DocumentRow:
    """A published text. ``base`` is what mayday composed for the last write that it knows of.

    ``decided`` is what people decided about conflicts, by their keys.
    """

    key: str
    base: Draft | None = None
    pending: Pending | None = None
    seen: Seen | None = None
    conflicts: tuple[Conflict, ...] = ()
    decided: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    read_at: datetime | None = None


def get(tx: Tx, key: str) -> DocumentRow:
    """One text by the key of its resource; an empty row if nothing is known of it."""
    row = tx.execute(select(document).where(document.c.key == key)).mappings().first()
    if row is None:
        return DocumentRow(key=key)
    pending, seen = row["pending"], row["seen"]
    return DocumentRow(
        key=key,
        base=_draft(row["base"]) if row["base"] else None,
        pending=Pending(ours=_draft(pending["ours"]), sent=_draft(pending["sent"]))
        if pending
        else None,
        seen=Seen(draft=_draft(seen["draft"]), etag=seen["etag"]) if seen else None,
        conflicts=tuple(Conflict(**each) for each in row["conflict"] or ()),
        decided=MappingProxyType(row["decided"] or {}),
        read_at=row["read_at"],
    )


def save(tx: Tx, incident_id: str, row: DocumentRow) -> None:
    """Store what is known of a text, except what people decided, which they may be doing now."""
    values: dict[str, Any] = {
        "base": _json(row.base) if row.base else None,
        "pending": {"ours": _json(row.pending.ours), "sent": _json(row.pending.sent)}
        if row.pending
        else None,
        "seen": {"draft": _json(row.seen.draft), "etag": row.seen.etag} if row.seen else None,
        "conflict": [{"ours": each.ours, "theirs": each.theirs} for each in row.conflicts] or None,
        "read_at": row.read_at,
    }
    new = {"key": row.key, "incident_id": incident_id, **values}
    if not insert_new(tx, "document", new):
        tx.execute(update(document).where(document.c.key == row.key).values(**values))


def decide(tx: Tx, key: str, decided: Mapping[str, str]) -> None:
    """Store what people decided about conflicts of a text, by their keys."""
    lock = select(document.c.decided).where(document.c.key == key).with_for_update()
    known = tx.execute(lock).scalar() or {}
    values = {"decided": {**known, **decided}}
    tx.execute(update(document).where(document.c.key == key).values(**values))


def forget(tx: Tx, key: str, decided: Iterable[str]) -> None:
    """Remove decisions, which count once."""
    lock = select(document.c.decided).where(document.c.key == key).with_for_update()
    kept = {k: text for k, text in (tx.execute(lock).scalar() or {}).items() if k not in decided}
    tx.execute(update(document).where(document.c.key == key).values(decided=kept or None))


def _draft(value: Any) -> Draft:
    return Draft(title=value["title"], parts=tuple(value["parts"]))


def _json(draft: Draft) -> dict[str, Any]:
    return {"title": draft.title, "parts": list(draft.parts)}
