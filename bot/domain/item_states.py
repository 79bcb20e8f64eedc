"""How the state of an action item and that of its issue on GitHub follow each other.

GitHub's state counts when it changes, not while it lasts: so what a person decides in Slack isn't taken back
by an issue that mayday hasn't closed yet, and mayday's own change of the issue changes nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from bot.domain.actions import ActionItem

GITHUB = "github"
"""Who set the state of an item that followed its issue."""


class ItemState(StrEnum):
    """How an action item stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class IssueState(StrEnum):
    """How an issue or a pull request stands on GitHub."""

    OPEN = "open"
    COMPLETED = "completed"
    NOT_PLANNED = "not_planned"  # or a duplicate
    MERGED = "merged"
    CLOSED = "closed"  # a pull request that was not merged
    GONE = "gone"  # deleted
    MOVED = "moved"  # transferred to another repository


MEANS: Mapping[str, ItemState] = MappingProxyType(
    {
        IssueState.OPEN: ItemState.OPEN,
        IssueState.COMPLETED: ItemState.DONE,
        IssueState.MERGED: ItemState.DONE,
        IssueState.NOT_PLANNED: ItemState.DROPPED,
    }
)
"""What the state of an issue says about its item. The others say nothing: people decide."""

LOST = frozenset({IssueState.GONE, IssueState.MOVED})
"""The states of issues that mayday neither reads nor changes any more."""


@dataclass(frozen=True, kw_only=True)
class FoundIssue:
    """An issue or a pull request as it was read. ``changed_at`` is GitHub's time of its last change."""

    number: int
    state: IssueState
    changed_at: datetime


def followed(item: ActionItem, found: FoundIssue) -> ActionItem:
    """Return the item after its issue was read; the same if that changes nothing.

    If a person decided in Slack and the issue was changed before mayday changed it, the later one counts.
    """
    if found.state == item.issue_state:
        return item
    before = MEANS.get(item.issue_state or IssueState.OPEN)
    after = replace(item, issue_state=found.state.value)
    means = MEANS.get(found.state)
    if means is None or means in (item.state, before):
        return after
    is_pending = before is not None and item.state != before
    if is_pending and item.state_at is not None and item.state_at > found.changed_at:
        return after
    return replace(after, state=means.value, state_at=found.changed_at, state_by=GITHUB)


def to_write(item: ActionItem) -> ItemState | None:
    """Return the state that mayday has to give to the issue that it filed; None if there is none.

    Issues and pull requests of people, which an item only links to, are left alone.
    """
    shown = MEANS.get(item.issue_state or IssueState.OPEN)
    if not item.issue_url or shown is None or shown == item.state:
        return None
    return ItemState(item.state)
