"""Messages and tags as pages of history compare with them and change them: many rows in a few statements.

``changed_at`` of a row is when an event, or the request for a page, last changed it, and ``absent_at`` of a
message is when the first complete reading without it began; both are by the database's clock. A message that
has both ``absent_at`` and ``deleted_at`` is deleted by its absence alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from bot.domain.timeline import EntryChange, EntryKind, Message
from bot.store import entry_revisions
from bot.store.engine import Tx
from bot.store.tables import entry, message, revision, tag

AT_ONCE = 500
"""How many keys one statement names."""

EDITED = (
    "text",
    "files",
    "raw",
    "edited_ts",
    "author",
    "author_name",
    "thread_ts",
    "subtype",
    "permalink",
    "changed_at",
)
"""The columns that a newer edit replaces."""

NOT_STORED = (StatementError, ValueError, TypeError)
"""What a transaction raises when the database or its driver refuses a value."""


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """What is stored of a message. ``raw`` is loaded with ``lock`` only."""

    key: str
    subtype: str
    edited_ts: str
    deleted_at: datetime | None
    changed_at: datetime | None
    absent_at: datetime | None
    text: str
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownTag:
    """What is stored of a tag; ``removed_at`` is set where it was removed."""

    message_key: str
    user: str
    name: str
    changed_at: datetime | None
    removed_at: datetime | None


@dataclass(kw_only=True)
class Changes:
    """What a page changes. Every list holds the parameters of one statement.

    ``keys`` are the messages concerned. ``entries`` are the timeline entries of the newly tagged
    messages of one incident. ``unsure`` counts the messages of which another reading must tell whether
    they were edited.
    """

    unsure: int = 0
    keys: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    edited: list[dict[str, Any]] = field(default_factory=list)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    returned: list[dict[str, Any]] = field(default_factory=list)
    present: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(default_factory=list)
    tags: list[dict[str, Any]] = field(default_factory=list)
    tagged_again: list[dict[str, Any]] = field(default_factory=list)
    untagged: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


def known_messages(tx: Tx, keys: Collection[str], *, lock: bool) -> dict[str, KnownMessage]:
    """The stored messages among these, by key; ``lock`` locks their rows and loads ``raw``."""
    found: dict[str, KnownMessage] = {}
    columns = [message.c[name] for name in KnownMessage.__slots__ if lock or name != "raw"]
    for some in _chunks(keys):
        statement = select(*columns).where(message.c.key.in_(some))
        if lock:
            statement = statement.order_by(message.c.key).with_for_update(key_share=True)
        found.update((row[0], KnownMessage(*row)) for row in tx.execute(statement))
    return found


def known_tags(
    tx: Tx, keys: Collection[str], *, but: str, lock: bool
) -> dict[str, dict[tuple[str, str], KnownTag]]:
    """The tags of these messages, by message and by (user, name): removed ones too, none named ``but``."""
    found: dict[str, dict[tuple[str, str], KnownTag]] = {}
    columns = [tag.c[name] for name in KnownTag.__slots__]
    for some in _chunks(keys):
        statement = select(*columns).where(tag.c.message_key.in_(some), tag.c.name != but)
        if lock:
            statement = statement.order_by(tag.c.message_key, tag.c.user, tag.c.name)
            statement = statement.with_for_update(key_share=True)
        for row in tx.execute(statement):
            one = KnownTag(*row)
            found.setdefault(one.message_key, {})[one.user, one.name] = one
    return found


def present(tx: Tx, team_id: str, channel_id: str) -> list[tuple[str, str]]:
    """The key and the thread of every message of a channel that is not deleted."""
    rows = tx.execute(
        select(message.c.key, message.c.thread_ts).where(
            message.c.team_id == team_id,
            message.c.channel_id == channel_id,
            message.c.deleted_at.is_(None),
        )
    )
    return [(row[0], row[1]) for row in rows]


def message_row(value: Message, *, permalink: str, changed_at: datetime) -> dict[str, Any]:
    """The columns of a message that a page shows for the first time."""
    return {
        "key": value.key,
        "team_id": value.team_id,
        "channel_id": value.channel_id,
        "ts": value.ts,
        "thread_ts": value.thread_ts,
        "author": value.author,
        "author_name": value.author_name,
        "subtype": value.subtype,
        "text": value.text,
        "files": [asdict(file) for file in value.files],
        "permalink": permalink,
        "posted_at": value.posted_at,
        "edited_ts": value.edited_ts,
        "raw": dict(value.raw),
        "changed_at": changed_at,
    }


def entry_row(incident_id: str, value: Message, *, now: datetime) -> dict[str, Any]:
    """The columns of the timeline entry of a tagged message."""
    return {
        "incident_id": incident_id,
        "at": value.posted_at,
        "recorded_at": now,
        "kind": EntryKind.MESSAGE.value,
        "author": value.author,
        "data": {},
        "source": f"message/{value.key}",
        "message_key": value.key,
    }


def apply(tx: Tx, changes: Changes) -> None:
    """Write what a page changes. A row that somebody else inserted meanwhile is left as it is."""
    _insert(tx, message, changes.messages)
    _insert(tx, revision, changes.revisions)
    for statement, values in (
        (_EDIT, changes.edited),
        (_DELETE, changes.deleted),
        (_RETURN, changes.returned),
        (_PRESENT, changes.present),
    ):
        if values:
            tx.execute(statement, values)
    _insert(tx, tag, changes.tags)
    for statement, values in ((_TAG_AGAIN, changes.tagged_again), (_UNTAG, changes.untagged)):
        if values:
            tx.execute(statement, values)
    _insert(tx, entry, changes.entries)
    if changes.entries:
        restored = tx.execute(
            update(entry)
            .where(
                entry.c.incident_id == changes.entries[0]["incident_id"],
                entry.c.source.in_([row["source"] for row in changes.entries]),
                entry.c.deleted_at.is_not(None),
            )
            .values(deleted_at=None)
            .returning(entry.c.id, entry.c.message_key)
        )
        _revise(tx, changes, {row.message_key: row.id for row in restored})


def _revise(tx: Tx, changes: Changes, restored: Mapping[str, int]) -> None:
    """Record who restored entries: the first person whose tag is new."""
    users = {row["message_key"]: row["user"] for row in reversed(changes.tags)}
    users |= {row["of_key"]: row["of_user"] for row in reversed(changes.tagged_again)}
    for row in changes.entries:
        if (key := row["message_key"]) in restored:
            at = row["recorded_at"]
            entry_revisions.add(
                tx,
                restored[key],
                EntryChange.RESTORED,
                by=users.get(key, ""),
                at=at,
                source=f"history/{at.isoformat()}",
            )


def set_absent(tx: Tx, keys: Collection[str], since: datetime) -> None:
    """Record since when messages are absent."""
    for some in _chunks(keys):
        tx.execute(update(message).where(message.c.key.in_(some)).values(absent_at=since))


def is_away(exc: Exception) -> bool:
    """Whether the database failed as a whole rather than refused a value."""
    return isinstance(exc, OperationalError) or (
        isinstance(exc, DBAPIError) and exc.connection_invalidated
    )


def _insert(tx: Tx, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        dialect = sqlite if tx.dialect.name == "sqlite" else postgresql
        tx.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def _chunks(keys: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def _values(*names: str) -> dict[str, Any]:
    return {name: bindparam(f"new_{name}") for name in names}


_KEYED = update(message).where(message.c.key == bindparam("of_key"))
_EDIT = _KEYED.values(**_values(*EDITED))
_DELETE = _KEYED.values(**_values("deleted_at", "absent_at", "changed_at"))
_RETURN = _KEYED.values(**_values("changed_at"), deleted_at=None, absent_at=None)
_PRESENT = _KEYED.values(absent_at=None)

_TAGGED = update(tag).where(
    tag.c.message_key == bindparam("of_key"),
    tag.c.user == bindparam("of_user"),
    tag.c.name == bindparam("of_name"),
)
_TAG_AGAIN = _TAGGED.values(**_values("changed_at", "seen_at", "heading"), removed_at=None)
_UNTAG = _TAGGED.values(**_values("changed_at", "removed_at"))
