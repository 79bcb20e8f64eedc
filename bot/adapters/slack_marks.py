"""What marks channels and messages in Slack: topics, pins, reactions and bookmarks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from bot.adapters.slack_answers import Answer
from bot.errors import UserError


class SlackMarks(ABC):
    """The part of :class:`bot.adapters.slack.SlackChat` about them."""

    @abstractmethod
    def _call(self, method: str, **fields: Any) -> Answer:
        """Call a method of the Web API."""

    def set_topic(self, channel_id: str, topic: str) -> None:
        """Set the channel's topic."""
        self._call("conversations.setTopic", channel=channel_id, topic=topic)

    def pin(self, channel_id: str, ts: str) -> None:
        """Pin a message; do nothing if it is already pinned."""
        try:
            self._call("pins.add", channel=channel_id, timestamp=ts)
        except UserError as exc:
            if exc.code != "already_pinned":
                raise

    def react(self, channel_id: str, ts: str, name: str) -> None:
        """Add a reaction of the bot's to a message; do nothing if it is there."""
        try:
            self._call("reactions.add", channel=channel_id, timestamp=ts, name=name)
        except UserError as exc:
            if exc.code != "already_reacted":
                raise

    def unreact(self, channel_id: str, ts: str, name: str) -> None:
        """Remove a reaction of the bot's from a message; do nothing if it isn't there."""
        try:
            self._call("reactions.remove", channel=channel_id, timestamp=ts, name=name)
        except UserError as exc:
            if exc.code != "no_reaction":
                raise

    def bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        """Add a bookmark to the channel, or update the one with this title."""
        listed = self._call("bookmarks.list", channel_id=channel_id)
        for raw in listed.get("bookmarks") or ():
            if raw.get("title") == title:
                if raw.get("link") != link:
                    self._call(
                        "bookmarks.edit", channel_id=channel_id, bookmark_id=raw["id"], link=link
                    )
                return
        self._call("bookmarks.add", channel_id=channel_id, title=title, type="link", link=link)
