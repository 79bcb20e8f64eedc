"""The issues of action items on GitHub, in any repository, as the services use them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.item_states import FoundIssue, ItemState
from bot.ports.forge import Origin


@dataclass(frozen=True, kw_only=True)
class ChangedIssues:
    """The issues of a repository that changed, the earliest change first.

    ``since`` and ``etag`` are for the next request. ``is_more`` says that there are more than one answer has.
    """

    issues: tuple[FoundIssue, ...]
    since: datetime
    etag: str
    is_more: bool = False


class Tracker(Protocol):
    """Issues and pull requests by repository and number."""

    def place(self, url: str) -> tuple[str, int] | None:
        """Return the repository and the number of an issue or a pull request; None if it is none of
        this GitHub."""

    def changed(self, repository: str, *, since: datetime, etag: str) -> ChangedIssues | None:
        """Return what changed at ``since`` or later; None if that is the same as with this ``etag``.

        Raises:
            UserError: ``code="moved"``: the repository has another name or owner now.
        """

    def find(self, repository: str, number: int) -> FoundIssue:
        """Return an issue; one that was deleted or transferred is found as such."""

    def set_state(
        self, repository: str, number: int, state: ItemState, *, origin: Origin
    ) -> FoundIssue:
        """Close or reopen an issue that mayday filed for ``origin``, unless it has that state.

        Raises:
            UserError: mayday didn't file it for this.
        """
