"""The rows that a catch-up on an incident is made from."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from bot.domain.timeline import EntryKind, Line, Message
from bot.store.engine import Tx
from bot.store.tables import entry, message
from bot.store.timeline import entries_of, lines_of


def latest(tx: Tx, incident_id: str, kinds: Iterable[EntryKind], *, limit: int) -> list[Line]:
    """The latest entries of these kinds that are not removed, in order of time."""
    rows = (
        select(entry)
        .where(
            entry.c.incident_id == incident_id,
            entry.c.kind.in_([kind.value for kind in kinds]),
            entry.c.deleted_at.is_(None),
        )
        .order_by(entry.c.at.desc(), entry.c.id.desc())
        .limit(limit)
    )
    return lines_of(tx, entries_of(tx, rows)[::-1])


def answered(tx: Tx, asked: Iterable[Message]) -> set[str]:
    """The keys of those messages that somebody else replied to in their thread."""
    authors = {one.ts: one for one in asked}
    if not authors:
        return set()
    channel = next(iter(authors.values()))
    rows = tx.execute(
        select(message.c.thread_ts, message.c.author).where(
            message.c.team_id == channel.team_id,
            message.c.channel_id == channel.channel_id,
            message.c.thread_ts.in_(list(authors)),
            message.c.deleted_at.is_(None),
        )
    )
    return {
        authors[row.thread_ts].key for row in rows if row.author != authors[row.thread_ts].author
    }
