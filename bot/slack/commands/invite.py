"""``/incident invite``: adds people to the incident's channel."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import answers, people_forms
from bot.slack.context import HandlerContext
from bot.slack.matching import people
from bot.slack.replies import EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Invite the people who are mentioned; without text, open the form.

    Raises:
        UserError: nobody is mentioned in what was typed.
    """
    if not request.text:
        return OpenModal(view=people_forms.invite(incident))
    return invite(context, request, incident, people(request.text))


def invite(
    context: HandlerContext, request: SlackRequest, incident: Incident, users: list[str]
) -> EphemeralReply:
    """Invite people, and say whom."""
    context.changes.invite(request.change(incident), users)
    return say(answers.invited(users))
