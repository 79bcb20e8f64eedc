"""Messages with their revisions and tags, and the entries chosen from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, exists, func, select, update

from bot.domain.timeline import (
    Entry,
    EntryKind,
    FileRef,
    Heading,
    Latest,
    Line,
    Message,
    PostedEntry,
    Tag,
)
from bot.domain.typed_time import TypedTime
from bot.store import entry_revisions
from bot.store.columns import NOW
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.tables import entry, message, revision, tag

_ORDER = ("event_ts", "changed_at", "absent_at")
"""Columns that say which of two events or readings came later."""

_MESSAGE = select(message).where(message.c.key == bindparam("a_key"))
_LOCK_MESSAGE = _MESSAGE.with_for_update(key_share=True)
_CHANGE_MESSAGE = (
    update(message)
    .where(message.c.key == bindparam("a_key"))
    .values(changed_at=NOW, absent_at=None)
)
_ONE_TAG = (
    (tag.c.message_key == bindparam("a_key"))
    & (tag.c.user == bindparam("a_user"))
    & (tag.c.name == bindparam("a_name"))
)
_LOCK_TAG = select(tag.c.event_ts, tag.c.removed_at).where(_ONE_TAG).with_for_update(key_share=True)
_ADD_TAG_AGAIN = update(tag).where(_ONE_TAG).values(changed_at=NOW, removed_at=None)
_REMOVE_TAG = update(tag).where(_ONE_TAG).values(changed_at=NOW, removed_at=NOW)
_POSTED = (
    select(entry.c.id, entry.c.kind, entry.c.author, entry.c.data, entry.c.deleted_at, entry.c.at)
    .where(
        entry.c.incident_id == bindparam("an_incident"),
        entry.c.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(entry.c.id)
)
"""Statements of every event are kept: building one takes longer than running it."""


@dataclass(frozen=True, kw_only=True)
class KnownMessage:
    """A stored message, and the ``event_ts`` of the last event about it."""

    message: Message
    event_ts: str


@dataclass(frozen=True, kw_only=True)
class KnownTag:
    """Whether a stored tag is removed, and the ``event_ts`` of the last event about it."""

    is_removed: bool
    event_ts: str


def add_message(tx: Tx, value: Message, *, event_ts: str | None = None) -> bool:
    """Store a message; False when it is known, which changes nothing.

    ``event_ts`` is that of the event that says it, None where history or mayday itself does.
    """
    columns = _message_columns(value)
    if event_ts is None:
        return insert_new(tx, "message", columns)
    return insert_new(tx, "message", {**columns, "event_ts": event_ts}, stamped=("changed_at",))


def message_by_key(tx: Tx, key: str) -> Message | None:
    """A stored message."""
    row = tx.execute(_MESSAGE, {"a_key": key}).mappings().first()
    return _message(row) if row else None


def lock_message(tx: Tx, key: str) -> KnownMessage | None:
    """A stored message, locked until the transaction ends."""
    row = tx.execute(_LOCK_MESSAGE, {"a_key": key}).mappings().first()
    return KnownMessage(message=_message(row), event_ts=row["event_ts"]) if row else None


def change_message(tx: Tx, value: Message, *, event_ts: str) -> None:
    """Replace a locked message by what Slack says of it now."""
    columns = _message_columns(value)
    tx.execute(_CHANGE_MESSAGE, {**columns, "event_ts": event_ts, "a_key": columns.pop("key")})


def messages(tx: Tx, team_id: str, channel_id: str) -> list[Message]:
    """All messages of a channel, thread replies and deleted ones too, in Slack's order."""
    rows = tx.execute(
        select(message)
        .where(message.c.team_id == team_id, message.c.channel_id == channel_id)
        .order_by(message.c.posted_at, message.c.ts)
    ).mappings()
    return [_message(row) for row in rows]


def add_revision(
    tx: Tx, before: Message, change: str, edited_ts: str, *, seen_at: datetime
) -> None:
    """Keep what a message said before a change; ``edited_ts`` names the edit."""
    insert_new(
        tx,
        "revision",
        {
            "message_key": before.key,
            "change": change,
            "text": before.text,
            "edited_ts": edited_ts,
            "seen_at": seen_at,
        },
    )


def revisions(tx: Tx, message_key: str) -> list[Mapping[str, Any]]:
    """What a message said before each change, oldest first: change, text, edited_ts, seen_at."""
    rows = tx.execute(
        select(revision).where(revision.c.message_key == message_key).order_by(revision.c.id)
    ).mappings()
    return [dict(row) for row in rows]


def add_tag(tx: Tx, value: Tag, *, event_ts: str | None = None, removed: bool = False) -> bool:
    """Store a tag, or that it was removed; False when there is a row for it, which changes nothing.

    ``event_ts`` is as in :func:`add_message`.
    """
    columns = {**asdict(value), "heading": value.heading.value, "event_ts": event_ts or ""}
    stamped = () if event_ts is None else ("changed_at",)
    return insert_new(tx, "tag", columns, stamped=(*stamped, "removed_at") if removed else stamped)


def lock_tag(tx: Tx, value: Tag) -> KnownTag:
    """What is stored of a tag that has a row, which is locked until the transaction ends."""
    row = tx.execute(_LOCK_TAG, _tag_key(value.message_key, value.user, value.name)).one()
    return KnownTag(is_removed=row.removed_at is not None, event_ts=row.event_ts)


def change_tag(tx: Tx, value: Tag, *, event_ts: str, removed: bool) -> None:
    """Make a locked tag what an event says of it."""
    columns = {"heading": value.heading.value, "seen_at": value.seen_at, "event_ts": event_ts}
    key = _tag_key(value.message_key, value.user, value.name)
    tx.execute(_REMOVE_TAG if removed else _ADD_TAG_AGAIN, {**columns, **key})


def _tag_key(message_key: str, user: str, name: str) -> dict[str, str]:
    return {"a_key": message_key, "a_user": user, "a_name": name}


def tagged(tx: Tx, message_keys: Iterable[str]) -> frozenset[str]:
    """Those of some messages that have a tag."""
    return frozenset(each.message_key for each in tags(tx, message_keys))


def tags(tx: Tx, message_keys: Iterable[str]) -> list[Tag]:
    """The tags on some messages."""
    keys = list(message_keys)
    found: list[Tag] = []
    for start in range(0, len(keys), 500):
        rows = tx.execute(
            select(tag)
            .where(tag.c.message_key.in_(keys[start : start + 500]), tag.c.removed_at.is_(None))
            .order_by(tag.c.seen_at, tag.c.name)
        ).mappings()
        found += [_tag(row) for row in rows]
    return found


def add_entry(
    tx: Tx,
    *,
    incident_id: str,
    at: datetime,
    now: datetime,
    kind: EntryKind,
    author: str,
    data: Mapping[str, Any],
    source: str,
    message_key: str = "",
    time: TypedTime | None = None,
) -> bool:
    """Record a timeline entry; False when its source was recorded before.

    ``time`` is its time as a person typed it, with the same ``at``.
    """
    return insert_new(
        tx,
        "entry",
        {
            "incident_id": incident_id,
            **time_columns(time or TypedTime(at=at)),
            "recorded_at": now,
            "kind": kind.value,
            "author": author,
            "data": dict(data),
            "source": source,
            "message_key": message_key,
        },
    )


def time_columns(time: TypedTime) -> dict[str, Any]:
    """The columns that say when an entry happened."""
    return {
        "at": time.at,
        "until": time.until,
        "is_about": time.is_about,
        "typed": time.typed,
        "typed_zone": time.zone,
    }


def nearest_time(tx: Tx, incident_id: str, entry_id: int, at: datetime) -> datetime | None:
    """The time of the other entry of the incident that is nearest to a time; None if it is the only one."""
    others = (
        (entry.c.incident_id == incident_id)
        & (entry.c.id != entry_id)
        & entry.c.deleted_at.is_(None)
    )
    before = tx.execute(select(func.max(entry.c.at)).where(others, entry.c.at <= at)).scalar()
    after = tx.execute(select(func.min(entry.c.at)).where(others, entry.c.at >= at)).scalar()
    return min((one for one in (before, after) if one), key=lambda one: abs(one - at), default=None)


def entry_of_source(tx: Tx, incident_id: str, source: str) -> Entry:
    """The entry that was recorded from a source."""
    found = tx.execute(
        select(entry).where(entry.c.incident_id == incident_id, entry.c.source == source)
    )
    return _entry(found.mappings().one())


def has_source(tx: Tx, incident_id: str, source: str) -> bool:
    """Whether an entry from this source was recorded."""
    found = tx.execute(
        select(entry.c.id).where(entry.c.incident_id == incident_id, entry.c.source == source)
    )
    return found.first() is not None


def entry_by_id(tx: Tx, entry_id: int, *, lock: bool = False) -> Entry | None:
    """One entry."""
    statement = select(entry).where(entry.c.id == entry_id)
    row = tx.execute(statement.with_for_update() if lock else statement).mappings().first()
    return _entry(row) if row else None


def entries(tx: Tx, incident_id: str) -> list[Entry]:
    """All entries of an incident, taken-out ones too, in the order they were recorded."""
    return entries_of(
        tx, select(entry).where(entry.c.incident_id == incident_id).order_by(entry.c.id)
    )


def entries_of(tx: Tx, statement: Select[Any]) -> list[Entry]:
    """The entries that a statement selects."""
    return [_entry(row) for row in tx.execute(statement).mappings()]


def posted_entries(tx: Tx, incident_id: str, kinds: Iterable[EntryKind]) -> list[PostedEntry]:
    """The entries of these kinds, in the order they were recorded."""
    wanted = {"an_incident": incident_id, "kinds": [kind.value for kind in kinds]}
    rows = tx.execute(_POSTED, wanted).all()
    return [
        PostedEntry(row[0], EntryKind(row[1]), row[2], row[3], bool(row[4]), row[5]) for row in rows
    ]


def change_entry(tx: Tx, entry_id: int, **values: Any) -> None:
    """Change columns of an entry."""
    tx.execute(update(entry).where(entry.c.id == entry_id).values(**values))


_RESTORE = (
    update(entry)
    .where(
        entry.c.incident_id == bindparam("of"),
        entry.c.source == bindparam("made_from"),
        entry.c.deleted_at.is_not(None),
    )
    .values(deleted_at=None)
    .returning(entry.c.id)
)


def restore_entry(tx: Tx, incident_id: str, source: str) -> int | None:
    """Bring an entry back that was taken out; return its id, or None where it was not."""
    found: int | None = tx.execute(_RESTORE, {"of": incident_id, "made_from": source}).scalar()
    return found


def lines(tx: Tx, incident_id: str) -> list[Line]:
    """Every entry with its message and the headings that its message's tags file it under."""
    return lines_of(tx, entries(tx, incident_id))


def latest_lines(tx: Tx, incident_id: str, *, limit: int) -> Latest:
    """The latest entries that are not taken out.

    One made from a message needs a tag, too, and text of its own if the message is deleted.
    """
    tagged = exists().where(tag.c.message_key == entry.c.message_key, tag.c.removed_at.is_(None))
    deleted = exists().where(
        message.c.key == entry.c.message_key, message.c.deleted_at.is_not(None)
    )
    rewritten = func.coalesce(entry.c.data["text"].as_string(), "") != ""
    shown = (
        (entry.c.incident_id == incident_id)
        & entry.c.deleted_at.is_(None)
        & ((entry.c.kind != EntryKind.MESSAGE.value) | (tagged & (~deleted | rewritten)))
    )
    newest = select(entry).where(shown).order_by(entry.c.at.desc(), entry.c.id.desc()).limit(limit)
    latest = entries_of(tx, newest)[::-1]
    count = tx.execute(select(func.count()).select_from(entry).where(shown)).scalar_one()
    return Latest(lines=lines_of(tx, latest), count=count)


def lines_of(tx: Tx, found: Sequence[Entry]) -> list[Line]:
    """These entries with their messages, headings and revisions.

    A deleted message has no words here, so that none are shown.
    """
    keys = [e.message_key for e in found if e.message_key]
    headings: dict[str, set[Heading]] = {}
    for one in tags(tx, keys):
        headings.setdefault(one.message_key, set()).add(one.heading)
    known: dict[str, Message] = {}
    for start in range(0, len(keys), 500):
        rows = tx.execute(
            select(message).where(message.c.key.in_(keys[start : start + 500]))
        ).mappings()
        known.update({row["key"]: _shown(_message(row)) for row in rows})
    revisions = entry_revisions.of_entries(tx, [e.id for e in found])
    return [
        Line(
            entry=e,
            message=known.get(e.message_key),
            headings=_headings(e, headings),
            revisions=revisions.get(e.id, ()),
        )
        for e in found
    ]


def _shown(value: Message) -> Message:
    if value.deleted_at is None:
        return value
    return replace(value, text="", files=(), permalink="", raw={})


def _headings(value: Entry, marked: Mapping[str, set[Heading]]) -> frozenset[Heading]:
    if value.kind is EntryKind.MESSAGE:
        return frozenset(marked.get(value.message_key, ()))
    return frozenset({Heading.TIMELINE})


_MESSAGE_NAMES = tuple(
    column.name for column in message.columns if column.name not in ("key", "files", "raw", *_ORDER)
)


def _message_columns(value: Message) -> dict[str, Any]:
    return {
        **{name: getattr(value, name) for name in _MESSAGE_NAMES},
        "key": value.key,
        "files": [asdict(file) for file in value.files],
        "raw": dict(value.raw),
    }


def _message(row: RowMapping) -> Message:
    values = {key: row[key] for key in row if key not in ("key", *_ORDER)}
    return Message(**{**values, "files": tuple(FileRef(**file) for file in row["files"])})


def _tag(row: RowMapping) -> Tag:
    values = {key: row[key] for key in row if key not in ("removed_at", *_ORDER)}
    return Tag(**{**values, "heading": Heading(row["heading"])})


def _entry(row: RowMapping) -> Entry:
    return Entry(**{**row, "kind": EntryKind(row["kind"])})
