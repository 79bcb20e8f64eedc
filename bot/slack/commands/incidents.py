"""``/incident list``: lists incidents, open ones first, filtered and in pages."""

from __future__ import annotations

from bot.render import listing
from bot.slack.context import HandlerContext
from bot.slack.list_words import read_filter
from bot.slack.replies import DeferredReply, EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> DeferredReply:
    """The first page of what was typed."""
    return _page(context, request, request.text, first=0, replace=False)


def turn(context: HandlerContext, request: SlackRequest) -> DeferredReply:
    """Another page, in the place of the one whose button was pressed."""
    first, _, text = request.value.partition("|")
    return _page(context, request, text, first=int(first), replace=True)


def _page(
    context: HandlerContext, request: SlackRequest, text: str, *, first: int, replace: bool
) -> DeferredReply:
    """The incidents that this channel's readers may see; Slack says which channels are private.

    Raises:
        UserError: the text names no list.
    """
    settings = context.settings
    wanted = read_filter(text, policy=settings.policy, hubs=list(settings.hubs), user=request.user)

    def work() -> EphemeralReply:
        found = context.incidents.page(
            request.team_id, request.channel, wanted, first=first, size=listing.INCIDENTS
        )
        return EphemeralReply(post=listing.incidents(found, text=text), replace=replace)

    return DeferredReply(work=work)
