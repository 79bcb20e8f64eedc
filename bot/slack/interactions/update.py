"""The submitted form of a status update."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.incident import RESOLVED, Incident
from bot.domain.mrkdwn import typed
from bot.slack.commands.status import still_running
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """Post the update; status and severity change only if they are not those that the form showed."""
    form = request.form
    shown_status, _, shown_severity = form.subject.partition("|")
    status, severity = form.text("status"), form.text("severity")
    status = "" if status == shown_status else status
    minutes = form.text("next")
    context.changes.update(
        request.change(incident),
        typed(form.text("text")),
        status=status,
        severity="" if severity == shown_severity else severity,
        next_in=timedelta(minutes=int(minutes)) if minutes else None,
    )
    return still_running(context, incident) if status == RESOLVED else None
