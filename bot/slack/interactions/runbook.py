"""Runbooks by form and button: planned, confirmed, cancelled, stopped."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.typography import QUOTES
from bot.errors import UserError
from bot.slack.context import HandlerContext
from bot.slack.replies import DurableReply
from bot.slack.request import SlackRequest

WHOLE_HUB = "{runbook} works on a whole hub. Leave this empty."


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> DurableReply:
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

    def work() -> None:
        arguments = {"users": sorted(users)} if users else {}
        context.runs.request_plan(
            request.change(incident), runbook=name, hub=hub, arguments=arguments
        )

    return DurableReply(work=work)


def confirm(context: HandlerContext, request: SlackRequest, _incident: Incident) -> DurableReply:
    """Carry the plan out."""

    def work() -> None:
        context.runs.confirm(request.value, request.user, origin=request.origin)

    return DurableReply(work=work)


def cancel(context: HandlerContext, request: SlackRequest, _incident: Incident) -> DurableReply:
    """Drop the plan."""

    def work() -> None:
        context.runs.cancel(request.value, request.user, origin=request.origin)

    return DurableReply(work=work)


def stop(context: HandlerContext, request: SlackRequest, _incident: Incident) -> DurableReply:
    """Begin no further step of the run."""

    def work() -> None:
        context.runs.stop(request.value, request.user, origin=request.origin)

    return DurableReply(work=work)
