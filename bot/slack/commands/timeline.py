"""``/incident timeline``: shows the timeline, with a menu to edit each entry."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import listing
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, _request: SlackRequest, incident: Incident) -> EphemeralReply:
    """The timeline."""
    latest = context.record.latest(incident.id, listing.SHOWN_LINES)
    return EphemeralReply(post=listing.timeline(incident, latest, zone=context.settings.zone))
