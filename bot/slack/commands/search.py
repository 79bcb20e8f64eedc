"""``/incident search``: finds past outages, in imported reports and in mayday's own incidents."""

from __future__ import annotations

from bot.render import found
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> DeferredReply:
    """What is found that this channel's readers may see; Slack says which channels are private."""

    def work() -> EphemeralReply:
        results = context.search.search(
            request.text, team_id=request.team_id, seen_from=request.channel
        )
        return EphemeralReply(post=found.results(request.text, results))

    return DeferredReply(work=work)
