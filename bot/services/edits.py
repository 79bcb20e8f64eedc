"""Edits of a report, before and after its incident is closed: texts, headings, times, action items.

Each is one transaction: the change, its revision, its line in the audit log, and the work that shows and
publishes it commit together. A change is refused where somebody else has changed the same field meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from bot.domain import report_parts as parts
from bot.domain.actions import ActionItem
from bot.domain.audit import text_hash
from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.milestones import Milestone
from bot.domain.report_parts import Revision, Values
from bot.domain.resources import ResourceKind
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.render.topic import topic, topic_spec
from bot.services import publish, sync
from bot.services.entries import Edited
from bot.services.items import every_item
from bot.services.part_names import own_name
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as rows
from bot.store import items as item_rows
from bot.store import report_revisions as revisions
from bot.store import resources as resource_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.incident_columns import time_from_json, time_to_json

CHANGED_SINCE = f"This was changed again since, so it stays. {COMMAND} edit shows what it is now."
UNKNOWN_CHANGE = "This change is not known."


ItemChanged = Callable[[Tx, ActionItem, ActionItem], None]


class ChangedMeanwhileError(UserError):
    """What the change is based on is no longer so. Nothing is changed."""


@dataclass(frozen=True, kw_only=True)
class LastChange:
    """Who changed a field last, and when."""

    by: str
    at: datetime


class Edits:
    """Reads and changes the parts of reports.

    ``edited`` is called with each change, and ``item_changed`` with an action item before and after its
    change, in the same transaction.
    """

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        settings: Settings,
        *,
        edited: Edited | None = None,
        item_changed: ItemChanged = lambda _tx, _before, _after: None,
    ) -> None:
        self._store = store
        self._edited = edited or partial(published, durable)
        self._now = now
        self._settings = settings
        self._item_changed = item_changed

    def values(self, incident_id: str, part: str) -> dict[str, Any]:
        """The fields of a part as they are now.

        Raises:
            UserError: there is no such part.
        """
        with self._store.read() as tx:
            return self._values(tx, rows.get(tx, incident_id), part)

    def items(self, incident_id: str) -> list[ActionItem]:
        """The action items of a report, those of tagged messages too."""
        with self._store.read() as tx:
            return self._items(tx, incident_id)

    def save(
        self, change: StateChange, part: str, *, expected: Values, wanted: Values
    ) -> Revision | None:
        """Change the fields in ``wanted``, which have the values in ``expected`` now.

        Returns the revision; None if this act is recorded already, or nothing changes.

        Raises:
            ChangedMeanwhileError: another value is stored than the expected one.
            UserError: there is no such part, or a value is not possible.
        """
        return self._save(change, part, wanted, expected)

    def _save(
        self, change: StateChange, part: str, wanted: Values, expected: Values | None = None
    ) -> Revision | None:
        with self._store.write(beside=change.may_publish) as tx:
            incident = rows.get(tx, change.incident_id, lock=True)
            if revisions.is_known(tx, incident.id, change.idempotency_key):
                return None
            now = self._values(tx, incident, part)
            if expected is not None and any(now[name] != expected[name] for name in wanted):
                raise ChangedMeanwhileError(CHANGED_SINCE)
            self._write(tx, change, incident, part, wanted)
            after = self._values(tx, rows.get(tx, incident.id), part)
            revise(self._edited, tx, change, incident, part, now, after, at=self._now())
            return revisions.of_source(tx, incident.id, change.idempotency_key)

    def change(self, change: StateChange, part: str, wanted: Values) -> Revision | None:
        """Give fields these values, whatever they have now: a button that names the new value does that.

        Returns the revision; None if this act is recorded already, or nothing changes.

        Raises:
            UserError: there is no such part, or a value is not possible.
        """
        return self._save(change, part, wanted)

    def undo(self, change: StateChange, revision_id: int) -> str:
        """Take a change back; return the name of its part.

        Raises:
            UserError: there is no such change, or its fields have changed since.
        """
        with self._store.write(beside=change.may_publish) as tx:
            incident = rows.get(tx, change.incident_id, lock=True)
            found = revisions.get(tx, revision_id)
            if found is None or found.incident_id != incident.id:
                raise UserError(UNKNOWN_CHANGE)
            part = found.part
            if revisions.is_known(tx, incident.id, change.idempotency_key):
                return part
            now = self._values(tx, incident, part)
            if any(now.get(name) != value for name, value in found.after.items()):
                raise ChangedMeanwhileError(CHANGED_SINCE)
            self._write(tx, change, incident, part, found.before)
            after = self._values(tx, rows.get(tx, incident.id), part)
            revise(self._edited, tx, change, incident, part, now, after, at=self._now())
            return part

    def name(self, incident_id: str, part: str) -> str:
        """The name that people gave to a part: a section's heading or an item's title; else empty."""
        with self._store.read() as tx:
            return own_name(tx, self._settings, rows.get(tx, incident_id), part)

    def history(self, incident_id: str, *, part: str = "", limit: int) -> list[Revision]:
        """The latest changes of a report, or of one part, the newest first."""
        with self._store.read() as tx:
            return revisions.latest(tx, incident_id, part=part, limit=limit)

    def is_known(self, change: StateChange) -> bool:
        """Whether this act is recorded."""
        with self._store.read() as tx:
            return revisions.is_known(tx, change.incident_id, change.idempotency_key)

    def of_act(self, change: StateChange) -> Revision | None:
        """The revision that this act made, if it changed anything."""
        with self._store.read() as tx:
            return revisions.of_source(tx, change.incident_id, change.idempotency_key)

    def last_change(self, incident_id: str, part: str, field: str) -> LastChange | None:
        """Who changed a field last, if anybody did."""
        found = self.history(incident_id, part=part, limit=50)
        one = next((one for one in found if field in one.after), None)
        return LastChange(by=one.by, at=one.at) if one else None

    def places(self, incident_id: str) -> list[str]:
        """Where the report is published: the addresses of its issues and pull requests, and its files."""
        kinds = {
            ResourceKind.REPORT_ISSUE: "url",
            ResourceKind.REPORT_PULL: "url",
            ResourceKind.REPORT_FILE: "path",
        }
        with self._store.read() as tx:
            found = resource_rows.of_incident(tx, incident_id).values()
        said = [
            str(row.ref.get(name, ""))
            for kind, name in kinds.items()
            for row in found
            if row.kind is kind
        ]
        return [place for place in dict.fromkeys(said) if place]

    def _items(self, tx: Tx, incident_id: str) -> list[ActionItem]:
        return every_item(tx, incident_id, group=self._settings.groups[-1])

    def _item(self, tx: Tx, incident_id: str, item_id: str) -> ActionItem:
        found = next((one for one in self._items(tx, incident_id) if one.id == item_id), None)
        if found is None:
            raise UserError(parts.NO_SUCH_PART)
        return found

    def _values(self, tx: Tx, incident: Incident, part: str) -> dict[str, Any]:
        kind, key = parts.split(part)
        if kind == parts.ITEM:
            return parts.item_values(self._item(tx, incident.id, key))
        return part_values(incident, part)

    def _write(
        self, tx: Tx, change: StateChange, incident: Incident, part: str, values: Values
    ) -> None:
        kind, key = parts.split(part)
        if kind == parts.ITEM:
            rows.add_item(
                tx, self._item(tx, incident.id, key)
            )  # one of a tagged message is stored now
            item = item_rows.get(tx, key, lock=True)
            if item is None:
                raise UserError(parts.NO_SUCH_PART)
            changed = parts.changed_item(item, values)
            fields = {name: getattr(changed, name) for name in values}
            if changed.state != item.state:
                fields |= {"state_at": self._now(), "state_by": change.by}
            rows.change_item(tx, item.id, **fields)
            self._item_changed(tx, item, replace(changed, **fields))
        elif kind == parts.TIMES:
            times = dict(incident.milestones)
            for name, value in values.items():
                times.pop(Milestone(name), None)
                if value:
                    times[Milestone(name)] = time_from_json(value)
            rows.save(tx, replace(incident, milestones=MappingProxyType(times)))
        else:
            rows.save(tx, parts.changed_incident(incident, part, values))


def part_values(incident: Incident, part: str) -> dict[str, Any]:
    """Return the fields of a part of the incident's own."""
    if part == parts.TIMES:
        times = incident.milestones
        return {n.value: time_to_json(times[n]) if n in times else None for n in Milestone}
    return parts.incident_values(incident, part)


def revise(
    edited: Edited,
    tx: Tx,
    change: StateChange,
    incident: Incident,
    part: str,
    before: Values,
    after: Values,
    *,
    at: datetime,
) -> None:
    """Record which fields of a part changed, show it in Slack and publish it; nothing if none did.

    What the card shows has an entry in the timeline, too, whichever form or command changed it.
    """
    names = [name for name in after if after[name] != before.get(name)]
    if not names:
        return
    old = {name: before.get(name) for name in names}
    new = {name: after[name] for name in names}
    source = change.idempotency_key
    revisions.add(tx, incident.id, part, by=change.by, at=at, before=old, after=new, source=source)
    line = change.line("report.edited", target=part, before=_hashed(old), after=_hashed(new))
    audit.add(tx, line)
    _note(tx, change, incident, at)
    edited(tx, change, incident, part)


def _note(tx: Tx, change: StateChange, before: Incident, at: datetime) -> None:
    """Add the entry that says what changed of title, hubs and summary; none if none of them did.

    It is not posted where the topic's own message in Slack says it, nor once the incident is closed.
    """
    after = rows.get(tx, before.id)
    old, new = parts.shown_details(before), parts.shown_details(after)
    names = [name for name in new if old[name] != new[name]]
    if not names:
        return
    in_topic = topic(topic_spec(before)) != topic(topic_spec(after))
    timeline_rows.add_entry(
        tx,
        incident_id=before.id,
        at=at,
        now=at,
        kind=EntryKind.EDITED,
        author=change.by,
        data={
            "before": {name: old[name] for name in names if name != "summary"},
            "after": {name: new[name] for name in names},
            "quiet": in_topic or before.closed_at is not None,
        },
        source=f"edited/{change.idempotency_key}",
    )


def published(
    durable: Durable, tx: Tx, change: StateChange, incident: Incident, _part: str
) -> None:
    """Show a change of the report in Slack and, once its incident is closed, publish it."""
    sync.enqueue(durable, tx, change.incident_id, change.idempotency_key)
    if incident.closed_at is not None and not incident.ending:
        publish.enqueue(durable, tx, change.incident_id, change.idempotency_key)


def _hashed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the audit log keeps them: of texts, which people may have to remove, the hash."""
    return {
        name: text_hash(json.dumps(value)) if name in parts.TEXTS and value else value
        for name, value in values.items()
    }
