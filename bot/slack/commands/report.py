"""``/incident report`` and ``/incident publish``: preview the report, or publish it again."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import answers, listing
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest
from bot.slack.reviewing import open_review

NOT_CLOSED = f"Closing the incident publishes its report. Close it with {COMMAND} close."
NO_REPORT = (
    f"This incident ended without a report. To write one, use {COMMAND} reopen, then close it."
)


def handle(context: HandlerContext, _request: SlackRequest, incident: Incident) -> DeferredReply:
    """The report as of now; the names in it may have to be asked of Slack."""

    def work() -> EphemeralReply:
        first, *more = listing.preview(
            context.reports.draft(incident.id), context.reports.findings(incident.id)
        )
        return EphemeralReply(post=first, more=tuple(more))

    return DeferredReply(work=work)


def publish(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> OpenModal | EphemeralReply:
    """Review and publish the report of a closed incident, or write it to the folder again.

    Raises:
        UserError: the incident is not closed.
    """
    if incident.closed_at is None:
        raise UserError(NOT_CLOSED)
    if incident.ending:
        raise UserError(NO_REPORT)
    context.publish.request(request.change(incident))
    if context.settings.goes_outside:
        return open_review(context, incident)
    return say(answers.PUBLISHING)
