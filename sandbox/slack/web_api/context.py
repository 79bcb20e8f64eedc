"""The context of every Web API method: lenient arguments and the workspace's parts."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.slack.parts import Parts
from sandbox.slack.values import Json, SlackError
from sandbox.slack.workspace import Channel, ChannelKind, User

_FALSE = {"", "0", "false", "False", "null", "None"}
_SCOPE_STEMS = {ChannelKind.PUBLIC: "channels", ChannelKind.PRIVATE: "groups", ChannelKind.IM: "im"}


class Args:
    """The arguments of a call: strings from a form, or JSON values from JSON."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        """A string argument."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """A required string argument. Raises `invalid_arguments`."""
        value = self.text(name)
        if not value:
            message = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})
        return value

    def flag(self, name: str) -> bool:
        """A boolean, in any format that clients send."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else str(value or "") not in _FALSE

    def number(self, name: str, default: int) -> int:
        """An integer. Raises `invalid_arguments`."""
        value = self.text(name)
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            raise SlackError("invalid_arguments") from None

    def structure(self, name: str, error: str) -> Any:
        """A JSON argument, also as a string in a form. Raises SlackError(error)."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None

    def ids(self, name: str) -> list[str]:
        """A list of ids, comma-separated or a JSON array."""
        value = self.values.get(name)
        if isinstance(value, list):
            return [str(item) for item in value]
        return [item.strip() for item in str(value or "").split(",") if item.strip()]


class Context(Parts):
    """The parts that methods use, and their shared checks."""

    @property
    def bot(self) -> User:
        """The user behind the token."""
        return self.workspace.bot

    def need(self, *scopes: str) -> None:
        """Raise `missing_scope` unless the token has one of these."""
        if not self.scopes.intersection(scopes):
            provided = ",".join(sorted(self.scopes))
            raise SlackError("missing_scope", needed=scopes[0], provided=provided)

    def need_for(self, channel: Channel, right: str) -> None:
        """Raise `missing_scope` unless the token has this right on this kind of conversation."""
        stem = _SCOPE_STEMS[channel.kind]
        if right == "manage" and stem != "channels":
            right = "write"
        self.need(f"{stem}:{right}")

    def wanted_kinds(self, args: Args) -> set[ChannelKind]:
        """The `types` of a listing. Raises `invalid_types`, and `missing_scope` for any of them."""
        try:
            kinds = {ChannelKind(kind) for kind in args.ids("types") or [ChannelKind.PUBLIC]}
        except ValueError:
            raise SlackError("invalid_types") from None
        for kind in sorted(kinds):
            self.need(f"{_SCOPE_STEMS[kind]}:read")
        return kinds

    def channel(self, args: Args, name: str = "channel") -> Channel:
        """A conversation that the bot may see. Raises `channel_not_found`."""
        channel = self.workspace.channels.get(args.required(name))
        if channel is None or (channel.is_private and self.bot.id not in channel.members):
            raise SlackError("channel_not_found")
        return channel

    def own_channel(
        self, args: Args, name: str = "channel", *, archived_ok: bool = False
    ) -> Channel:
        """A conversation that the bot is in. Raises `not_in_channel`, `is_archived`."""
        channel = self.channel(args, name)
        if channel.is_archived and not archived_ok:
            raise SlackError("is_archived")
        if self.bot.id not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def message(self, channel: Channel, ts: str, error: str = "message_not_found") -> Json:
        """A message of the channel. Raises SlackError(error)."""
        message = channel.messages.get(ts)
        if message is None or message.get("subtype") == "tombstone":
            raise SlackError(error)
        return message

    def user(self, user_id: str) -> User:
        """A user by id. Raises `user_not_found`."""
        user = self.workspace.users.get(user_id)
        if user is None:
            raise SlackError("user_not_found")
        return user


class TokenKind(StrEnum):
    """Which token a method takes."""

    BOT = "bot"
    APP = "app"


@dataclass(frozen=True, kw_only=True)
class Method:
    """A Web API method. `scopes`: any one is enough; empty means no scope is needed.

    `tier` is the published number of calls a minute; 0 means that it has no tier.
    """

    handler: Callable[[Context, Args], Json]
    scopes: tuple[str, ...] = ()
    tier: int = 50
    token: TokenKind = TokenKind.BOT


def page_of(
    items: Sequence[Any], args: Args, *, default: int, most: int = 1000
) -> tuple[list[Any], str]:
    """One page of `items` by `limit` and `cursor`, and the next cursor. Raises `invalid_cursor`."""
    limit = args.number("limit", default)
    if not 1 <= limit <= most:
        raise SlackError("invalid_limit")
    start = read_cursor(args, "offset")
    offset = int(start) if start else 0
    if offset > len(items):
        raise SlackError("invalid_cursor")
    page = list(items[offset : offset + limit])
    more = offset + limit < len(items)
    return page, make_cursor("offset", str(offset + limit)) if more else ""


def make_cursor(kind: str, value: str) -> str:
    """An opaque cursor."""
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def read_cursor(args: Args, kind: str) -> str:
    """Returns the value in a cursor; empty without a cursor. Raises `invalid_cursor`."""
    cursor = args.text("cursor")
    if not cursor:
        return ""
    try:
        found, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
        numeric = value.replace(".", "", 1).isdigit()
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if found != kind or not numeric:
        raise SlackError("invalid_cursor")
    return value
