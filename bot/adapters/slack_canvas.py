"""The canvases of Slack's channels.

``canvases.edit`` takes one change a call. ``canvases.sections.lookup`` finds sections by a text in them, and
their ids change with each edit.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.adapters.slack_answers import Answer


class SlackCanvases:
    """Implements :class:`bot.ports.Canvases` with :meth:`bot.adapters.slack.SlackChat._call`."""

    def __init__(self, call: Callable[..., Answer]) -> None:
        self._call = call

    def create(self, channel_id: str, *, title: str, markdown: str) -> str:
        """Create the channel's canvas and return its id."""
        answer = self._call(
            "conversations.canvases.create",
            channel_id=channel_id,
            title=title,
            document_content=_content(markdown),
        )
        return str(answer["canvas_id"])

    def of_channel(self, channel_id: str) -> str:
        """Return the id of the channel's canvas, or an empty string if it has none."""
        channel = self._call("conversations.info", channel=channel_id)["channel"]
        canvas = (channel.get("properties") or {}).get("canvas") or {}
        return str(canvas.get("file_id") or "")

    def sections(self, canvas_id: str, text: str) -> list[str]:
        """Return the ids of the sections that contain a text."""
        answer = self._call(
            "canvases.sections.lookup", canvas_id=canvas_id, criteria={"contains_text": text}
        )
        return [str(section["id"]) for section in answer["sections"]]

    def insert(self, canvas_id: str, markdown: str) -> None:
        """Insert text at the start of a canvas."""
        change = {"operation": "insert_at_start", "document_content": _content(markdown)}
        self._call("canvases.edit", canvas_id=canvas_id, changes=[change])

    def replace(self, canvas_id: str, section_id: str, markdown: str) -> None:
        """Put text in the place of one section."""
        content = _content(markdown)
        change = {"operation": "replace", "section_id": section_id, "document_content": content}
        self._call("canvases.edit", canvas_id=canvas_id, changes=[change])


def _content(markdown: str) -> dict[str, str]:
    return {"type": "markdown", "markdown": markdown}
