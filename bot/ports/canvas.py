"""The canvas of a Slack channel: a document that people and mayday write in."""

from __future__ import annotations

from typing import Protocol


class Canvases(Protocol):
    """The canvases of channels. Text is Markdown, and a section is one block of it, such as a paragraph.

    The ids of sections change with each edit, so they are looked up before each. What a canvas says can't be
    relied on: people write in it. Errors are those of :class:`bot.ports.chat.Chat`.
    """

    def create(self, channel_id: str, *, title: str, markdown: str) -> str:
        """Create the channel's canvas and return its id.

        Raises:
            UserError: ``code`` is in :data:`EXISTS`: the channel has one; in :data:`UNAVAILABLE`: the
                workspace has none.
        """

    def of_channel(self, channel_id: str) -> str:
        """Return the id of the channel's canvas, or an empty string if it has none."""

    def sections(self, canvas_id: str, text: str) -> list[str]:
        """Return the ids of the sections that contain a text.

        Raises:
            UserError: ``code="gone"``: the canvas was deleted.
        """

    def insert(self, canvas_id: str, markdown: str) -> None:
        """Insert text at the start of a canvas."""

    def replace(self, canvas_id: str, section_id: str, markdown: str) -> None:
        """Put text in the place of one section.

        Raises:
            UserError: ``code="gone"``: the section or the canvas was deleted.
        """


EXISTS = frozenset({"channel_canvas_already_exists", "free_team_canvas_tab_already_exists"})
"""Slack's codes where the channel has a canvas."""

UNAVAILABLE = frozenset(
    {
        "canvas_disabled_user_team",
        "free_teams_cannot_edit_standalone_canvases",
        "restricted_action",
        "team_tier_cannot_create_channel_canvases",
        "unknown_method",
    }
)
"""Slack's codes where mayday can't keep a canvas in this workspace."""
