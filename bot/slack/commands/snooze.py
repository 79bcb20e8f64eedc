"""``/incident snooze``: postpones the next reminder."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest

DEFAULT_MINUTES = 15


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Postpone the next reminder by the minutes that were typed."""
    return snooze(context, request, incident, request.marks)


def snooze(
    context: HandlerContext, request: SlackRequest, incident: Incident, minutes: str
) -> EphemeralReply:
    """Postpone the next reminder; without a number, by ``DEFAULT_MINUTES``."""
    due_at = context.changes.snooze(
        request.change(incident), int(minutes) if minutes.isdecimal() else DEFAULT_MINUTES
    )
    return say(answers.snoozed(due_at))
