"""Recording what is said: every message once, its edits and deletions as revisions, its tags.

Everything here may come twice, late or out of order, from an event or from backfill, and ends the same:
a message is what its newest edit says, a deletion stays a deletion, and what people marked is derived
from the tags that stand.
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


class Record:
    """Keeps the record of incident channels. Channels without an incident are none of its business."""

    def __init__(
        self, store: Store, now: Clock, settings: Settings, *, team_url: Callable[[], str]
    ) -> None:
        self._store = store
        self._team_url = team_url
        self._now = now
        self._settings = settings

    def incident_of(self, team_id: str, channel_id: str) -> Incident | None:
        """The incident whose channel this is."""
        with self._store.read() as tx:
            return incident_rows.by_channel(tx, team_id, channel_id)

    def record_message(self, message: Message) -> bool:
        """A message was posted or edited; returns whether that was news.

        A deleted parent of a thread stays in Slack as a ``tombstone``, which says it is deleted.
        """
        if message.subtype == "tombstone":
            return self.deleted(message.team_id, message.channel_id, message.ts)
        link = permalink(self._team_url(), message.channel_id, message.ts, message.thread_ts)
        with self._store.write() as tx:
            if not self._ours(tx, message):
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
        """A message was deleted; returns whether that was news."""
        key = f"{team_id}:{channel_id}:{ts}"
        with self._store.write() as tx:
            known = rows.message_by_key(tx, key, lock=True)
            if known is None or known.deleted_at is not None:
                return False
            gone = replace(known, deleted_at=self._now())
            rows.revise(tx, known, gone, change="deleted", seen_at=self._now())
            return True

    def tag(self, team_id: str, channel_id: str, ts: str, user: str, name: str) -> None:
        """Somebody reacted to a message, or used the shortcut on it."""
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

    def untag(self, team_id: str, channel_id: str, ts: str, user: str, name: str) -> None:
        """Somebody took a reaction back."""
        with self._store.write() as tx:
            rows.remove_tag(tx, f"{team_id}:{channel_id}:{ts}", user, name)

    def sync_tags(
        self, incident: Incident, message: Message, reactions: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Slack shows these reactions on a message now: what differs is put right."""
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
        """Write a line into the timeline, at the time it happened; False when told before.

        Raises:
            UserError: it is empty or far too long.
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
        """Change an entry's words, its time, or both; the message it came from stays as it was.

        Raises:
            UserError: there is no such entry any more, or the words are missing.
        """
        with self._store.write() as tx:
            entry = self._entry(tx, incident_id, entry_id)
            data = {**entry.data, "text": _clean_note(text)}
            if at is not None and at != entry.at:
                data["precision"] = "second" if at.second else "minute"
            rows.change_entry(tx, entry_id, data=data, at=at or entry.at)

    def hide_entry(self, incident_id: str, entry_id: int) -> None:
        """Take an entry out of the timeline; marking its message again brings it back.

        Raises:
            UserError: it is out already.
        """
        with self._store.write() as tx:
            self._entry(tx, incident_id, entry_id)
            rows.change_entry(tx, entry_id, deleted_at=self._now())

    def lines(self, incident_id: str) -> list[Line]:
        """Everything recorded for an incident, as the report chooses from it."""
        with self._store.read() as tx:
            return rows.lines(tx, incident_id)

    def _entry(self, tx: Tx, incident_id: str, entry_id: int) -> Entry:
        entry = rows.entry_by_id(tx, entry_id, lock=True)
        if entry is None or entry.incident_id != incident_id or entry.deleted_at is not None:
            raise UserError(
                "That entry is not in the timeline any more: look with /incident timeline."
            )
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

    def _ours(self, tx: Tx, message: Message) -> bool:
        return incident_rows.by_channel(tx, message.team_id, message.channel_id) is not None


def _newer(new: Message, old: Message) -> bool:
    """Whether ``new`` shows a later edit; times compare as decimals, never as floats."""
    return Decimal(new.edited_ts or 0) > Decimal(old.edited_ts or 0)


def _clean_note(text: str) -> str:
    text = text.strip()
    if not text:
        raise UserError("Write what happened after the command: /incident note the proxy is back.")
    if len(text) > NOTE_LIMIT:
        raise UserError(f"A note has at most {NOTE_LIMIT} characters: split it into several.")
    return text
