"""Timeline entries as people work on them: notes, edits, removals and annotations, each with its revision.

Each is idempotent by the key of its request. What mayday recorded can only be annotated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.domain.audit import text_hash
from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.report_parts import ENTRY
from bot.domain.state_change import StateChange
from bot.domain.timeline import ANNOTATION_LIMIT, Entry, EntryChange, EntryKind, Latest, Line
from bot.domain.typed_time import TypedTime, Unit
from bot.errors import UserError
from bot.ports import Clock
from bot.store import audit, entry_revisions
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Store, Tx

NOTE_LIMIT = 3000
"""Characters."""

ENTRY_GONE = f"That entry is no longer in the timeline. {COMMAND} timeline shows what is."
ONLY_ANNOTATED = (
    "mayday recorded this entry, so it can't be changed or removed. You can annotate it."
)
CHANGED_MEANWHILE = "This entry has changed since you opened the form."
CHANGED_SINCE = (
    f"This note has changed since, so it stays. To remove it, use its menu in {COMMAND} timeline."
)
NOT_YOURS = f"You didn't add this note. To remove it, use its menu in {COMMAND} timeline."
EMPTY_ANNOTATION = "Write what to add below the entry."
LONG_ANNOTATION = "An annotation has at most {limit} characters."
EMPTY_NOTE = f"Write what happened after the command: {COMMAND} note the proxy is back."
LONG_NOTE = "A note has at most {limit} characters. Split it into several."


ENTRY_LIMIT = 40_000
"""Characters of an entry that is rewritten: as many as a message may have."""

FAR = timedelta(days=1)
"""The distance from the nearest other entry at which a typed time may be a mistake."""


@dataclass(frozen=True, kw_only=True)
class Noted:
    """A note in the timeline. ``distance`` is that to the nearest other entry, None below :data:`FAR`."""

    entry_id: int
    version: str
    is_new: bool
    distance: timedelta | None


class EntryChangedError(UserError):
    """The entry is not what the form shows. Nothing is changed."""


Edited = Callable[[Tx, StateChange, Incident, str], None]
"""What follows a change of a part of a report, which is named last, in the transaction of the change."""


def not_followed(_tx: Tx, _change: StateChange, _incident: Incident, _part: str) -> None:
    """What follows a change of a report that is shown and published nowhere."""


class Entries:
    """Adds, changes, annotates and removes entries of incidents' timelines.

    ``edited`` is called with each change of an entry; its incident is locked.
    """

    def __init__(self, store: Store, now: Clock, *, edited: Edited = not_followed) -> None:
        self._store = store
        self._now = now
        self._edited = edited

    def note(
        self,
        change: StateChange,
        *,
        text: str,
        time: TypedTime,
    ) -> Noted:
        """Add a note to the timeline, at the time it happened, unless it is there already.

        Raises:
            UserError: it is empty, or longer than :data:`NOTE_LIMIT`.
        """
        text = _clean_note(text)
        with self._store.write(beside=change.may_publish) as tx:
            incident = incident_rows.get(tx, change.incident_id, lock=True)
            is_new = rows.add_entry(
                tx,
                incident_id=incident.id,
                at=time.at,
                now=self._now(),
                kind=EntryKind.NOTE,
                author=change.by,
                data={"text": text, "precision": time.unit.value},
                source=change.idempotency_key,
                time=time,
            )
            entry = rows.entry_of_source(tx, incident.id, change.idempotency_key)
            if is_new:
                audit.add(tx, change.line("entry.note", after=hashed(version_of(text, time))))
                if incident.closed_at is not None:
                    self._edited(tx, change, incident, f"{ENTRY}/{entry.id}")
            return Noted(
                entry_id=entry.id,
                version=Line(entry=entry).version,
                is_new=is_new,
                distance=self._distance(tx, entry),
            )

    def rewrite(
        self,
        change: StateChange,
        entry_id: int,
        *,
        text: str,
        time: TypedTime | None,
        version: str = "",
    ) -> timedelta | None:
        """Change an entry's text, its time, or both; the message it was made from is unchanged.

        Returns how far a new time is from the nearest other entry, if that is :data:`FAR` or more.

        ``version`` is that of the line that the person changes, if it is known.

        Raises:
            UserError: the entry was removed or can only be annotated, its version is another one now, or
                the text is empty or too long.
        """
        text = _clean_note(text, limit=ENTRY_LIMIT)
        with self._store.write(beside=change.may_publish) as tx:
            line = self._changeable(tx, change, entry_id)
            if line is None:
                return None
            if version not in ("", line.version):
                raise EntryChangedError(CHANGED_MEANWHILE)
            entry, data = line.entry, dict(line.entry.data)
            if text != line.text.strip():
                data["text"] = text
            if time is not None:
                data["precision"] = time.unit.value
            moved = time or entry.time
            before = version_of(str(entry.data.get("text", "")), entry.time)
            after = version_of(str(data.get("text", "")), moved)
            if before == after:
                return None
            rows.change_entry(tx, entry_id, data=data, **rows.time_columns(moved))
            self._revise(tx, change, entry_id, EntryChange.EDITED, before=before, after=after)
            return self._distance(tx, replace(entry, at=moved.at, data=data)) if time else None

    def hide_entry(self, change: StateChange, entry_id: int) -> None:
        """Remove an entry from the timeline; reacting to its message again restores it.

        Raises:
            UserError: it was removed already, or can only be annotated.
        """
        with self._store.write(beside=change.may_publish) as tx:
            if line := self._changeable(tx, change, entry_id):
                self._hide(tx, change, line)

    def undo_note(self, change: StateChange, entry_id: int, *, version: str) -> None:
        """Remove a note that the same person added, if it is still as ``version`` says.

        Raises:
            UserError: it is somebody else's, has changed since, or was removed already.
        """
        with self._store.write(beside=change.may_publish) as tx:
            line = self._changeable(tx, change, entry_id)
            if line is None:
                return
            if line.entry.kind is not EntryKind.NOTE or line.entry.author != change.by:
                raise UserError(NOT_YOURS)
            if line.version != version:
                raise UserError(CHANGED_SINCE)
            self._hide(tx, change, line)

    def _hide(self, tx: Tx, change: StateChange, line: Line) -> None:
        rows.change_entry(tx, line.entry.id, deleted_at=self._now())
        before = version_of(str(line.entry.data.get("text", "")), line.entry.time)
        self._revise(tx, change, line.entry.id, EntryChange.REMOVED, before=before, after={})

    def _distance(self, tx: Tx, entry: Entry) -> timedelta | None:
        """How far an entry is from the nearest other one and from the times that people set.

        None if that is less than :data:`FAR`, or the entry is between two such times, or has no clock.
        """
        nearest = rows.nearest_time(tx, entry.incident_id, entry.id, entry.at)
        known = [time.at for time in incident_rows.get(tx, entry.incident_id).milestones.values()]
        is_within = bool(known) and min(known) <= entry.at <= max(known)
        if is_within or not entry.time.unit.has_clock:
            return None
        known += [nearest] if nearest else []
        distance = min((abs(entry.at - at) for at in known), default=timedelta(0))
        return distance if distance >= FAR else None

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
        with self._store.write(beside=change.may_publish) as tx:
            incident_rows.get(tx, change.incident_id, lock=True)
            if entry_revisions.is_known(tx, entry_id, change.idempotency_key):
                return
            self._entry(tx, change.incident_id, entry_id)
            self._revise(
                tx, change, entry_id, EntryChange.ANNOTATED, before={}, after={"text": text}
            )

    def _changeable(self, tx: Tx, change: StateChange, entry_id: int) -> Line | None:
        """The locked line of an entry that people may edit; None if this act is recorded already."""
        incident_rows.get(tx, change.incident_id, lock=True)
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
            target = f"{ENTRY}/{entry_id}"
            was, now = hashed(before), hashed(after)
            audit.add(tx, change.line(f"entry.{kind}", target=target, before=was, after=now))
            incident = incident_rows.get(tx, change.incident_id)
            self._edited(tx, change, incident, target)

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


def version_of(text: str, time: TypedTime) -> dict[str, Any]:
    """What a revision keeps of an entry: its own text, if it has one, and its time."""
    version: dict[str, Any] = {"text": text, "at": time.at.isoformat()}
    if time.until:
        version["until"] = time.until.isoformat()
    if time.is_about:
        version["is_about"] = True
    if time.typed:
        version["typed"] = time.typed
    if time.zone:
        version["zone"] = time.zone
    if time.unit is Unit.SECOND:
        version["has_seconds"] = True
    elif not time.unit.has_clock:
        version["unit"] = time.unit.value
    return version


def hashed(version: Mapping[str, Any]) -> dict[str, Any]:
    hashed = {"text": text_hash(version["text"])} if version.get("text") else {}
    return {**version, **hashed}


def _clean_note(text: str, *, limit: int = NOTE_LIMIT) -> str:
    text = text.strip()
    if not text:
        raise UserError(EMPTY_NOTE)
    if len(text) > limit:
        raise UserError(LONG_NOTE.format(limit=limit))
    return text
