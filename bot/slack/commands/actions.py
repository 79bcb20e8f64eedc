"""``/incident actions``: lists action items, those of one incident or of all, each with a menu."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import items as words
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, EphemeralReply
from bot.slack.request import SlackRequest

NO_VIEW = "Write one of {views} after the command, or nothing for all that are open."


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> EphemeralReply | DeferredReply:
    """The items of the channel's incident, or outside of incident channels of all public incidents.

    Raises:
        UserError: there is no such list.
    """
    view = request.marks.strip().lower() or "open"
    if view not in words.VIEWS:
        raise UserError(NO_VIEW.format(views=", ".join(words.VIEWS)))
    return listed(context, request, incident, view=view)


def listed(
    context: HandlerContext,
    request: SlackRequest,
    incident: Incident | None,
    *,
    view: str,
    said: str = "",
    replace: bool = False,
) -> EphemeralReply | DeferredReply:
    """The list, after a change with what was done, in the place of the list whose menu was used.

    Outside of incident channels, Slack says first which channels are private.
    """
    today, user = context.items.today, request.user
    if incident is not None:
        found = context.items.of_incident(incident.id, view=view, user=user)
        post = words.incident_items(incident, found, view=view, today=today, said=said)
        return EphemeralReply(post=post, replace=replace)

    def work() -> EphemeralReply:
        context.incidents.latch()
        items, problems = context.items.of_team(request.team_id, view=view, user=user)
        post = words.all_items(items, problems, view=view, today=today, said=said)
        return EphemeralReply(post=post, replace=replace)

    return DeferredReply(work=work)
