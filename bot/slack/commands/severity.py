"""``/incident severity``: shows the severity or changes it."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.typography import same_key
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.matching import meant, split_word
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """Show the severity, or change it to the one that was typed, for the reason that follows it."""
    if not request.text:
        return say(answers.severity(incident, context.severity_help))
    severity, reason = meant(request.text, context.settings.policy.severities)
    because, rest = split_word(reason)
    reason = rest if same_key(because.rstrip(":,")) == "because" else reason
    context.changes.severity(request.change(incident), severity, reason)
    return None
