"""What happens in channels, as Slack tells it: messages, edits, deletions, reactions, archiving.

``event_ts`` is Slack's time of an event, a number kept as text. It orders the events about one message and
is compared with no other clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from bot.domain.slack_message import own_words, permalink
from bot.domain.timeline import Message


@dataclass(frozen=True, kw_only=True)
class MessageEvent:
    """A message that was posted or, where ``is_edit``, changed. ``before`` is what an edit replaced."""

    message: Message
    event_ts: str
    is_edit: bool = False
    before: Message | None = None

    @property
    def channel(self) -> tuple[str, str]:
        """The team and the channel."""
        return self.message.team_id, self.message.channel_id

    def linked(self, team_url: str) -> MessageEvent:
        """The event with its messages' permalinks."""
        before = linked(self.before, team_url) if self.before else None
        return replace(self, message=linked(self.message, team_url), before=before)


@dataclass(frozen=True, kw_only=True)
class DeletedEvent:
    """A message that was deleted. ``before`` is what it was."""

    team_id: str
    channel_id: str
    ts: str
    event_ts: str
    before: Message | None = None

    @property
    def channel(self) -> tuple[str, str]:
        """The team and the channel."""
        return self.team_id, self.channel_id

    def linked(self, team_url: str) -> DeletedEvent:
        """The event with its message's permalink."""
        return replace(self, before=linked(self.before, team_url) if self.before else None)


@dataclass(frozen=True, kw_only=True)
class ReactionEvent:
    """A reaction that was added to a message or removed from it."""

    team_id: str
    channel_id: str
    ts: str
    event_ts: str
    user: str
    name: str
    added: bool

    @property
    def channel(self) -> tuple[str, str]:
        """The team and the channel."""
        return self.team_id, self.channel_id


class ChannelChange(StrEnum):
    """What an event says of a channel. ``look`` says only that something may have changed."""

    LOOK = "look"
    DELETED = "deleted"
    RENAMED = "renamed"


@dataclass(frozen=True, kw_only=True)
class ChannelEvent:
    """A channel was archived, unarchived, deleted or renamed, or somebody joined or left it.

    ``user`` is who joined; empty where the event is about the channel, or about the bot itself.
    ``inviter`` is who invited them, empty where they joined on their own. ``name`` is the new name.
    """

    team_id: str
    channel_id: str
    change: ChannelChange
    user: str = ""
    inviter: str = ""
    event_ts: str = ""
    name: str = ""
    is_private: bool = False

    @property
    def channel(self) -> tuple[str, str]:
        """The team and the channel."""
        return self.team_id, self.channel_id


@dataclass(frozen=True, kw_only=True)
class HomeEvent:
    """A person opened the app's Home."""

    team_id: str
    user: str


@dataclass(frozen=True, kw_only=True)
class IgnoredEvent:
    """An event that changes nothing in the record."""

    type: str


Event = MessageEvent | DeletedEvent | ReactionEvent | ChannelEvent | HomeEvent | IgnoredEvent


def in_team(event: Event, team_id: str) -> Event:
    """The event as one of this team's.

    The team that Slack names in an event of a channel shared with another organization may be the other
    side's. Messages are stored under the incident's team.
    """
    match event:
        case MessageEvent(message=message, before=before):
            return replace(
                event,
                message=replace(message, team_id=team_id),
                before=replace(before, team_id=team_id) if before else None,
            )
        case DeletedEvent(before=before):
            return replace(
                event,
                team_id=team_id,
                before=replace(before, team_id=team_id) if before else None,
            )
        case ReactionEvent() | ChannelEvent():
            return replace(event, team_id=team_id)
        case HomeEvent() | IgnoredEvent():
            return event


def linked(message: Message, team_url: str) -> Message:
    """The message with its permalink."""
    link = permalink(team_url, message.channel_id, message.ts, message.thread_ts)
    return replace(message, permalink=link)


def is_older(event_ts: str, than: str) -> bool:
    """Whether an event is older than the last one about the same thing, or is that one.

    ``than`` is empty where no event said anything yet.
    """
    return bool(than) and Decimal(event_ts or 0) <= Decimal(than)


class Worded(Protocol):
    """A message as it was at some time."""

    @property
    def text(self) -> str: ...

    @property
    def raw(self) -> Mapping[str, Any]: ...


def is_reworded(new: Worded, old: Worded) -> bool:
    """Whether the author's words differ. Slack adds previews of links, and apps may edit without a mark."""
    if new.text == old.text:
        return False
    if not new.raw or not old.raw:
        return True
    return own_words(new.raw) != own_words(old.raw)


def is_later_edit(new: Message, old: Message) -> bool:
    """Whether ``new`` shows a later edit."""
    return is_later(new.edited_ts, old.edited_ts)


def is_later(edited_ts: str, than: str) -> bool:
    """Whether a time of an edit is later; empty is before all. Times compare as decimals, never as floats."""
    return edited_ts != than and Decimal(edited_ts or 0) > Decimal(than or 0)
