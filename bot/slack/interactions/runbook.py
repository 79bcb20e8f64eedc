"""Runbooks by form and button: chosen, planned, confirmed, cancelled."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import run_form
from bot.slack.context import HandlerContext
from bot.slack.replies import DurableReply, UpdateModal
from bot.slack.request import SlackRequest
from bot.slack.run_words import read_form


def choose(context: HandlerContext, request: SlackRequest, _incident: Incident) -> UpdateModal:
    """Show the fields of the runbook that was chosen, with what was typed before."""
    form = request.form
    view = run_form.run(
        form.incident_id,
        runbooks=list(context.runs.runbooks.values()),
        hubs=context.runs.hubs,
        chosen=form.text(run_form.RUNBOOK),
        typed=run_form.fields(form.values, form.subject),
    )
    return UpdateModal(id=form.id, hash=form.hash, view=view)


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> DurableReply:
    """Plan the runbook that was chosen.

    Raises:
        UserError: a field is wrong or missing, or the fields are those of another runbook.
    """
    asked = read_form(request.form, context.runs.runbooks)

    def work() -> None:
        context.runs.request_plan(
            request.change(incident),
            runbook=asked.runbook,
            hub=asked.hub,
            arguments=asked.arguments,
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
