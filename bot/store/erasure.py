"""Erases what deleted messages said: text, files and payload, revisions, and stored deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Text, cast, exists, or_, select, update

from bot.store.engine import Tx
from bot.store.search import remove_incidents
from bot.store.tables import inbox, message, revision

WORDS = frozenset({"text", "blocks", "attachments", "files", "message", "previous_message", "root"})
"""The keys of a payload under which Slack repeats what a message says."""

AT_ONCE = 500

_HAS_WORDS = or_(
    message.c.text != "",
    cast(message.c.files, Text) != "[]",
    cast(message.c.raw, Text) != "{}",
    exists().where(revision.c.message_key == message.c.key, revision.c.text != ""),
)


def erase(tx: Tx, keys: Collection[str]) -> None:
    """Erase these messages, except those that aren't deleted.

    The rows stay: they say that there was a message, who wrote it, and when it was edited and deleted.
    """
    ordered = sorted(keys)
    for start in range(0, len(ordered), AT_ONCE):
        _erase(tx, message.c.key.in_(ordered[start : start + AT_ONCE]))


def erase_deleted(tx: Tx) -> int:
    """Erase every deleted message that still has words; return how many."""
    return _erase(tx, _HAS_WORDS)


def _erase(tx: Tx, which: Any) -> int:
    """Erase the deleted messages among these; return how many."""
    deleted = which & message.c.deleted_at.is_not(None)
    columns = (message.c.key, message.c.channel_id, message.c.ts)
    found = tx.execute(select(*columns).where(deleted)).all()
    for start in range(0, len(found), AT_ONCE):
        keys = [row.key for row in found[start : start + AT_ONCE]]
        empty = {"text": "", "files": [], "raw": {}}
        tx.execute(update(message).where(message.c.key.in_(keys)).values(**empty))
        tx.execute(update(revision).where(revision.c.message_key.in_(keys)).values(text=""))
    remove_incidents(tx, sorted({row.channel_id for row in found}))
    for row in found:
        _erase_deliveries(tx, row.channel_id, row.ts)
    return len(found)


def _erase_deliveries(tx: Tx, channel_id: str, ts: str) -> None:
    """Erase the message from deliveries that wait, or that mayday gave up."""
    payload = cast(inbox.c.payload, Text)
    rows = tx.execute(
        select(inbox.c.key, inbox.c.payload).where(
            inbox.c.done_at.is_(None), payload.contains(channel_id), payload.contains(ts)
        )
    ).all()
    for row in rows:
        erased = _without_words(row.payload, ts)
        if erased != row.payload:
            tx.execute(update(inbox).where(inbox.c.key == row.key).values(payload=erased))


def _without_words(value: Any, ts: str) -> Any:
    """The payload without the words of the message with this ``ts``, wherever they are in it."""
    if isinstance(value, list):
        return [_without_words(one, ts) for one in value]
    if not isinstance(value, Mapping):
        return value
    if value.get("ts") == ts:
        return {key: one for key, one in value.items() if key not in WORDS}
    return {key: _without_words(one, ts) for key, one in value.items()}
