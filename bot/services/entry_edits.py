"""Edits of timeline entries that take one back or change the order: undo, restore, move."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.command import COMMAND
from bot.domain.entry_order import swapped
from bot.domain.report import timeline_lines
from bot.domain.report_parts import ENTRY
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryChange, EntryRevision
from bot.domain.typed_time import TypedTime, unit_of
from bot.errors import UserError
from bot.services.entries import ENTRY_GONE, Entries, version_of
from bot.store import audit, entry_revisions, report_revisions
from bot.store import incidents as incident_rows
from bot.store import timeline as rows
from bot.store.engine import Tx

CHANGED_SINCE = (
    f"This entry has changed again since, so it stays. {COMMAND} edit shows it as it is."
)
UNKNOWN_CHANGE = "This change is not known."
NO_UNDO = "An annotation can't be taken back. Add another one that corrects it."


class EntryEdits(Entries):
    """Adds to :class:`Entries` what takes a change back, and the order."""

    def restore_entry(self, change: StateChange, entry_id: int) -> None:
        """Bring a removed entry back, unless it is there.

        Raises:
            UserError: there is no such entry.
        """
        with self._store.write(beside=change.may_publish) as tx:
            incident_rows.get(tx, change.incident_id, lock=True)
            entry = rows.entry_by_id(tx, entry_id, lock=True)
            if entry is None or entry.incident_id != change.incident_id:
                raise UserError(ENTRY_GONE)
            is_known = entry_revisions.is_known(tx, entry_id, change.idempotency_key)
            if is_known or entry.deleted_at is None:
                return
            rows.change_entry(tx, entry_id, deleted_at=None)
            after = version_of(str(entry.data.get("text", "")), entry.time)
            self._revise(tx, change, entry_id, EntryChange.RESTORED, before={}, after=after)

    def undo_change(self, change: StateChange, revision_id: int) -> None:
        """Take back an edit, a removal or a restoration of an entry.

        Raises:
            UserError: there is no such change, or the entry has changed since.
        """
        with self._store.read() as tx:
            entry_id, found = self._revision(tx, change.incident_id, revision_id)
        match found.change:
            case EntryChange.REMOVED:
                self.restore_entry(change, entry_id)
            case EntryChange.RESTORED:
                self.hide_entry(change, entry_id)
            case EntryChange.EDITED:
                self._revert(change, entry_id, found)
            case _:
                raise UserError(NO_UNDO)

    def _revert(self, change: StateChange, entry_id: int, found: EntryRevision) -> None:
        with self._store.write(beside=change.may_publish) as tx:
            line = self._changeable(tx, change, entry_id)
            if line is None:
                return
            own = str(line.entry.data.get("text", ""))
            now = version_of(own, line.entry.time)
            names = {*found.after, "until", "is_about", "typed", "unit"}
            if any(now.get(name) != found.after.get(name) for name in names):
                raise UserError(CHANGED_SINCE)
            time = _time(found.before)
            data = {**line.entry.data, "text": found.before.get("text", "")}
            data["precision"] = time.unit.value
            rows.change_entry(tx, entry_id, data=data, **rows.time_columns(time))
            before = version_of(str(data["text"]), time)
            self._revise(tx, change, entry_id, EntryChange.EDITED, before=now, after=before)

    def move(
        self, change: StateChange, entry_id: int, neighbour_id: int, *, zone: ZoneInfo
    ) -> None:
        """Exchange an entry with its neighbour of the same time. ``zone`` is the report's.

        Raises:
            UserError: they are not neighbours any more, or have different times.
        """
        part = f"{ENTRY}/{entry_id}"
        with self._store.write(beside=change.may_publish) as tx:
            incident = incident_rows.get(tx, change.incident_id, lock=True)
            if report_revisions.is_known(tx, incident.id, change.idempotency_key):
                return
            shown = timeline_lines(incident, rows.lines(tx, incident.id), zone)
            ranks = swapped(shown, entry_id, neighbour_id)
            before = {str(line.entry.id): line.entry.rank for line in shown}
            for moved, rank in ranks.items():
                rows.change_entry(tx, moved, rank=rank)
            after = {str(moved): rank for moved, rank in ranks.items()}
            old = {name: before[name] for name in after}
            report_revisions.add(
                tx,
                incident.id,
                part,
                by=change.by,
                at=self._now(),
                before=old,
                after=after,
                source=change.idempotency_key,
            )
            audit.add(tx, change.line("entry.moved", target=part, before=old, after=after))
            self._edited(tx, change, incident, part)

    @staticmethod
    def _revision(tx: Tx, incident_id: str, revision_id: int) -> tuple[int, EntryRevision]:
        found = entry_revisions.get(tx, revision_id)
        entry = rows.entry_by_id(tx, found[0]) if found else None
        if found is None or entry is None or entry.incident_id != incident_id:
            raise UserError(UNKNOWN_CHANGE)
        return found


def _time(version: Mapping[str, Any]) -> TypedTime:
    until = version.get("until")
    return TypedTime(
        at=datetime.fromisoformat(version["at"]),
        until=datetime.fromisoformat(until) if until else None,
        is_about=bool(version.get("is_about")),
        unit=unit_of(version),
        typed=str(version.get("typed", "")),
        zone=str(version.get("zone", "")),
    )
