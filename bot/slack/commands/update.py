"""``/incident update``: posts a status update."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import forms
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal | None:
    """Post what was typed; without text, open the form."""
    if not request.text:
        settings = context.settings
        interval = settings.interval(incident.severity)
        return OpenModal(view=forms.update(incident, policy=settings.policy, interval=interval))
    context.changes.update(request.change(incident), request.text)
    return None
