"""The record of incident channels: each message once, its edits and deletions as revisions, its tags.

Everything may arrive twice, late or out of order, from an event or from backfill, with the same result: a
message has the text of its newest edit, a deletion is final, and the entries made from messages are derived
from the tags that remain. ``record_events`` orders the events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.audit import AuditOutcome, text_hash
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
from bot.domain.state_change import StateChange
from bot.domain.timeline import (
    ANNOTATION_LIMIT,
    Entry,
    EntryChange,
    EntryKind,
    Heading,
    Latest,
    Line,
    Message,
    Tag,
)
from bot.errors import UserError
from bot.ports import Clock
from bot.services.authorize import reaction_line
from bot.services.channel_watch import CONVERTED, ChannelWatch
from bot.services.record_events import (
    apply_deletion,
    apply_message,
    apply_reaction,
    apply_tag,
    reaction_origin,
)
from bot.services.settings import Settings
from bot.store import audit, entry_revisions
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store, Tx
from bot.store.erasure import erase, erase_deleted

SHORTCUT = "shortcut"
"""The name of the tag that the message shortcut makes."""
NOTE_LIMIT = 3000
"""Characters."""

ENTRY_GONE = f"That entry is no longer in the timeline. {COMMAND} timeline shows what is."
ONLY_ANNOTATED = (
    "mayday recorded this entry, so it can't be changed or removed. You can annotate it."
)
CHANGED_MEANWHILE = (
    "This entry has changed since you opened the form. Copy your text, then open the form again."
)
EMPTY_ANNOTATION = "Write what to add below the entry."
LONG_ANNOTATION = "An annotation has at most {limit} characters."
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
                    if event.is_edit:
                        self._erase(tx, event.message.key)
                    if event.message.subtype == CONVERTED and self._watch:
                        self._watch.latch(tx, incident_id)
                case DeletedEvent() as event:
                    apply_deletion(tx, event.linked(team_url), now=self._now())
                    self._erase(tx, ":".join((*event.channel, event.ts)))
                case ReactionEvent() as event if heading:
                    line = reaction_line(
                        self._settings.rules, incident_id, event.user, reaction_origin(event)
                    )
                    audit.add(tx, line)
                    if line.outcome is AuditOutcome.ALLOWED:
                        apply_reaction(tx, incident_id, event, heading, now=self._now())
                case ChannelEvent() as event if self._watch:
                    self._watch.take(tx, incident_id, event)

    def file_message(
        self, message: Message, *, by: str, seen_ts: str = "", origin: str = ""
    ) -> None:
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
            apply_tag(
                tx,
                incident_id,
                tag,
                ts=message.ts,
                added=True,
                event_ts="",
                now=self._now(),
                origin=origin,
            )
            self._erase(tx, message.key)

    def erase_deleted(self) -> None:
        """Erase what deleted messages said, if that isn't kept: also those that earlier versions kept."""
        if not self._settings.keep_deleted:
            with self._store.write() as tx:
                erase_deleted(tx)

    def _erase(self, tx: Tx, key: str) -> None:
        """Erase what a message said, if it is deleted and that isn't kept."""
        if not self._settings.keep_deleted:
            erase(tx, [key])

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
        origin: str = "",
    ) -> bool:
        """Add a note to the timeline, at the time it happened; False when it is there already.

        Raises:
            UserError: it is empty, or longer than :data:`NOTE_LIMIT`.
        """
        text = _clean_note(text)
        with self._store.write() as tx:
            is_new = rows.add_entry(
                tx,
                incident_id=incident_id,
                at=at,
                now=self._now(),
                kind=EntryKind.NOTE,
                author=by,
                data={"text": text, "precision": "second" if precise else "minute"},
                source=idempotency_key,
            )
            if is_new:
                change = StateChange(
                    incident_id=incident_id, by=by, idempotency_key=idempotency_key, origin=origin
                )
                after = {"text": text_hash(text), "at": at.isoformat()}
                audit.add(tx, change.line("entry.note", after=after))
            return is_new

    def rewrite(
        self,
        change: StateChange,
        entry_id: int,
        *,
        text: str,
        at: datetime | None,
        version: str = "",
    ) -> None:
        """Change an entry's text, its time, or both; the message it was made from is unchanged.

        ``version`` is that of the line that the person changes, if it is known.

        Raises:
            UserError: the entry was removed or can only be annotated, its version is another one now, or
                the text is empty or too long.
        """
        text = _clean_note(text)
        with self._store.write() as tx:
            line = self._changeable(tx, change, entry_id)
            if line is None:
                return
            if version not in ("", line.version):
                raise UserError(CHANGED_MEANWHILE)
            entry, data = line.entry, dict(line.entry.data)
            if text != line.text:
                data["text"] = text
            if at is not None and at != entry.at:
                data["precision"] = "second" if at.second else "minute"
            before, after = _version(entry.data, entry.at), _version(data, at or entry.at)
            if before == after:
                return
            rows.change_entry(tx, entry_id, data=data, at=at or entry.at)
            self._revise(tx, change, entry_id, EntryChange.EDITED, before=before, after=after)

    def hide_entry(self, change: StateChange, entry_id: int) -> None:
        """Remove an entry from the timeline; reacting to its message again restores it.

        Raises:
            UserError: it was removed already, or can only be annotated.
        """
        with self._store.write() as tx:
            line = self._changeable(tx, change, entry_id)
            if line is None:
                return
            rows.change_entry(tx, entry_id, deleted_at=self._now())
            before = _version(line.entry.data, line.entry.at)
            self._revise(tx, change, entry_id, EntryChange.REMOVED, before=before, after={})

    def annotate(self, change: StateChange, entry_id: int, text: str) -> None:
        """Add a text below an entry, which itself stays as it is.

        Raises:
            UserError: the entry was removed, or the text is empty or too long.
        """
        text = text.strip()
        if not text:
            raise UserError(EMPTY_ANNOTATION, field="text")
        if len(text) > ANNOTATION_LIMIT:
            raise UserError(LONG_ANNOTATION.format(limit=ANNOTATION_LIMIT), field="text")
        with self._store.write() as tx:
            self._entry(tx, change.incident_id, entry_id)
            self._revise(
                tx, change, entry_id, EntryChange.ANNOTATED, before={}, after={"text": text}
            )

    def _changeable(self, tx: Tx, change: StateChange, entry_id: int) -> Line | None:
        """The locked line of an entry that people may edit; None if this act is recorded already."""
        if entry_revisions.is_known(tx, entry_id, change.idempotency_key):
            return None
        line = self._line(tx, change.incident_id, entry_id, lock=True)
        if not line.entry.kind.is_editable:
            raise UserError(ONLY_ANNOTATED)
        return line

    def _revise(
        self,
        tx: Tx,
        change: StateChange,
        entry_id: int,
        kind: EntryChange,
        *,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        """Record who changed an entry. The audit log has hashes of the texts, which can be erased here."""
        is_new = entry_revisions.add(
            tx,
            entry_id,
            kind,
            by=change.by,
            at=self._now(),
            source=change.idempotency_key,
            before=before,
            after=after,
        )
        if is_new:
            target = f"entry/{entry_id}"
            was, now = _hashed(before), _hashed(after)
            audit.add(tx, change.line(f"entry.{kind}", target=target, before=was, after=now))

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
            return self._line(tx, incident_id, entry_id, lock=False)

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

    def _line(self, tx: Tx, incident_id: str, entry_id: int, *, lock: bool) -> Line:
        line = rows.lines_of(tx, [self._entry(tx, incident_id, entry_id, lock=lock)])[0]
        if not line.is_shown:
            raise UserError(ENTRY_GONE)
        return line

    def _entry(self, tx: Tx, incident_id: str, entry_id: int, *, lock: bool = True) -> Entry:
        entry = rows.entry_by_id(tx, entry_id, lock=lock)
        if entry is None or entry.incident_id != incident_id or entry.deleted_at is not None:
            raise UserError(ENTRY_GONE)
        return entry


def _version(data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What a revision keeps of an entry: its own text, if it has one, and its time."""
    return {"text": str(data.get("text", "")), "at": at.isoformat()}


def _hashed(version: Mapping[str, Any]) -> dict[str, Any]:
    hashed = {"text": text_hash(version["text"])} if version.get("text") else {}
    return {**version, **hashed}


def _clean_note(text: str) -> str:
    text = text.strip()
    if not text:
        raise UserError(EMPTY_NOTE)
    if len(text) > NOTE_LIMIT:
        raise UserError(LONG_NOTE.format(limit=NOTE_LIMIT))
    return text
