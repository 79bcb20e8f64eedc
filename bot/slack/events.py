"""Events as Slack delivers them, parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from bot.domain.events import (
    ChannelChange,
    ChannelEvent,
    DeletedEvent,
    Event,
    HomeEvent,
    IgnoredEvent,
    MessageEvent,
    ReactionEvent,
)
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


def _channel(team_id: str, event: Mapping[str, Any]) -> Event:
    channel, (stem, _, what) = event["channel"], str(event["type"]).partition("_")
    about = channel if isinstance(channel, Mapping) else {"id": channel}
    return ChannelEvent(
        team_id=team_id,
        channel_id=str(about["id"]),
        change=_CHANGES.get(what, ChannelChange.LOOK),
        user=str(event["user"]) if stem == "member" else "",
        inviter=str(event.get("inviter") or ""),
        event_ts=_event_ts(event),
        name=str(about.get("name") or ""),
        is_private=stem == "group",
    )


def _home(team_id: str, event: Mapping[str, Any]) -> Event:
    if event.get("tab") != "home":
        return IgnoredEvent(type=str(event["type"]))
    return HomeEvent(team_id=team_id, user=str(event["user"]))


def _event_ts(event: Mapping[str, Any]) -> str:
    found = str(event.get("event_ts") or event.get("ts") or "")
    if found:
        int(Decimal(found))  # raises where it is not a number
    return found


_CHANGES = {"deleted": ChannelChange.DELETED, "rename": ChannelChange.RENAMED}

PARSERS: Mapping[str, Callable[[str, Mapping[str, Any]], Event]] = {
    "message": _message,
    "reaction_added": _reaction,
    "reaction_removed": _reaction,
    **dict.fromkeys(
        (
            f"{stem}_{what}"
            for stem in ("channel", "group")
            for what in ("archive", "deleted", "left", "rename", "unarchive")
        ),
        _channel,
    ),
    "member_joined_channel": _channel,
    "app_home_opened": _home,
}
"""By the event's type. The manifest subscribes to these and to no others."""
