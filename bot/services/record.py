"""The record of incident channels: each message once, its edits and deletions as revisions, its tags.

Everything may arrive twice, late or out of order, from an event or from backfill, with the same result: a
message has the text of its newest edit, a deletion is final, and the entries made from messages are derived
from the tags that remain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bot.domain.incident import Incident
from bot.domain.slack_message import permalink
from bot.domain.timeline import Entry, EntryKind, Heading, Line, Message, Tag, ts_moment
from bot.errors import UserError
from bot.ports import Clock
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store, Tx

SHORTCUT = "shortcut"
"""The name of the tag that the message shortcut makes."""
NOTE_LIMIT = 3000
"""Characters."""

ENTRY_GONE = "That entry is no longer in the timeline. /incident timeline shows what is."
EMPTY_NOTE = "Write what happened after the command: /incident note the proxy is back."
LONG_NOTE = "A note has at most {limit} characters. Split it into several."


class Record:
    """Records what happens in incident channels. Other channels are ignored."""

    def __init__(
        self, store: Store, now: Clock, settings: Settings, *, team_url: Callable[[], str]
    ) -> None:
        self._store = store
        self._team_url = team_url
        self._now = now
        self._settings = settings

    def record_message(self, message: Message) -> bool:
        """Record a posted or edited message; returns whether the record changed.

        A deleted parent of a thread stays in Slack as a ``tombstone``, which is recorded as deleted.
        """
        if message.subtype == "tombstone":
            return self.deleted(message.team_id, message.channel_id, message.ts)
        link = permalink(self._team_url(), message.channel_id, message.ts, message.thread_ts)
        with self._store.write() as tx:
            if not self._is_in_incident(tx, message):
                return False
            return self._record_message(tx, replace(message, permalink=link))

    def _record_message(self, tx: Tx, message: Message) -> bool:
        if rows.add_message(tx, message):
            return True
        known = rows.message_by_key(tx, message.key, lock=True)
        if known is None or not _newer(message, known):
            return False
        merged = replace(
            message,
            deleted_at=known.deleted_at,
            subtype=known.subtype or message.subtype,
        )
        rows.revise(tx, known, merged, change="edited", seen_at=self._now())
        return True

    def deleted(self, team_id: str, channel_id: str, ts: str) -> bool:
        """Record that a message was deleted; returns whether the record changed."""
        key = f"{team_id}:{channel_id}:{ts}"
        with self._store.write() as tx:
            known = rows.message_by_key(tx, key, lock=True)
            if known is None or known.deleted_at is not None:
                return False
            gone = replace(known, deleted_at=self._now())
            rows.revise(tx, known, gone, change="deleted", seen_at=self._now())
            return True

    def tag(self, team_id: str, channel_id: str, ts: str, user: str, name: str) -> None:
        """Record a reaction to a message, or the use of the shortcut on it."""
        heading = self._heading(name)
        if heading is None:
            return
        key = f"{team_id}:{channel_id}:{ts}"
        with self._store.write() as tx:
            incident = incident_rows.by_channel(tx, team_id, channel_id)
            if incident is not None:
                tag = Tag(
                    message_key=key, user=user, name=name, heading=heading, seen_at=self._now()
                )
                self._add_tag(tx, incident, tag, ts)

    def file_message(self, message: Message, *, by: str) -> None:
        """Record a message and file it in the timeline, as the shortcut does."""
        self.record_message(message)
        self.tag(message.team_id, message.channel_id, message.ts, by, SHORTCUT)

    def untag(self, team_id: str, channel_id: str, ts: str, user: str, name: str) -> None:
        """Record that a reaction was removed."""
        with self._store.write() as tx:
            rows.remove_tag(tx, f"{team_id}:{channel_id}:{ts}", user, name)

    def sync_tags(
        self, incident: Incident, message: Message, reactions: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Make a message's tags equal to the reactions that Slack returns for it."""
        wanted = {
            (user, name)
            for name, users in reactions.items()
            if self._heading(name) is not None
            for user in users
        }
        with self._store.write() as tx:
            have = {(m.user, m.name) for m in rows.tags(tx, [message.key]) if m.name != SHORTCUT}
            for user, name in sorted(wanted - have):
                heading = self._heading(name)
                if heading is not None:
                    tag = Tag(
                        message_key=message.key,
                        user=user,
                        name=name,
                        heading=heading,
                        seen_at=self._now(),
                    )
                    self._add_tag(tx, incident, tag, message.ts)
            for user, name in have - wanted:
                rows.remove_tag(tx, message.key, user, name)

    def note(
        self,
        incident_id: str,
        *,
        by: str,
        text: str,
        at: datetime,
        precise: bool,
        idempotency_key: str,
    ) -> bool:
        """Add a note to the timeline, at the time it happened; False when it is there already.

        Raises:
            UserError: it is empty, or longer than :data:`NOTE_LIMIT`.
        """
        text = _clean_note(text)
        with self._store.write() as tx:
            return rows.add_entry(
                tx,
                incident_id=incident_id,
                at=at,
                now=self._now(),
                kind=EntryKind.NOTE,
                author=by,
                data={"text": text, "precision": "second" if precise else "minute"},
                source=idempotency_key,
            )

    def rewrite(self, incident_id: str, entry_id: int, *, text: str, at: datetime | None) -> None:
        """Change an entry's text, its time, or both; the message it was made from is unchanged.

        Raises:
            UserError: the entry was removed, or the text is empty or too long.
        """
        with self._store.write() as tx:
            entry = self._entry(tx, incident_id, entry_id)
            data = {**entry.data, "text": _clean_note(text)}
            if at is not None and at != entry.at:
                data["precision"] = "second" if at.second else "minute"
            rows.change_entry(tx, entry_id, data=data, at=at or entry.at)

    def hide_entry(self, incident_id: str, entry_id: int) -> None:
        """Remove an entry from the timeline; reacting to its message again restores it.

        Raises:
            UserError: it was removed already.
        """
        with self._store.write() as tx:
            self._entry(tx, incident_id, entry_id)
            rows.change_entry(tx, entry_id, deleted_at=self._now())

    def lines(self, incident_id: str) -> list[Line]:
        """Everything recorded for an incident, from which the report chooses."""
        with self._store.read() as tx:
            return rows.lines(tx, incident_id)

    def line(self, incident_id: str, entry_id: int) -> Line:
        """One of these lines.

        Raises:
            UserError: it was removed.
        """
        for line in self.lines(incident_id):
            if line.entry.id == entry_id and line.entry.deleted_at is None:
                return line
        raise UserError(ENTRY_GONE)

    def _entry(self, tx: Tx, incident_id: str, entry_id: int) -> Entry:
        entry = rows.entry_by_id(tx, entry_id, lock=True)
        if entry is None or entry.incident_id != incident_id or entry.deleted_at is not None:
            raise UserError(ENTRY_GONE)
        return entry

    def _add_tag(self, tx: Tx, incident: Incident, tag: Tag, ts: str) -> None:
        if not rows.add_tag(tx, tag):
            return
        message = rows.message_by_key(tx, tag.message_key)
        added = rows.add_entry(
            tx,
            incident_id=incident.id,
            at=message.posted_at if message else ts_moment(ts),
            now=self._now(),
            kind=EntryKind.MESSAGE,
            author=message.author if message else "",
            data={},
            source=f"message/{tag.message_key}",
            message_key=tag.message_key,
        )
        if not added:
            rows.restore_entry(tx, incident.id, f"message/{tag.message_key}")

    def _heading(self, name: str) -> Heading | None:
        if name == SHORTCUT:
            return Heading.TIMELINE
        return self._settings.reactions.get(name.split("::")[0])

    def _is_in_incident(self, tx: Tx, message: Message) -> bool:
        return incident_rows.by_channel(tx, message.team_id, message.channel_id) is not None


def _newer(new: Message, old: Message) -> bool:
    """Whether ``new`` shows a later edit; times compare as decimals, never as floats."""
    return Decimal(new.edited_ts or 0) > Decimal(old.edited_ts or 0)


def _clean_note(text: str) -> str:
    text = text.strip()
    if not text:
        raise UserError(EMPTY_NOTE)
    if len(text) > NOTE_LIMIT:
        raise UserError(LONG_NOTE.format(limit=NOTE_LIMIT))
    return text
