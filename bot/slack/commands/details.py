"""``/incident title`` and ``/incident summary``: change what the card shows of the incident."""

from __future__ import annotations

from bot.domain import report_parts as parts
from bot.domain.incident import Incident
from bot.domain.mrkdwn import unescape
from bot.slack.context import HandlerContext
from bot.slack.interactions import details, edit
from bot.slack.replies import EphemeralReply, OpenModal
from bot.slack.request import SlackRequest


def title(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Change the title; without text, open the form."""
    return _change(context, request, incident, "title")


def summary(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Change the summary; without text, open the form."""
    return _change(context, request, incident, "summary")


def _change(
    context: HandlerContext, request: SlackRequest, incident: Incident, field: str
) -> EphemeralReply | OpenModal:
    if not request.text:
        return edit.open_details(context, request, incident)
    # Titles and summaries are stored as typed into a form.
    wanted = {field: unescape(request.text)}
    values = context.edits.values(incident.id, parts.DETAILS)
    change = request.change(incident)
    context.edits.save(change, parts.DETAILS, expected=values, wanted=wanted)
    return details.saved(context, incident, change)
