"""Reactions by which people ask for something, rather than file a message."""

from __future__ import annotations

from bot.domain.emoji import first_name
from bot.domain.events import Event, ReactionEvent
from bot.slack.context import HandlerContext
from bot.slack.request import Kind, SlackRequest

REACTION_DECLARE = "declare"


def request_of(context: HandlerContext, event: Event, *, team_id: str) -> SlackRequest | None:
    """What a reaction asks for: to declare an incident from its message, outside of incidents' channels.

    ``team_id`` is mayday's workspace, since the event's may be the other side of a shared channel.

    All reactions to one message are one request, so that they declare one incident.
    """
    emoji = context.settings.declare_reaction
    if not emoji or not isinstance(event, ReactionEvent) or not event.added:
        return None
    if first_name(event.name) != first_name(emoji):
        return None
    if context.incidents.of_channel(event.channel_id) is not None:
        return None
    return SlackRequest(
        kind=Kind.REACTION,
        name=REACTION_DECLARE,
        team_id=team_id,
        user=event.user,
        channel=event.channel_id,
        idempotency_key=f"reaction/{event.channel_id}/{event.ts}",
        trigger=f"{event.user}/{event.event_ts}",
        value=event.ts,
    )
