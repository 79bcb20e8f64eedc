"""Buttons without a command of their own: retry, snooze, become the one who leads."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.incident import Incident
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.planning import request_plan
from bot.slack.replies import EphemeralReply, RunbookReply, say
from bot.slack.request import SlackRequest


def retry(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Retry everything that failed, at once."""
    context.sync.retry(request.change(incident))
    if incident.closed_at is not None:
        context.publish.request(request.change(incident))
    return say(answers.RETRYING)


def snooze(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """Postpone the reminders of the message's kind by the button's minutes.

    A button of an earlier version has only the minutes, and stands below a reminder to post an update.
    """
    subject, _, minutes = request.value.rpartition("/")
    until = context.now() + timedelta(minutes=int(minutes) if minutes.isdecimal() else 15)
    change = request.change(incident)
    if subject:
        context.reminders.snooze(change, until, subject)
        return None
    return say(answers.snoozed(context.reminders.snooze(change, until), until))


def done(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Answer a reminder; its message then says so."""
    context.reminders.done(request.change(incident), request.value)


def roll_back(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply:
    """Plan the runbook that rolls back, for the hub of the reminder."""
    runbook, hub = context.settings.reminders.rollback_runbook, request.value

    def work() -> EphemeralReply | None:
        return request_plan(context, request, incident, runbook=runbook, hub=hub, arguments={})

    return RunbookReply(work=work, runbook=runbook, channel=request.channel)


def take_command(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Take the role that leads, while nobody has it."""
    context.changes.take_role(request.change(incident), context.settings.policy.lead)
