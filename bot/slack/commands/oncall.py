"""``/incident oncall [hub]``: who is on call now, by each schedule; only the person who asked sees it."""

from __future__ import annotations

from bot.errors import UserError
from bot.render import answers, invites
from bot.services.run import NO_HUB
from bot.slack.context import HandlerContext
from bot.slack.matching import closest, same_word
from bot.slack.replies import DeferredReply, EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> DeferredReply:
    """Look the schedules up after the acknowledgement: those of the hub that was typed, or all.

    Raises:
        UserError: there is no such hub.
    """
    hub, hubs = "", tuple(context.settings.hubs)
    if typed := request.marks.strip():
        hub = same_word(typed, hubs)
        if hub not in hubs:
            said = NO_HUB.format(hub=typed, known=", ".join(hubs))
            raise UserError(said + answers.did_you_mean(closest(hub, hubs)))

    def work() -> EphemeralReply:
        return EphemeralReply(post=invites.asked(context.on_call.of_hub(hub), hub))

    return DeferredReply(work=work)
