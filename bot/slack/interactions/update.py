"""The submitted form of a status update."""

from __future__ import annotations

from bot.domain.incident import RESOLVED, Incident
from bot.domain.mrkdwn import typed
from bot.slack.commands.status import still_running
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """Post the update; the status changes only if it is not the one that the form showed."""
    form = request.form
    text, status = typed(form.text("text")), form.text("status")
    if status in ("", form.subject):
        status = incident.status
    if status == incident.status:
        context.changes.update(request.change(incident), text)
    else:
        context.changes.status(request.change(incident), status, text)
    return still_running(context, incident) if status == RESOLVED else None
