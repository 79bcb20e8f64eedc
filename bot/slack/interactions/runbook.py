"""Runbooks by form and button: chosen, planned, confirmed, cancelled, stopped, taken back."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.runs import approved_plan
from bot.render import run_form
from bot.slack.context import HandlerContext
from bot.slack.planning import request_plan
from bot.slack.replies import EphemeralReply, RunbookReply, UpdateModal
from bot.slack.request import SlackRequest
from bot.slack.run_words import read_form


def choose(
    context: HandlerContext, request: SlackRequest, _incident: Incident | None
) -> UpdateModal:
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


def submitted(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply:
    """Plan the runbook that was chosen.

    Raises:
        UserError: a field is wrong or missing, or the fields are those of another runbook.
    """
    asked = read_form(request.form, context.runs.runbooks)

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


def confirm(
    context: HandlerContext, request: SlackRequest, _incident: Incident | None
) -> RunbookReply:
    """Approve the plan, which runs it unless others must approve it, too."""

    run_id, seen = approved_plan(request.value)

    def work() -> None:
        context.runs.confirm(run_id, request.user, of_round=seen, origin=request.origin)

    return RunbookReply(work=work, runbook=context.runs.get(run_id).runbook, run=run_id)


def cancel(
    context: HandlerContext, request: SlackRequest, _incident: Incident | None
) -> RunbookReply:
    """Drop the plan."""

    def work() -> None:
        context.runs.cancel(request.value, request.user, origin=request.origin)

    return RunbookReply(
        work=work, runbook=context.runs.get(request.value).runbook, run=request.value
    )


def stop(
    context: HandlerContext, request: SlackRequest, _incident: Incident | None
) -> RunbookReply:
    """Begin no further step of the run."""

    def work() -> None:
        context.runs.stop(request.value, request.user, origin=request.origin)

    return RunbookReply(
        work=work, runbook=context.runs.get(request.value).runbook, run=request.value
    )


def take_back(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply:
    """Plan the runbook by which people take back what a run left."""
    runbook, hub, arguments = context.obligations.planned_by(request.value)

    def work() -> EphemeralReply | None:
        return request_plan(
            context, request, incident, runbook=runbook, hub=hub, arguments=arguments
        )

    return RunbookReply(work=work, runbook=runbook)
