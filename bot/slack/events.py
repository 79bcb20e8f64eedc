"""Events: what happens in channels, parsed once, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from bot.domain.slack_message import message_from
from bot.domain.timeline import Message
from bot.services.record import Record

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class MessageEvent:
    """A message that was posted or edited. ``before`` is what an edit replaced."""

    message: Message
    before: Message | None = None


@dataclass(frozen=True, kw_only=True)
class DeletedEvent:
    """A message that was deleted. ``before`` is what it was."""

    team_id: str
    channel_id: str
    ts: str
    before: Message | None = None


@dataclass(frozen=True, kw_only=True)
class ReactionEvent:
    """A reaction that was added to a message or removed from it."""

    team_id: str
    channel_id: str
    ts: str
    user: str
    name: str
    added: bool


@dataclass(frozen=True, kw_only=True)
class IgnoredEvent:
    """An event that changes nothing in the record."""

    type: str


Event = MessageEvent | DeletedEvent | ReactionEvent | IgnoredEvent


def parse_event(team_id: str, event: Mapping[str, Any]) -> Event:
    """The event that Slack describes.

    Raises:
        LookupError, ArithmeticError: it lacks what every event of its type has.
    """
    kind = str(event.get("type") or "")
    parse = PARSERS.get(kind)
    return parse(team_id, event) if parse else IgnoredEvent(type=kind)


def _message(team_id: str, event: Mapping[str, Any]) -> Event:
    channel = str(event["channel"])

    def read(payload: Mapping[str, Any]) -> Message:
        return message_from(payload, team_id=team_id, channel_id=channel)

    previous = event.get("previous_message")
    before = read(previous) if previous else None
    match event.get("subtype"):
        case "message_changed":
            return MessageEvent(message=read(event["message"]), before=before)
        case "message_deleted":
            ts = str(event.get("deleted_ts") or event["previous_message"]["ts"])
            return DeletedEvent(team_id=team_id, channel_id=channel, ts=ts, before=before)
        case "message_replied":
            # Says only that a thread has a reply, which is delivered as a message too.
            return IgnoredEvent(type="message_replied")
        case _:
            return MessageEvent(message=read(event))


def _reaction(team_id: str, event: Mapping[str, Any]) -> Event:
    item = event["item"]
    if item["type"] != "message":
        return IgnoredEvent(type=str(event["type"]))
    return ReactionEvent(
        team_id=team_id,
        channel_id=item["channel"],
        ts=item["ts"],
        user=event["user"],
        name=event["reaction"],
        added=event["type"] == "reaction_added",
    )


PARSERS: Mapping[str, Callable[[str, Mapping[str, Any]], Event]] = {
    "message": _message,
    "reaction_added": _reaction,
    "reaction_removed": _reaction,
}
"""By the event's type. The manifest subscribes to these and to no others."""


def record_event(record: Record, event: Event) -> None:
    """Record what happened.

    Events overtake each other: an edit or a deletion also records what it changed, in case the message's
    own event has not arrived yet.
    """
    match event:
        case MessageEvent():
            if event.before:
                record.record_message(event.before)
            record.record_message(event.message)
        case DeletedEvent():
            if event.before:
                record.record_message(event.before)
            record.deleted(event.team_id, event.channel_id, event.ts)
        case ReactionEvent():
            verb = record.tag if event.added else record.untag
            verb(event.team_id, event.channel_id, event.ts, event.user, event.name)
        case IgnoredEvent():
            log.debug("events.ignored", type=event.type)
