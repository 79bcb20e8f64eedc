"""Publishes texts that people may change where they are published, without losing what they changed.

What is about to be sent is stored before it is sent, so that after a lost answer mayday knows whether the
text that it finds there is its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TypeVar

import structlog

from bot.domain.merging import Conflict, Draft, MergedDraft, is_same, merge_drafts
from bot.errors import UserError
from bot.ports import Clock
from bot.services import conflict_messages
from bot.store import documents as rows
from bot.store import incidents as incident_rows
from bot.store.documents import DocumentRow, Pending, Seen
from bot.store.engine import Store

CONFLICT = "conflict"
"""The code of the :class:`UserError` for a text that both sides changed."""
SHOWN = 300
CONFLICTS = (
    "{place} was changed there, and the report was changed here, in the same lines, so nothing is written "
    "there. The report has: “{ours}”. {place} has: “{theirs}”.{more} Choose in the message about it which "
    "one stays, or make both the same."
)
NO_BASE = (
    "mayday has no record of what it wrote to {place}, so it can't tell what was changed there by hand, and "
    "writes nothing there. Choose in the message about it which text stays."
)
MORE = " {count} more places differ."
NOTHING = "(nothing)"

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text to publish. ``place`` names where, as people know it: an address or a path."""

    incident_id: str
    key: str
    draft: Draft
    place: str = ""


class Documents:
    """The published texts and what is known of them."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now

    def row(self, key: str) -> DocumentRow:
        """What is known of a text."""
        with self._store.read() as tx:
            return rows.get(tx, key)

    def create(self, text: Text, send: Callable[[], T], *, is_final: bool = True) -> T:
        """Return the result of ``send``, which publishes a new text.

        It stays pending if it isn't ``is_final`` that it is there.
        """
        pending = Pending(ours=text.draft, sent=text.draft)
        self._save(text.incident_id, DocumentRow(key=text.key, pending=pending))
        result = send()
        if is_final:
            self.sent(text.incident_id, text.key)
        return result

    def next(self, text: Text, there: Seen) -> Draft | None:
        """Return what to write in place of what is there, and store that; None if nothing has to be written.

        Raises:
            UserError: both sides changed the same lines. Nothing is to be written.
        """
        row = self.read(text.incident_id, text.key, there)
        if row.base is None and _is_empty(there.draft):
            row = replace(row, base=there.draft)
        merged = merge_drafts(row.base, text.draft, there.draft, row.decided)
        if merged.conflicts:
            self._ask(text, replace(row, conflicts=merged.conflicts))
            words = _words(text, merged.conflicts) if row.base else NO_BASE.format(place=text.place)
            raise UserError(words, code=CONFLICT)
        row = replace(row, pending=Pending(ours=text.draft, sent=merged.draft))
        self._save(text.incident_id, row)
        if _same(merged.draft, there.draft):
            self.sent(text.incident_id, text.key, etag=there.etag)
            return None
        return merged.draft

    def read(self, incident_id: str, key: str, there: Seen) -> DocumentRow:
        """Store what was read, and return what is known of the text now."""
        row = self.row(key)
        if row.seen is not None and not _same(row.seen.draft, there.draft):
            log.info("document.edited", key=key)
        row = replace(_settled(row, there.draft), seen=there, read_at=self._now())
        self._save(incident_id, row)
        return row

    def unseen_write(self, text: Text, there: Draft) -> Draft | None:
        """Return the text that was replaced by a write whose end is unknown, if it is what is there now."""
        row = self.row(text.key)
        if row.pending is None or row.seen is None or not _same(row.pending.sent, there):
            return None
        return row.seen.draft

    def restored(self, text: Text, lost: Draft) -> MergedDraft:
        """Return what to write to keep a text that people saved just before what was pending was sent.

        If the two conflict, it is the text that people saved.
        """
        row = self.row(text.key)
        if row.pending is None:
            raise LookupError(text.key)
        merged = merge_drafts(row.base, row.pending.ours, lost, row.decided)
        return replace(merged, draft=lost) if merged.conflicts else merged

    def put_back(self, text: Text, found: MergedDraft) -> None:
        """Store that a text that people saved is there again in place of what was pending.

        Raises:
            UserError: both sides changed the same lines.
        """
        row = replace(self.row(text.key), pending=None, seen=Seen(draft=found.draft))
        self._ask(text, replace(row, conflicts=found.conflicts))
        raise UserError(_words(text, found.conflicts), code=CONFLICT)

    def sent(
        self, incident_id: str, key: str, *, etag: str = "", shown: Draft | None = None
    ) -> None:
        """Store that what was pending is there now, or ``shown``, which was made from it."""
        row = self.row(key)
        if row.pending is None:
            return
        seen = Seen(draft=shown or row.pending.sent, etag=etag)
        had = row.conflicts
        row = replace(row, base=row.pending.ours, pending=None, seen=seen, conflicts=())
        with self._store.write() as tx:
            incident_rows.get(tx, incident_id, lock=True)
            rows.save(tx, incident_id, replace(row, read_at=self._now()))
            if row.decided:
                rows.forget(tx, key, row.decided)
            if had or row.decided:
                conflict_messages.settle(tx, incident_id, key)

    def _ask(self, text: Text, row: DocumentRow) -> None:
        """Store a text with its conflicts, and have the channel ask which side stays."""
        with self._store.write() as tx:
            incident_rows.get(tx, text.incident_id, lock=True)
            rows.save(tx, text.incident_id, row)
            conflict_messages.ask(tx, text.incident_id, row, text.place, now=self._now())

    def _save(self, incident_id: str, row: DocumentRow) -> None:
        with self._store.write() as tx:
            rows.save(tx, incident_id, row)


def _settled(row: DocumentRow, there: Draft) -> DocumentRow:
    """The row after a look at whether what was pending has been written.

    If people changed the text meanwhile, the text that it resembles more is the one that they changed. A text
    in several parts may have been written in part.
    """
    pending = row.pending
    if pending is None:
        return row
    if row.seen is None or row.base is None or _same(there, pending.sent):
        was_written = row.seen is None or _same(there, pending.sent)
        return replace(row, pending=None, base=pending.ours if was_written else row.base)
    fields = zip_longest(
        *map(_fields, (there, pending.sent, row.seen.draft, pending.ours, row.base)), fillvalue=""
    )
    title, *parts = [
        ours if _is_written(now, sent, seen) else base for now, sent, seen, ours, base in fields
    ]
    return replace(row, pending=None, base=Draft(title=title, parts=tuple(parts)))


def _fields(draft: Draft) -> tuple[str, ...]:
    return (draft.title, *draft.parts)


def _is_written(now: str, sent: str, seen: str) -> bool:
    """Whether a text is, or was made from, the one that was sent and not the one that was seen before."""
    if is_same(now, sent):
        return True
    return not is_same(now, seen) and _likeness(now, sent) > _likeness(now, seen)


def _is_empty(draft: Draft) -> bool:
    """Whether there is nothing but markers."""
    lines = [line.strip() for part in draft.parts for line in part.split("\n")]
    return all(not line or line.startswith("<!-- mayday:") for line in lines)


def _likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 1: the share of their pairs of adjacent words that both have.

    It takes linear time, which a longest common sequence doesn't: a page of one word would take minutes.
    """
    first, second = _pairs(one), _pairs(other)
    return 2 * (first & second).total() / (first.total() + second.total())


def _pairs(text: str) -> Counter[tuple[str, str]]:
    words = text.split()
    return Counter(zip(["", *words], [*words, ""], strict=True))


def _same(one: Draft, other: Draft) -> bool:
    def parts(draft: Draft) -> list[str]:
        return [draft.title, *(part for part in draft.parts if part.strip())]

    first, second = parts(one), parts(other)
    return len(first) == len(second) and all(map(is_same, first, second))


def _words(text: Text, conflicts: tuple[Conflict, ...]) -> str:
    first = conflicts[0]
    more = MORE.format(count=len(conflicts) - 1) if len(conflicts) > 1 else ""
    return CONFLICTS.format(
        place=text.place, ours=_shown(first.ours), theirs=_shown(first.theirs), more=more
    )


def _shown(text: str) -> str:
    words = text.strip()
    return (words if len(words) <= SHOWN else f"{words[:SHOWN]}…") or NOTHING
