"""``/incident report`` and ``/incident publish``: preview the report, or publish it again."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import answers, listing
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, EphemeralReply, say
from bot.slack.request import SlackRequest

NOT_CLOSED = f"Closing the incident publishes its report. Close it with {COMMAND} close."


def handle(context: HandlerContext, _request: SlackRequest, incident: Incident) -> DeferredReply:
    """The report as of now; the names in it may have to be asked of Slack."""

    def work() -> EphemeralReply:
        first, *more = listing.preview(
            context.reports.draft(incident.id), context.reports.findings(incident.id)
        )
        return EphemeralReply(post=first, more=tuple(more))

    return DeferredReply(work=work)


def publish(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Publish the report of a closed incident again.

    Raises:
        UserError: the incident is not closed.
    """
    if incident.closed_at is None:
        raise UserError(NOT_CLOSED)
    context.publish.request(request.change(incident))
    return say(answers.PUBLISHING)
