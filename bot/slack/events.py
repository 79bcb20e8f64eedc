"""Events as Slack delivers them, parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from bot.domain.events import DeletedEvent, Event, IgnoredEvent, MessageEvent, ReactionEvent
from bot.domain.slack_message import message_from
from bot.domain.timeline import Message


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

    subtype = event.get("subtype")
    if subtype == "message_replied":
        # Says only that a thread has a reply, which is delivered as a message too.
        return IgnoredEvent(type=subtype)
    event_ts = _event_ts(event)
    if subtype not in ("message_changed", "message_deleted"):
        return MessageEvent(message=read(event), event_ts=event_ts)
    previous = event.get("previous_message")
    before = read(previous) if previous else None
    if subtype == "message_changed":
        message = read(event["message"])
        if message.subtype != "tombstone":
            return MessageEvent(message=message, event_ts=event_ts, is_edit=True, before=before)
        ts = message.ts  # a deleted parent of a thread, which stays in Slack
    else:
        ts = str(event.get("deleted_ts") or event["previous_message"]["ts"])
    return DeletedEvent(
        team_id=team_id, channel_id=channel, ts=ts, event_ts=event_ts, before=before
    )


def _reaction(team_id: str, event: Mapping[str, Any]) -> Event:
    item = event["item"]
    if item["type"] != "message":
        return IgnoredEvent(type=str(event["type"]))
    return ReactionEvent(
        team_id=team_id,
        channel_id=item["channel"],
        ts=item["ts"],
        event_ts=_event_ts(event),
        user=event["user"],
        name=event["reaction"],
        added=event["type"] == "reaction_added",
    )


def _event_ts(event: Mapping[str, Any]) -> str:
    found = str(event.get("event_ts") or event.get("ts") or "")
    if found:
        int(Decimal(found))  # raises where it is not a number
    return found


PARSERS: Mapping[str, Callable[[str, Mapping[str, Any]], Event]] = {
    "message": _message,
    "reaction_added": _reaction,
    "reaction_removed": _reaction,
}
"""By the event's type. The manifest subscribes to these and to no others."""
