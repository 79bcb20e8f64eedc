"""``/incident catchup`` and ``/incident show``: an incident's state, for a person who comes late."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import catch_up
from bot.services.authorize import ABSENT
from bot.slack.access import of_channel
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest

WHICH = f"Name the incident by its number or channel: {COMMAND} show 12. {COMMAND} list shows them."


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """The incident as of now."""
    return shown(context, request, incident)


def shown(
    context: HandlerContext, request: SlackRequest, incident: Incident, *, said: str = ""
) -> EphemeralReply:
    """The incident as of now, and below it what ``said`` says."""
    found = context.catch_ups.of(incident.id)
    post = catch_up.catch_up(
        found,
        today=context.items.today,
        said=said,
        is_subscribed=context.subscriptions.has(incident.id, request.user),
    )
    return EphemeralReply(post=post)


def of_text(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident that the text names, else the one whose channel the command was typed in.

    Raises:
        UserError: there is none, or nothing is named outside of incident channels.
    """
    if not request.text.strip():
        if not request.place and context.incidents.of_channel(request.channel) is None:
            raise UserError(WHICH)
        return of_channel(context, request)
    found = context.incidents.find(request.team_id, request.text)
    if found is None:
        raise UserError(ABSENT)
    return found
