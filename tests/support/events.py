"""Events about the incident's channel, as the record takes them."""

from __future__ import annotations

import itertools
from typing import Any

from bot.domain.events import DeletedEvent, Event, MessageEvent, ReactionEvent
from bot.domain.timeline import Message
from bot.services.record import Record
from tests.support.rows import CHANNEL, TEAM, message

_LATER = itertools.count(1)


def at(number: int) -> str:
    """The ``number``-th ``event_ts``, after every other time in these tests."""
    return f"1495000000.{number:06d}"


def take(record: Record, *events: Event) -> None:
    """Record events in this order, none of which was delivered before."""
    for event in events:
        record.take(event, once=lambda _tx: True)


def posted(message: Message) -> MessageEvent:
    """A message's posting, whose time is the message's own."""
    return MessageEvent(message=message, event_ts=message.ts)


def edited(text: str, number: int, *, before: Message | None = None, **values: Any) -> MessageEvent:
    """An edit of the test's message."""
    new = message(text=text, **values)
    return MessageEvent(message=new, event_ts=at(number), is_edit=True, before=before)


def deleted(ts: str, number: int, *, before: Message | None = None) -> DeletedEvent:
    """A deletion."""
    return DeletedEvent(team_id=TEAM, channel_id=CHANNEL, ts=ts, event_ts=at(number), before=before)


def reaction(
    ts: str,
    *,
    user: str = "U0ANA",
    name: str = "pushpin",
    added: bool = True,
    number: int | None = None,
    team_id: str = TEAM,
    channel_id: str = CHANNEL,
) -> ReactionEvent:
    """A reaction, after those made before unless ``number`` says when."""
    return ReactionEvent(
        team_id=team_id,
        channel_id=channel_id,
        ts=ts,
        event_ts=at(next(_LATER) if number is None else number),
        user=user,
        name=name,
        added=added,
    )
