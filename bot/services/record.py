"""The record of incident channels: each message once, its edits and deletions as revisions, its tags.

Everything may arrive twice, late or out of order, from an event or from backfill, with the same result: a
message has the text of its newest edit, a deletion is final, and the entries made from messages are derived
from the tags that remain. ``record_events`` orders the events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.domain.command import COMMAND
from bot.domain.events import (
    ChannelEvent,
    DeletedEvent,
    Event,
    IgnoredEvent,
    MessageEvent,
    ReactionEvent,
    in_team,
    is_later_edit,
    is_older,
    is_reworded,
    linked,
)
from bot.domain.timeline import Entry, EntryKind, Heading, Latest, Line, Message, Tag
from bot.errors import UserError
from bot.ports import Clock
from bot.services.channel_watch import CONVERTED, ChannelWatch
from bot.services.record_events import (
    apply_deletion,
    apply_message,
    apply_reaction,
    apply_tag,
)
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store, Tx

SHORTCUT = "shortcut"
"""The name of the tag that the message shortcut makes."""
NOTE_LIMIT = 3000
"""Characters."""

ENTRY_GONE = f"That entry is no longer in the timeline. {COMMAND} timeline shows what is."
EMPTY_NOTE = f"Write what happened after the command: {COMMAND} note the proxy is back."
LONG_NOTE = "A note has at most {limit} characters. Split it into several."


class Record:
    """Records what happens in incident channels. Other channels are ignored.

    What events say of the channels themselves goes to ``watch``.
    """

    def __init__(
        self,
        store: Store,
        now: Clock,
        settings: Settings,
        *,
        team_url: Callable[[], str],
        watch: ChannelWatch | None = None,
    ) -> None:
        self._store = store
        self._watch = watch
        self._team_url = team_url
        self._now = now
        self._settings = settings

    def take(self, event: Event, *, once: Callable[[Tx], bool]) -> None:
        """Record an event in one transaction, unless ``once`` finds there that it was recorded before.

        An event of another channel, or of a reaction without a meaning, is not even marked as processed:
        recording nothing twice does no harm, and one read is all that it costs.
        """
        heading = self._settings.heading(event.name) if isinstance(event, ReactionEvent) else None
        if isinstance(event, IgnoredEvent) or (isinstance(event, ReactionEvent) and not heading):
            return
        team_url = self._team_url()
        with self._store.write() as tx:
            found = incident_rows.of_channel(tx, event.channel[1])
            if found is None or not once(tx):
                return
            incident_id, team_id = found
            match in_team(event, team_id):
                case MessageEvent() as event:
                    apply_message(tx, event.linked(team_url), now=self._now())
                    if event.message.subtype == CONVERTED and self._watch:
                        self._watch.latch(tx, incident_id)
                case DeletedEvent() as event:
                    apply_deletion(tx, event.linked(team_url), now=self._now())
                case ReactionEvent() as event if heading:
                    apply_reaction(tx, incident_id, event, heading, now=self._now())
                case ChannelEvent() as event if self._watch:
                    self._watch.take(tx, incident_id, event)

    def file_message(self, message: Message, *, by: str, seen_ts: str = "") -> None:
        """Record a message and file it in the timeline, as the shortcut does.

        ``seen_ts`` is Slack's time at which it was like this.
        """
        team_url = self._team_url()
        with self._store.write() as tx:
            found = incident_rows.of_channel(tx, message.channel_id)
            if found is None:
                return
            incident_id, team_id = found
            message = replace(message, team_id=team_id)
            self._add_or_edit(tx, linked(message, team_url), seen_ts)
            tag = Tag(
                message_key=message.key,
                user=by,
                name=SHORTCUT,
                heading=Heading.TIMELINE,
                seen_at=self._now(),
            )
            apply_tag(tx, incident_id, tag, ts=message.ts, added=True, event_ts="", now=self._now())

    def _add_or_edit(self, tx: Tx, message: Message, seen_ts: str) -> None:
        """Record a message as Slack showed it, or the edit that it had since it was recorded."""
        if rows.add_message(tx, message):
            return
        known = rows.lock_message(tx, message.key)
        if known is None or known.message == message:
            return
        was = known.message
        is_edited = is_later_edit(message, was)
        if not is_edited and (
            is_later_edit(was, message) or not seen_ts or is_older(seen_ts, known.event_ts)
        ):
            return
        merged = replace(message, deleted_at=was.deleted_at, subtype=was.subtype or message.subtype)
        if is_edited or is_reworded(message, was):
            name = merged.edited_ts if is_edited else seen_ts
            rows.add_revision(tx, was, "edited", name, seen_at=self._now())
        rows.change_message(tx, merged, event_ts=known.event_ts)

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

    def latest(self, incident_id: str, limit: int) -> Latest:
        """The latest lines of the timeline, at most ``limit``."""
        with self._store.read() as tx:
            return rows.latest_lines(tx, incident_id, limit=limit)

    def line(self, incident_id: str, entry_id: int) -> Line:
        """One line.

        Raises:
            UserError: it was removed.
        """
        with self._store.read() as tx:
            entry = self._entry(tx, incident_id, entry_id, lock=False)
            return rows.lines_of(tx, [entry])[0]

    def incident_of(self, entry_id: int) -> str:
        """The id of the incident that an entry belongs to.

        Raises:
            UserError: there is no such entry.
        """
        with self._store.read() as tx:
            entry = rows.entry_by_id(tx, entry_id)
        if entry is None:
            raise UserError(ENTRY_GONE)
        return entry.incident_id

    def _entry(self, tx: Tx, incident_id: str, entry_id: int, *, lock: bool = True) -> Entry:
        entry = rows.entry_by_id(tx, entry_id, lock=lock)
        if entry is None or entry.incident_id != incident_id or entry.deleted_at is not None:
            raise UserError(ENTRY_GONE)
        return entry


def _clean_note(text: str) -> str:
    text = text.strip()
    if not text:
        raise UserError(EMPTY_NOTE)
    if len(text) > NOTE_LIMIT:
        raise UserError(LONG_NOTE.format(limit=NOTE_LIMIT))
    return text
