"""The state of the practice workspace, and the lock for reading and changing it.

Messages are plain JSON objects in Slack's format, as sent over the wire. A second model
would duplicate that format.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sandbox.slack.values import Clock, Json, format_ts, microseconds, new_id, now_utc


class ChannelKind(StrEnum):
    """Kinds of conversation; the values are the `types` of `conversations.list`."""

    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    IM = "im"


@dataclass(frozen=True, kw_only=True)
class User:
    """A member of the workspace. `tz` is an IANA name; `is_restricted` marks a guest.

    `home_team` is the id of another team for someone who is here through Slack Connect.
    """

    id: str
    name: str
    real_name: str
    tz: str = "UTC"
    is_bot: bool = False
    is_admin: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    home_team: str = ""
    deleted: bool = False
    color: str = "4bbe2e"


@dataclass(kw_only=True)
class Channel:
    """A conversation. `messages` maps ts to message, ascending, because ts only increases."""

    id: str
    name: str
    kind: ChannelKind
    creator: str
    created: int
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    is_general: bool = False
    is_ext_shared: bool = False
    topic: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    messages: dict[str, Json] = field(default_factory=dict)
    pins: list[Json] = field(default_factory=list)
    bookmarks: list[Json] = field(default_factory=list)
    canvas: Json | None = None

    @property
    def is_private(self) -> bool:
        return self.kind is not ChannelKind.PUBLIC

    def replies(self, thread_ts: str) -> list[Json]:
        """The replies of a thread, ascending, without its parent."""
        return [
            message
            for message in self.messages.values()
            if message.get("thread_ts") == thread_ts and message["ts"] != thread_ts
        ]


@dataclass(kw_only=True)
class File:
    """An uploaded file. `completed` is true once the upload is shared or finished."""

    id: str
    name: str
    mimetype: str
    user: str
    created: int
    content: bytes = b""
    title: str = ""
    completed: bool = False
    channels: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class UserGroup:
    """A user group: `handle` is what people type after the @."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class App:
    """The installed app: its ids and secrets, created and saved with the workspace."""

    id: str
    bot_id: str
    user_id: str
    bot_token: str
    app_token: str
    signing_secret: str
    verification_token: str


class Workspace:
    """The state. Hold `lock` while reading or changing it; `touch()` wakes all waiting threads."""

    def __init__(self, *, team_id: str, team_name: str, app: App, clock: Clock = now_utc) -> None:
        self.team_id = team_id
        self.team_name = team_name
        self.app = app
        self.clock = clock
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 0
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.ephemerals: dict[str, dict[str, list[Json]]] = {}
        self.last_micros = 0
        self.listeners: list[Callable[[int], None]] = []

    @contextmanager
    def edit(self) -> Iterator[None]:
        """Hold the lock for a change, and count it afterwards."""
        with self.lock:
            yield
            self.touch()

    def touch(self) -> None:
        """Count one change and wake waiting threads."""
        with self.lock:
            self.version += 1
            self.changed.notify_all()
            version = self.version
        for listener in list(self.listeners):
            listener(version)

    def now(self) -> datetime:
        """The sandbox clock, in UTC."""
        return self.clock().astimezone(UTC)

    def seconds(self) -> int:
        """The sandbox clock as whole seconds since 1970."""
        return microseconds(self.now()) // 1_000_000

    def next_ts(self) -> str:
        """Returns a message ts from the sandbox clock, later than the previous one."""
        with self.lock:
            self.last_micros = max(microseconds(self.now()), self.last_micros + 1)
            return format_ts(self.last_micros)

    @property
    def domain(self) -> str:
        """The team's subdomain."""
        return self.team_name.lower().replace(" ", "-")

    @property
    def bot(self) -> User:
        """The bot's own user."""
        return self.users[self.app.user_id]

    def find_user(self, name_or_id: str) -> User | None:
        """A user by id or by name."""
        if name_or_id in self.users:
            return self.users[name_or_id]
        name = name_or_id.removeprefix("@")
        return next((user for user in self.users.values() if user.name == name), None)

    def find_channel(self, name_or_id: str) -> Channel | None:
        """A channel by id or by name, with or without #."""
        if name_or_id in self.channels:
            return self.channels[name_or_id]
        name = name_or_id.removeprefix("#")
        found = (each for each in self.channels.values() if each.name and each.name == name)
        return next(found, None)

    def direct_channel(self, user_id: str) -> Channel:
        """Returns the direct conversation with the app; creates it on first use."""
        members = sorted({user_id, self.app.user_id})
        for channel in self.channels.values():
            if channel.kind is ChannelKind.IM and channel.members == members:
                return channel
        channel = Channel(
            id=new_id("D"),
            name="",
            kind=ChannelKind.IM,
            creator=self.app.user_id,
            created=self.seconds(),
            members=members,
        )
        self.channels[channel.id] = channel
        return channel

    def ephemeral(self, user: User, channel: Channel, ts: str | None) -> Json | None:
        """The message of that ts that only `user` sees, or None."""
        own = self.ephemerals.get(user.id, {}).get(channel.id, [])
        return next((message for message in own if message["ts"] == ts), None)

    def message_view(
        self, channel: Channel, message: Json, *, include_metadata: bool = True
    ) -> dict[str, Any]:
        """Returns a message as Slack's read methods do, with thread counts and pins."""
        seen = dict(message)
        if not include_metadata:
            seen.pop("metadata", None)
        thread_ts = message.get("thread_ts")
        if thread_ts == message["ts"]:
            replies = channel.replies(thread_ts)
            if replies:
                repliers = list(dict.fromkeys(reply.get("user", "") for reply in replies))
                seen |= {
                    "reply_count": len(replies),
                    "reply_users_count": len(repliers),
                    "latest_reply": replies[-1]["ts"],
                    "reply_users": repliers[:5],
                }
        elif thread_ts is not None:
            parent = channel.messages.get(thread_ts)
            if parent is not None and "user" in parent:
                seen["parent_user_id"] = parent["user"]
        if any(pin["ts"] == message["ts"] for pin in channel.pins):
            seen["pinned_to"] = [channel.id]
        return seen
