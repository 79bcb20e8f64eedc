"""``/incident`` alone and ``/incident help``: what can be done here."""

from __future__ import annotations

from bot.render import card, listing, runbooks
from bot.render.commands import after_the_incident, help_rows
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """The next steps of the channel's incident, as buttons; elsewhere, declaring one."""
    incident = context.incidents.of_channel(request.channel)
    lead, has_hubs = context.settings.policy.lead, bool(context.diagnoses.hubs)
    return EphemeralReply(post=listing.menu(incident, lead, has_hubs=has_hubs))


def help_(context: HandlerContext, _request: SlackRequest) -> EphemeralReply:
    """Every command, runbook and reaction."""
    legend = card.legend(context.settings.reactions)
    books = runbooks.short(context.runs.runbooks.values()) if context.runs.hubs else ""
    rows = help_rows(context.settings.policy.roles)
    return EphemeralReply(post=listing.help_(rows, after_the_incident(), legend, books))
