"""Who gets an incident's news as direct messages, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.catch_up import NEWS
from bot.domain.timeline import EntryKind, PostedEntry


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """A person who gets the news of the entries after ``after_entry``, until the incident is closed."""

    incident_id: str
    user: str
    after_entry: int

    def news(self, entries: Sequence[PostedEntry]) -> list[PostedEntry]:
        """What the person gets of these entries, which are in the order of their ids: others' news."""
        found: list[PostedEntry] = []
        for entry in entries:
            if entry.id <= self.after_entry or entry.kind not in NEWS or entry.is_deleted:
                continue
            if entry.author != self.user or entry.kind is EntryKind.CLOSED:
                found.append(entry)
            if entry.kind is EntryKind.CLOSED:
                break
        return found

    def has_ended(self, entries: Sequence[PostedEntry]) -> bool:
        """Whether the incident was closed since the person subscribed."""
        return any(e.kind is EntryKind.CLOSED and e.id > self.after_entry for e in entries)
