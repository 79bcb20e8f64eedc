"""``/incident list``: lists the latest incidents."""

from __future__ import annotations

from bot.render import listing
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> DeferredReply:
    """The latest incidents that this channel's readers may see; Slack says which channels are private."""

    def work() -> EphemeralReply:
        found = context.incidents.listed(request.team_id, request.channel)
        return EphemeralReply(post=listing.incidents(found))

    return DeferredReply(work=work)
