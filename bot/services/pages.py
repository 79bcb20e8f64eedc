"""Applies pages of a channel's history to the record.

A page says less than an event: it has no order of its own, and an event may be recorded while the page is on
its way. So a page changes only what nothing else changed after the page was asked for. All times that decide
this are by the database's clock.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import structlog

from bot.domain.access import Act, seen_refusal
from bot.domain.events import is_later, is_reworded
from bot.domain.incident import Incident
from bot.domain.slack_message import permalink
from bot.domain.timeline import Heading, Message
from bot.ports import Clock, HistoryMessage
from bot.services.authorize import seen_line
from bot.services.confirm import Confirm
from bot.services.record import SHORTCUT
from bot.services.record_events import tag_line
from bot.services.settings import Settings
from bot.store import audit
from bot.store import pages as rows
from bot.store.engine import Store, Tx
from bot.store.erasure import erase
from bot.store.pages import Changes, KnownMessage, KnownTag

SETTLE = timedelta(seconds=10)
"""A message that was recorded less than this before a reading may be missing from it: history lags behind."""

CONFIRM = timedelta(minutes=1)
"""The least time between two complete readings that prove by a message's absence that it is deleted."""

HISTORY = "history"
"""The origin, in the audit log, of tags that a page shows."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A message that Slack returned, and when it was asked for it."""

    asked_at: datetime
    seen: HistoryMessage

    def may_change(self, known: KnownMessage | KnownTag) -> bool:
        """Whether a row is unchanged since the page was asked for."""
        return known.changed_at is None or known.changed_at < self.asked_at

    def is_settled(self, known: KnownMessage) -> bool:
        """Whether the page must show the last change of a message: history lags behind."""
        return known.changed_at is None or known.changed_at < self.asked_at - SETTLE

    def may_differ(self, known: KnownMessage) -> bool:
        """Whether the text differs from the one that is stored, and is not that of an earlier edit."""
        message = self.seen.message
        return (
            message.text != known.text
            and known.deleted_at is None
            and not is_later(known.edited_ts, message.edited_ts)
        )


@dataclass(frozen=True, kw_only=True)
class Found:
    """How many messages a reading found new or edited, and deleted, and how many could not be stored.

    ``unsure`` are those that may be edited, which another reading tells.
    """

    new: int = 0
    deleted: int = 0
    failed: int = 0
    unsure: int = 0

    def __add__(self, other: Found) -> Found:
        return Found(
            new=self.new + other.new,
            deleted=self.deleted + other.deleted,
            failed=self.failed + other.failed,
            unsure=self.unsure + other.unsure,
        )


class Pages:
    """Stores what pages of history show."""

    def __init__(
        self,
        store: Store,
        now: Clock,
        settings: Settings,
        *,
        team_url: Callable[[], str],
        confirm: Confirm | None = None,
    ) -> None:
        self._store = store
        self._confirm = confirm
        self._now = now
        self._settings = settings
        self._team_url = team_url

    def apply(self, incident: Incident, shown: Sequence[Shown]) -> Found:
        """Make the stored messages and their tags equal to these; write nothing where they are.

        They are stored in one transaction. If that fails, each is stored in its own, and the ones that
        cannot be stored are logged and counted.

        Raises:
            DatabaseError: the database is away.
        """
        batch = {one.seen.message.key: one for one in shown}
        try:
            return self._apply(incident, batch)
        except rows.NOT_STORED as exc:
            if rows.is_away(exc):
                raise
            log.warning("backfill.one_by_one", incident=incident.id, error=type(exc).__name__)
        found = Found()
        for key, one in batch.items():
            try:
                found += self._apply(incident, {key: one})
            except rows.NOT_STORED as exc:
                if rows.is_away(exc):
                    raise
                log.exception("backfill.not_stored", incident=incident.id, message=key)
                found += Found(failed=1)
        return found

    def _apply(self, incident: Incident, batch: Mapping[str, Shown]) -> Found:
        with self._store.read() as tx:
            found = self._changes(tx, incident, batch, lock=False)
        keys = found.keys
        if not keys:
            return Found(unsure=found.unsure)
        with self._store.write() as tx:
            changes = self._changes(tx, incident, {key: batch[key] for key in keys}, lock=True)
            rows.apply(tx, changes)
            self._after(tx, incident.id, changes)
        return Found(
            new=len(changes.messages) + len(changes.edited) + len(changes.returned),
            deleted=len(changes.deleted),
            unsure=max(found.unsure, changes.unsure),
        )

    def _after(self, tx: Tx, incident_id: str, changes: Changes) -> None:
        """Record and confirm tags, and erase what deleted messages said if that isn't kept."""
        for row in changes.tags:
            self._audit_tag(tx, incident_id, row["message_key"], row["user"], row, added=True)
        for row in changes.tagged_again + changes.untagged:
            filed = {"name": row["of_name"], "heading": row.get("new_heading", "")}
            added = "new_heading" in row
            self._audit_tag(tx, incident_id, row["of_key"], row["of_user"], filed, added=added)
        refiled = changes.tagged_again + changes.untagged
        keys = {row["message_key"] for row in changes.tags} | {row["of_key"] for row in refiled}
        if self._confirm and keys:
            messages = {str(key).rpartition(":")[2] for key in keys}
            self._confirm.changed(tx, incident_id, messages, key=f"page/{uuid.uuid4().hex}")
        if changes.deleted and not self._settings.keep_deleted:
            erase(tx, [row["of_key"] for row in changes.deleted])

    def _audit_tag(
        self,
        tx: Tx,
        incident_id: str,
        key: str,
        user: str,
        filed: Mapping[str, Any],
        *,
        added: bool,
    ) -> None:
        """Record that somebody may react, and did."""
        audit.add(tx, seen_line(self._settings.rules, Act.RECORD, incident_id, user, HISTORY))
        named = {"name": filed["name"], "heading": filed["heading"]}
        audit.add(tx, tag_line(incident_id, key, user, named, added=added, origin=HISTORY))

    def _changes(
        self, tx: Tx, incident: Incident, batch: Mapping[str, Shown], *, lock: bool
    ) -> Changes:
        messages = rows.known_messages(tx, batch, lock=lock)
        tags = rows.known_tags(tx, batch, but=SHORTCUT, lock=lock)
        changes = Changes()
        for key, one in batch.items():
            self._compare(changes, one, messages.get(key))
            known_tags = tags.get(key)
            if known_tags or one.seen.reactions:
                self._compare_tags(changes, incident, one, known_tags or {})
        return changes

    def _compare(self, changes: Changes, one: Shown, known: KnownMessage | None) -> None:
        message = one.seen.message
        if message.subtype == "tombstone":
            self._bury(changes, one, known)
            return
        if known is None:
            changes.keys.add(message.key)
            changes.messages.append(
                rows.message_row(message, permalink=self._link(message), changed_at=one.asked_at)
            )
            return
        key, is_back = known.key, False
        if known.absent_at is not None and (known.deleted_at is None or one.may_change(known)):
            changes.keys.add(key)
            if known.deleted_at is None:
                changes.present.append({"of_key": key})
            else:
                changes.returned.append({"of_key": key, "new_changed_at": one.asked_at})
                is_back = True
        if known.deleted_at is not None and not is_back:
            return  # the page lags behind, and what it shows may have been erased
        is_edited = is_later(message.edited_ts, known.edited_ts)
        is_other = not is_edited and one.may_differ(known)
        if is_other and not one.is_settled(known):
            changes.unsure += 1
            is_other = False
        # What a message said may have been erased when it seemed to be deleted.
        is_erased = is_back and not known.text
        if (is_edited or is_other or is_erased) and one.may_change(known):
            changes.keys.add(key)
            if not is_erased and (is_edited or is_reworded(message, known)):
                name = message.edited_ts if is_edited else f"{one.asked_at.timestamp():.6f}"
                changes.revisions.append(_revision(known, "edited", name, self._now()))
            row = rows.message_row(
                message, permalink=self._link(message), changed_at=one.asked_at
            ) | {"subtype": known.subtype or message.subtype}
            changes.edited.append(
                {"of_key": key} | {f"new_{name}": row[name] for name in rows.EDITED}
            )

    def _bury(self, changes: Changes, one: Shown, known: KnownMessage | None) -> None:
        """Record a deletion that Slack shows: the parent of a thread stays as a ``tombstone``."""
        if known is None or known.deleted_at is not None or not one.may_change(known):
            return
        changes.keys.add(known.key)
        changes.revisions.append(_revision(known, "deleted", known.edited_ts, self._now()))
        changes.deleted.append(_deletion(known, self._now(), one.asked_at, absent_at=None))

    def _compare_tags(
        self,
        changes: Changes,
        incident: Incident,
        one: Shown,
        known: Mapping[tuple[str, str], KnownTag],
    ) -> None:
        message, key = one.seen.message, one.seen.message.key
        wanted: dict[tuple[str, str], Heading] = {}
        for name, users in one.seen.reactions.items():
            heading = None if name == SHORTCUT else self._settings.heading(name)
            if heading is not None and seen_refusal(Act.RECORD, self._settings.rules) is None:
                wanted.update(((user, name), heading) for user in users)
        is_tagged = False
        for of, heading in wanted.items():
            tag = known.get(of)
            if tag is None:
                changes.tags.append(
                    {
                        "message_key": key,
                        "user": of[0],
                        "name": of[1],
                        "heading": heading.value,
                        "seen_at": self._now(),
                        "changed_at": one.asked_at,
                    }
                )
            elif tag.removed_at is not None and one.may_change(tag):
                changes.tagged_again.append(
                    _of(tag)
                    | {
                        "new_heading": heading.value,
                        "new_seen_at": self._now(),
                        "new_changed_at": one.asked_at,
                    }
                )
            else:
                continue
            changes.keys.add(key)
            is_tagged = True
        if is_tagged:
            changes.entries.append(rows.entry_row(incident.id, message, now=self._now()))
        for of, tag in known.items():
            if of not in wanted and tag.removed_at is None and one.may_change(tag):
                changes.keys.add(key)
                changes.untagged.append(
                    _of(tag) | {"new_removed_at": one.asked_at, "new_changed_at": one.asked_at}
                )

    def absent(
        self,
        tx: Tx,
        stored: Sequence[tuple[str, str]],
        *,
        shown: Collection[str],
        began: datetime,
    ) -> tuple[int, bool]:
        """Record which stored messages a complete reading did not return.

        A message is deleted at the second such reading; the first may have been too early for it. One that
        a page shows again later returns. ``stored`` are the keys and threads that were stored before the
        reading began. Messages and threads older than any returned one are not deleted: many workspaces
        keep or show messages for a limited time only, and the report is often written after that.

        Returns:
            How many were deleted, and whether some may be deleted by another reading.
        """
        if not shown:
            return 0, False
        oldest = min(Decimal(_ts(key)) for key in shown)
        missing = [
            key
            for key, thread_ts in stored
            if key not in shown and Decimal(thread_ts or _ts(key)) >= oldest
        ]
        if not missing:
            return 0, False
        gone, unsure = [], []
        is_settling = False
        for known in rows.known_messages(tx, missing, lock=True).values():
            if known.deleted_at is not None:
                continue
            if known.changed_at is not None and known.changed_at >= began - SETTLE:
                is_settling = True
            elif known.absent_at is None:
                unsure.append(known.key)
            elif known.absent_at > began - CONFIRM:
                is_settling = True
            else:
                gone.append(known)
        rows.set_absent(tx, unsure, began)
        now = self._now()
        rows.apply(
            tx,
            Changes(
                revisions=[_revision(one, "deleted", one.edited_ts, now) for one in gone],
                deleted=[_deletion(one, now, began, absent_at=one.absent_at) for one in gone],
            ),
        )
        if not self._settings.keep_deleted:
            erase(tx, [one.key for one in gone])
        return len(gone), bool(unsure) or is_settling

    def _link(self, message: Message) -> str:
        return permalink(self._team_url(), message.channel_id, message.ts, message.thread_ts)


def _ts(key: str) -> str:
    return key.rpartition(":")[2]


def _of(tag: KnownTag) -> dict[str, object]:
    return {"of_key": tag.message_key, "of_user": tag.user, "of_name": tag.name}


def _revision(
    known: KnownMessage, change: str, edited_ts: str, seen_at: datetime
) -> dict[str, object]:
    return {
        "message_key": known.key,
        "change": change,
        "text": known.text,
        "edited_ts": edited_ts,
        "seen_at": seen_at,
    }


def _deletion(
    known: KnownMessage, now: datetime, changed_at: datetime, *, absent_at: datetime | None
) -> dict[str, object]:
    return {
        "of_key": known.key,
        "new_deleted_at": now,
        "new_absent_at": absent_at,
        "new_changed_at": changed_at,
    }
