"""Slack, as the services use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from bot.domain.timeline import Message
from bot.ports.canvas import Canvases

JSON = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Post:
    """A message to send: ``text`` for notifications and screen readers, ``blocks`` for display."""

    text: str
    blocks: tuple[JSON, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A Slack channel. ``created`` is by Slack's clock, ``creator`` a user id.

    ``is_member``: the bot is in it.
    """

    id: str
    name: str
    is_private: bool
    is_archived: bool
    is_shared: bool
    creator: str
    created: datetime
    is_member: bool = True


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A Slack user. ``team_id`` is their own workspace, ``zone`` an IANA name. ``org_teams`` are the
    workspaces of an organization that they belong to. ``is_guest`` is true for both kinds of guests."""

    id: str
    team_id: str
    name: str
    zone: str
    is_guest: bool
    is_bot: bool
    is_deleted: bool = False
    org_teams: frozenset[str] = frozenset()

    def is_foreign(self, me: Identity) -> bool:
        """Return whether they belong to another workspace than the bot's.

        Slack's own hints name either side of a shared channel, so only the profile counts.
        """
        return bool(self.team_id) and me.team_id not in (self.team_id, *self.org_teams)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The bot's identity: its user, its workspace and the scopes of its token.

    ``app_id`` is empty where Slack doesn't tell it.
    """

    user_id: str
    bot_id: str
    team_id: str
    team: str
    url: str
    app_id: str = ""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class HistoryMessage:
    """A message from the history, with its reactions: emoji name to user ids."""

    message: Message
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    latest_reply: str = ""
    reply_count: int = 0


class Chat(Protocol):
    """Slack. Methods that create something send their request once: the caller checks before repeating."""

    @property
    def canvases(self) -> Canvases:
        """The canvases of channels."""

    def identity(self) -> Identity:
        """Return the bot's identity. It is requested once, at the start, and kept in memory."""

    def time(self) -> datetime:
        """Return Slack's current time, up to a second late; our own before Slack's first answer."""

    def skew(self) -> timedelta | None:
        """Return our time minus Slack's, or None before Slack's first answer."""

    def open_channel(self, name: str, *, private: bool) -> Channel:
        """Create a channel.

        Raises:
            UserError: ``code="name_taken"``: a channel, possibly archived, already has the name.
        """

    def find_own_channel(self, name: str) -> Channel | None:
        """Return the channel with this name that the bot is in, or None, also if mayday may not look."""

    def resolve(self, channel: str) -> str:
        """Return the id of a channel given as an id or ``#name``; the bot joins it if allowed."""

    def channel(self, channel_id: str) -> Channel: ...

    def join(self, channel_id: str) -> None:
        """Join a public channel; do nothing if the bot is in it."""

    def private_channels(self) -> frozenset[str]:
        """Return the ids of the private channels that the bot is in."""

    def invite(self, channel_id: str, user: str) -> None:
        """Invite a person; do nothing if they are already a member."""

    def invite_all(self, channel_id: str, users: Sequence[str]) -> Mapping[str, str]:
        """Invite people; return why Slack refuses, by the user id of each whom it refuses.

        Raises:
            UserError: Slack lets mayday invite nobody to this channel.
        """

    def find_person(self, email: str) -> str | None:
        """Return the user id of who has this e-mail address, or None.

        Raises:
            UserError: mayday isn't allowed to look.
        """

    def set_topic(self, channel_id: str, topic: str) -> None: ...

    def post(self, channel_id: str, post: Post, *, effect: str, thread_ts: str = "") -> str:
        """Post a message and return its ts; ``effect`` is stored in the message's metadata."""

    def find_post(
        self, channel_id: str, effect: str, *, since: datetime | None, thread_ts: str = ""
    ) -> str | None:
        """Return the ts of the bot's latest message with this effect id, or None.

        ``since`` is Slack's time before the message was sent; None searches the whole history. If mayday
        isn't allowed to look, the result is None.
        """

    def upload(self, channel_id: str, *, name: str, text: str, comment: str) -> None:
        """Share a text file in a channel, with a comment."""

    def change(self, channel_id: str, ts: str, post: Post) -> None: ...

    def pin(self, channel_id: str, ts: str) -> None: ...

    def react(self, channel_id: str, ts: str, name: str) -> None:
        """Add a reaction of the bot's to a message; do nothing if it is there."""

    def unreact(self, channel_id: str, ts: str, name: str) -> None:
        """Remove a reaction of the bot's from a message; do nothing if it isn't there."""

    def bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        """Add a bookmark to the channel, or update the link of the one with this title."""

    def remove_bookmark(self, channel_id: str, *, title: str, link: str) -> None:
        """Remove the channel's bookmark with this title if it still has this link."""

    def open_dm(self, user: str) -> str:
        """Return the id of the direct conversation with a person."""

    def post_ephemeral(self, channel_id: str, user: str, post: Post) -> None:
        """Post a message that only one person sees. Slack doesn't store it."""

    def respond(self, url: str, post: Post, *, replace: bool) -> bool:
        """Answer a request at its own address, for the person who asked; return whether Slack accepted it.

        Such an address is valid for half an hour and five answers.
        """

    def publish_home(self, user: str, view: JSON) -> None:
        """Show a person this view as the app's Home."""

    def update_view(self, view_id: str, view: JSON, *, hash_: str) -> None:
        """Put a form in the place of an open one, if that still has this hash; empty: any."""

    def open_view(self, trigger: str, view: JSON) -> str:
        """Open a modal and return its id; a trigger expires after three seconds."""

    def push_view(self, trigger: str, view: JSON) -> str:
        """Open a modal above the one in which a button was pressed and return its id."""

    def history(
        self, channel_id: str, *, oldest: str, latest: str = ""
    ) -> Iterator[Sequence[HistoryMessage]]:
        """Yield the messages of a channel without thread replies, newest first, a page for each request."""

    def replies(self, channel_id: str, thread_ts: str) -> Iterator[Sequence[HistoryMessage]]:
        """Yield the replies of a thread without its parent, oldest first, a page for each request."""

    def profile(self, user: str) -> Profile: ...

    def group_names(self) -> Mapping[str, str]:
        """Return the handles of all user groups by their ids, disabled ones too."""

    def group_members(self, group: str) -> frozenset[str]: ...

    def members(self, channel_id: str) -> Iterator[str]:
        """Yield the user ids of a channel's members now, bots too."""

    def is_member(self, channel_id: str, user: str) -> bool:
        """Return whether a person is in a channel now."""
