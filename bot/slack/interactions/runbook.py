"""Runbooks by form and button: planned, confirmed, cancelled."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.typography import QUOTES
from bot.errors import UserError
from bot.slack.context import HandlerContext
from bot.slack.planning import request_plan
from bot.slack.replies import EphemeralReply, RunbookReply
from bot.slack.request import SlackRequest

WHOLE_HUB = "{runbook} works on a whole hub. Leave this empty."


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply:
    """Plan the runbook that was chosen.

    Raises:
        UserError: users were named for a runbook that works on a whole hub.
    """
    form = request.form
    name, hub = form.text("runbook"), form.text("hub")
    typed = (name.strip(QUOTES) for name in form.text("users").replace(",", " ").split())
    users = frozenset(filter(None, typed))
    runbook = context.runs.runbooks.get(name)
    if users and runbook and not runbook.takes_users:
        raise UserError(WHOLE_HUB.format(runbook=runbook.title), field="users")

    def work() -> EphemeralReply | None:
        arguments = {"users": sorted(users)} if users else {}
        return request_plan(context, request, incident, runbook=name, hub=hub, arguments=arguments)

    return RunbookReply(work=work, runbook=name)


def confirm(
    context: HandlerContext, request: SlackRequest, _incident: Incident | None
) -> RunbookReply:
    """Approve the plan, which runs it unless others must approve it, too."""

    def work() -> None:
        context.runs.confirm(request.value, request.user, origin=request.origin)

    return RunbookReply(work=work, runbook=context.runs.get(request.value).runbook)


def cancel(
    context: HandlerContext, request: SlackRequest, _incident: Incident | None
) -> RunbookReply:
    """Drop the plan."""

    def work() -> None:
        context.runs.cancel(request.value, request.user, origin=request.origin)

    return RunbookReply(work=work, runbook=context.runs.get(request.value).runbook)
