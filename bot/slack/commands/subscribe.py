"""``/incident subscribe`` and ``/incident unsubscribe``, and their buttons: an incident's news, directly."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.state_change import StateChange
from bot.render import subscriptions as words
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def begin(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Subscribe the person who asks.

    Raises:
        UserError: the incident is closed, or the person is of another workspace.
    """
    return EphemeralReply(post=words.begun(context.subscriptions.begin(request.change(incident))))


def end(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """End the subscription of the person who asks."""
    return _ended(context, request.change(incident))


def end_by_button(context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """End it for whoever presses the button, also for a person who may not see the incident any more."""
    change = StateChange(
        incident_id=request.value,
        by=request.user,
        idempotency_key=request.idempotency_key,
        origin=request.origin,
    )
    return _ended(context, change)


def _ended(context: HandlerContext, change: StateChange) -> EphemeralReply:
    return say(words.ENDED if context.subscriptions.end(change) else words.NONE)
