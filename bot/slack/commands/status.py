"""``/incident status`` and ``/incident resolve``: change the status."""

from __future__ import annotations

from bot.domain.incident import CLOSED, RESOLVED, Incident
from bot.render import answers
from bot.slack.commands import catchup, close
from bot.slack.context import HandlerContext
from bot.slack.matching import meant, same_word
from bot.slack.replies import EphemeralReply, Reply, say
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> Reply:
    """Show the incident's state, or change the status; closing has its own form."""
    policy = context.settings.policy
    if not request.text:
        return catchup.shown(context, request, incident, said=answers.status(policy.open_statuses))
    status, text = meant(request.text, policy.open_statuses)
    status = same_word(status, policy.statuses)  # those that end it are typed in full
    if status == CLOSED:
        return close.handle(context, request, incident)
    context.changes.status(request.change(incident), status, text)
    return still_running(context, incident) if status == RESOLVED else None


def resolve(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """Resolve the incident."""
    context.changes.status(request.change(incident), RESOLVED, request.text)
    return still_running(context, incident)


def still_running(context: HandlerContext, incident: Incident) -> EphemeralReply | None:
    """A warning about runs that continue although the incident is resolved; None without such runs."""
    running = [(run.runbook, run.hub) for run in context.runs.under_way(incident.id)]
    return say(answers.still_running(running)) if running else None
