"""Buttons without a command of their own: retry, snooze, take command."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import answers, card
from bot.slack.commands.snooze import snooze as snooze_by
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def retry(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Retry everything that failed, at once."""
    context.sync.retry(request.change(incident))
    if incident.closed_at is not None:
        context.publish.request(request.change(incident))
    return say(answers.RETRYING)


def snooze(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Postpone the next reminder by the button's minutes."""
    return snooze_by(context, request, incident, request.value)


def take_command(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Become the commander where there is none."""
    context.changes.take_role(request.change(incident), card.COMMANDER)
