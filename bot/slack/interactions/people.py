"""The submitted forms about people: handing over, and inviting."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.mrkdwn import typed
from bot.slack.commands import handover as handover_command
from bot.slack.commands import invite as invite_command
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def handed_over(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply:
    """Hand the lead over to the person who was chosen."""
    form = request.form
    user, note = form.text("person"), typed(form.text("note"))
    return handover_command.hand_over(context, request, incident, user, note)


def invited(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Invite the people who were chosen."""
    people = list(request.form.names("people"))
    return invite_command.invite(context, request, incident, people)
