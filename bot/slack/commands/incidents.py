"""``/incident list``: lists the latest incidents."""

from __future__ import annotations

from bot.render import listing
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """The latest incidents that this channel's readers may see."""
    found = context.incidents.listed(request.team_id, request.channel)
    return EphemeralReply(post=listing.incidents(found))
