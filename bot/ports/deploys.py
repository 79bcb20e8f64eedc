"""The repository that a hub is deployed from, as services use it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from bot.domain.signs import Merge


class Deploys(Protocol):
    """One repository on GitHub."""

    def merges(self, since: datetime) -> tuple[Merge, ...]:
        """Return the pull requests that were merged since then, the latest first."""

    def open_revert(self, merge: Merge) -> str:
        """Open the pull request that reverts a merge, and return its URL; the same one at each call.

        Raises:
            UserError: files of the merge were changed since, or GitHub refuses; nothing was opened.
        """
