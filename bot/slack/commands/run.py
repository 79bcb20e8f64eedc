"""``/incident run``: plans a runbook by its name, opens the form to choose one, or lists them."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.render import run_form, runbooks
from bot.services.run import NO_HUBS
from bot.slack.context import HandlerContext
from bot.slack.planning import request_plan
from bot.slack.replies import EphemeralReply, OpenModal, RunbookReply
from bot.slack.request import SlackRequest
from bot.slack.run_words import read_words

HELP = "help"


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply | EphemeralReply | OpenModal:
    """Plan the runbook that was typed; without text, open the form; for "help", list the runbooks.

    Raises:
        UserError: there is no such runbook, the hub is not clear, or a parameter is wrong or missing.
    """
    books, hubs = context.runs.runbooks, context.runs.hubs
    if same_key(request.text.strip()) == HELP:
        return EphemeralReply(post=runbooks.listed(books.values()))
    if not hubs:
        raise UserError(NO_HUBS)
    if not request.text.strip():
        owner = incident.id if incident else request.channel
        return OpenModal(view=run_form.run(owner, runbooks=list(books.values()), hubs=hubs))
    asked = read_words(request.text, books, hubs)

    def work() -> EphemeralReply | None:
        return request_plan(
            context,
            request,
            incident,
            runbook=asked.runbook,
            hub=asked.hub,
            arguments=asked.arguments,
        )

    return RunbookReply(work=work, runbook=asked.runbook)
