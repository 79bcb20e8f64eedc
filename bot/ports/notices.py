"""The notice on a hub's page, as services and steps use it."""

from __future__ import annotations

from typing import Protocol


class Notices(Protocol):
    """The service that keeps the notice that a hub shows its users."""

    def notice(self) -> str:
        """Return the text that is shown now; empty if there is none."""

    def show(self, text: str) -> None:
        """Show this text instead of the present one. It is plain text on one line, not HTML."""

    def clear(self) -> None:
        """Show no notice."""

    def check(self) -> None:
        """Return if the notice can be read and, as far as that can be seen, changed.

        Raises:
            UserError, RetryLater: it can't.
        """
