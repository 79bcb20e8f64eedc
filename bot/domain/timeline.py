"""Timeline entries: what a reader of the report needs, chosen from all that was said and done.

An entry stores a kind and its data, never prose made from them; ``render`` words it. A message becomes
an entry when somebody marks it (a reaction or the message shortcut) and ceases to be one when the last
mark is taken back, so its place in the report is derived from :class:`Tag` rows each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class EntryKind(StrEnum):
    """What an entry records, and which keys its data has."""

    DECLARED = "declared"  # title, severity, hubs
    NOTE = "note"  # text
    MESSAGE = "message"  # text, only where somebody rewrote it for the report
    STATUS = "status"  # from, to, text
    SEVERITY = "severity"  # from, to
    ROLE = "role"  # role, user, before
    UPDATE = "update"  # text, status
    ACTION_ITEM = "action_item"  # item, text, group, owner, link
    RUNBOOK = "runbook"  # run, runbook, hub, cluster, namespace, step, outcome, seen
    RESOLVED = "resolved"  # from, to, text
    REOPENED = "reopened"  # from, to
    CLOSED = "closed"  # from
    PUBLISHED = "published"  # url


class Heading(StrEnum):
    """Where in the report a marked message is filed."""

    TIMELINE = "timeline"
    WRONG = "wrong"
    LUCKY = "lucky"
    ACTION = "action"
    SUMMARY = "summary"


def ts_moment(ts: str) -> datetime:
    """The UTC moment of a message's ts, by decimal arithmetic: a float would change its digits."""
    whole = Decimal(ts)
    seconds = int(whole)
    micros = int((whole - seconds) * 1_000_000)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=micros)


@dataclass(frozen=True, kw_only=True)
class FileRef:
    """A file that was shared with a message; mayday keeps the link, not the bytes."""

    id: str
    name: str
    mimetype: str
    permalink: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """A Slack message. ``ts`` is Slack's own key within the channel, a string for ever.

    ``edited_ts`` is Slack's time of the last edit, empty when never edited. ``deleted_at`` is when
    mayday learnt of the deletion (Slack does not tell the time of it).
    """

    team_id: str
    channel_id: str
    ts: str
    author: str
    text: str
    posted_at: datetime
    thread_ts: str = ""
    subtype: str = ""
    edited_ts: str = ""
    permalink: str = ""
    files: tuple[FileRef, ...] = ()
    deleted_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def key(self) -> str:
        """The message's identity in one string: team, channel, ts."""
        return f"{self.team_id}:{self.channel_id}:{self.ts}"


@dataclass(frozen=True, kw_only=True)
class Tag:
    """Somebody filed a message under a heading, by the reaction ``name`` or by ``shortcut``."""

    message_key: str
    user: str
    name: str
    heading: Heading
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the record. ``source`` is unique and makes recording it twice harmless.

    ``at`` is when it happened, ``recorded_at`` when mayday was told; both UTC.
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


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry together with the message it points to and the headings it is filed under."""

    entry: Entry
    message: Message | None = None
    headings: frozenset[Heading] = frozenset({Heading.TIMELINE})

    @property
    def text(self) -> str:
        """What a person wrote, as it stands now: their rewording, else the message, else nothing."""
        own = str(self.entry.data.get("text", ""))
        return own or (self.message.text if self.message else "")


def chosen(lines: Iterable[Line], heading: Heading) -> tuple[Line, ...]:
    """The lines that stand under a heading, in order of when they happened."""
    kept = [
        line
        for line in lines
        if heading in line.headings
        and line.entry.deleted_at is None
        and (line.message is None or line.message.deleted_at is None or line.entry.data.get("text"))
    ]
    return tuple(sorted(kept, key=lambda line: (line.entry.at, line.entry.id)))
