"""Timeline entries: the messages and changes that the report shows.

An entry stores a kind and its data; ``render`` turns them into text. A message is an entry while it has at
least one tag (a reaction or the message shortcut), so its place in the report is derived from :class:`Tag`
rows each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from bot.domain.typed_time import TypedTime, Unit

ANNOTATION_LIMIT = 500
"""Characters."""


class EntryKind(StrEnum):
    """The kind of an entry. The comments list the keys of its data."""

    DECLARED = "declared"  # title, severity, hubs; link of the message that it was declared from
    NOTE = "note"  # text
    MESSAGE = "message"  # text, only if somebody rewrote it for the report
    STATUS = "status"  # from, to, text, next_at; severity (from, to) if it changed, too
    SEVERITY = "severity"  # from, to, text, next_at
    ROLE = "role"  # role, user, before; text (the note), if the role was handed over
    INVITED = "invited"  # people
    EDITED = "edited"  # before: title, hubs; after: title, hubs, summary; quiet: it isn't posted
    UPDATE = "update"  # text, status, next_at
    ACTION_ITEM = "action_item"  # item, text, group, owner, link, due_on
    FINDING = (
        "finding"  # hub, rule, key, severity, text: what a diagnosis found, as of its own time
    )
    RUNBOOK = "runbook"  # run, runbook, hub, cluster, namespace, step, outcome, seen
    RESOLVED = "resolved"  # from, to, text
    REOPENED = "reopened"  # from, to
    CLOSED = "closed"  # from; and without a report ending, text, other and channel (of a duplicate)
    MERGED = "merged"  # other, channel: of a duplicate; is_undone once that was reopened
    PUBLISHED = "published"  # url
    CHANNEL = "channel"  # from, to: why mayday could not work in the channel, empty where it could
    NOTIFIED = "notified"  # audience, channels, text: what the people served were told
    PRIVATE = "private"  # issues (urls), person: the channel became private

    @property
    def is_editable(self) -> bool:
        """Whether people wrote or chose the entry, and may edit and remove it.

        Others can only be annotated.
        """
        return self in (EntryKind.NOTE, EntryKind.MESSAGE, EntryKind.FINDING)


class EntryChange(StrEnum):
    """What people do to an entry."""

    EDITED = "edited"
    REMOVED = "removed"
    RESTORED = "restored"
    ANNOTATED = "annotated"


class Heading(StrEnum):
    """The heading of the report under which a tagged message is filed."""

    TIMELINE = "timeline"
    WRONG = "wrong"
    LUCKY = "lucky"
    ACTION = "action"
    SUMMARY = "summary"


def ts_moment(ts: str) -> datetime:
    """Return the UTC time of a message's ts, using decimal arithmetic because a float loses digits."""
    whole = Decimal(ts)
    seconds = int(whole)
    micros = int((whole - seconds) * 1_000_000)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=micros)


@dataclass(frozen=True, kw_only=True)
class FileRef:
    """A file shared with a message. mayday stores the link and not the content."""

    id: str
    name: str
    mimetype: str
    permalink: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """A Slack message. ``ts`` is its key within the channel, kept as a string.

    ``text`` has all its words, whatever part of the payload they were in. ``author_name`` is the name under
    which an app posted it, empty for a person's message.
    ``edited_ts`` is Slack's time of the last edit, empty if never edited. ``deleted_at`` is when mayday
    received the deletion (Slack doesn't report its time).
    """

    team_id: str
    channel_id: str
    ts: str
    author: str
    text: str
    posted_at: datetime
    author_name: str = ""
    thread_ts: str = ""
    subtype: str = ""
    edited_ts: str = ""
    permalink: str = ""
    files: tuple[FileRef, ...] = ()
    deleted_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> str:
        """The message's key: team, channel and ts."""
        return f"{self.team_id}:{self.channel_id}:{self.ts}"


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A message filed under a heading by a user. ``name`` is the reaction, or ``shortcut``."""

    message_key: str
    user: str
    name: str
    heading: Heading
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One timeline entry. ``source`` is unique, which makes recording idempotent.

    ``at`` is when it happened, ``recorded_at`` when mayday recorded it; both UTC. ``until`` is the end of a
    span, ``is_about`` whether the time is approximate, ``typed`` what was typed as the time and
    ``typed_zone`` the zone in it. Entries of one time are in the order of ``rank``.
    """

    id: int
    incident_id: str
    at: datetime
    recorded_at: datetime
    kind: EntryKind
    author: str
    data: Mapping[str, Any]
    source: str
    message_key: str = ""
    deleted_at: datetime | None = None
    until: datetime | None = None
    is_about: bool = False
    typed: str = ""
    typed_zone: str = ""
    rank: int = 0

    @property
    def time(self) -> TypedTime:
        """When it happened. An end that isn't later is left out: the version before moves only ``at``."""
        return TypedTime(
            at=self.at,
            until=self.until if self.until and self.until > self.at else None,
            is_about=self.is_about,
            unit=Unit(self.data.get("precision", Unit.MINUTE)),
            typed=self.typed,
            zone=self.typed_zone,
        )


@dataclass(frozen=True, kw_only=True)
class EntryRevision:
    """A change of an entry, by whom and when. ``after`` has the text of an annotation as ``text``.

    ``id`` is 0 for one that isn't stored.
    """

    id: int = 0
    change: EntryChange
    by: str
    at: datetime
    before: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    after: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class PostedEntry:
    """What mayday posts of a timeline entry, and when it happened."""

    id: int
    kind: EntryKind
    author: str
    data: Mapping[str, Any]
    is_deleted: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry with its message and the headings it is filed under."""

    entry: Entry
    message: Message | None = None
    headings: frozenset[Heading] = frozenset({Heading.TIMELINE})
    revisions: tuple[EntryRevision, ...] = ()

    @property
    def text(self) -> str:
        """The current text: the rewritten text, or else the message's, or else empty."""
        own = str(self.entry.data.get("text", ""))
        return own or (self.message.text if self.message else "")

    @property
    def permalink(self) -> str:
        """The address of the message that it was made from, or an empty string."""
        return self.message.permalink if self.message else ""

    @property
    def version(self) -> str:
        """A hash of the current text and time; it differs once either has changed."""
        time = self.entry.time
        content = f"{time.at.isoformat()}\n{self.text}"
        if time.until or time.is_about:
            content += f"\n{time.until}\n{time.is_about}"
        if not time.unit.has_clock:
            content += f"\n{time.unit}"
        return sha256(content.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def is_shown(self) -> bool:
        """Whether it is neither removed nor a deleted message's that nobody rewrote."""
        is_deleted = self.message is not None and self.message.deleted_at is not None
        return self.entry.deleted_at is None and (
            not is_deleted or bool(self.entry.data.get("text"))
        )

    @property
    def edited_by(self) -> str:
        """Who edited it last, or an empty string."""
        edits = [one.by for one in self.revisions if one.change is EntryChange.EDITED]
        return edits[-1] if edits else ""

    @property
    def annotations(self) -> tuple[EntryRevision, ...]:
        """What people added to it, the oldest first."""
        return tuple(one for one in self.revisions if one.change is EntryChange.ANNOTATED)


@dataclass(frozen=True, kw_only=True)
class Latest:
    """The latest lines of the timeline, in order of time. ``count`` is how many lines it has in all."""

    lines: Sequence[Line]
    count: int


def chosen(lines: Iterable[Line], heading: Heading) -> tuple[Line, ...]:
    """Return the lines filed under a heading, sorted by time."""
    kept = [line for line in lines if heading in line.headings and line.is_shown]
    return tuple(sorted(kept, key=lambda line: (line.entry.at, line.entry.id)))
