"""``/incident cancel``, ``false-alarm`` and ``merge``: end an incident without a report."""

from __future__ import annotations

import re

from bot.domain.access import Act
from bot.domain.command import COMMAND
from bot.domain.incident import Ending, Incident
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.slack.access import asker_of
from bot.slack.commands.status import still_running
from bot.slack.context import HandlerContext
from bot.slack.replies import DurableReply, EphemeralReply
from bot.slack.request import SlackRequest

MERGE_USAGE = f"Name the other incident's channel: {COMMAND} merge #inc-other, or its number."
NO_SUCH_INCIDENT = "There is no incident “{name}”, or you are not in its channel. {usage}"

_CHANNEL = re.compile(r"<#(?P<id>[CG][A-Z0-9]+)(?:\|[^>]*)?>|#?(?P<name>[^\s<>#]+)")
_OF = re.compile(r"(?:duplicate\s+)?(?:of|into|with)\s+", re.IGNORECASE)


def cancel(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """End the incident as cancelled."""
    context.changes.end(request.change(incident), Ending.CANCELLED, request.text)
    return still_running(context, incident)


def false_alarm(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """End the incident as a false alarm."""
    context.changes.end(request.change(incident), Ending.FALSE_ALARM, request.text)
    return still_running(context, incident)


def merge(context: HandlerContext, request: SlackRequest, incident: Incident) -> DurableReply:
    """End the incident as a duplicate of the one that is named, and invite its people there.

    Raises:
        UserError: no other incident is named, or the person may not see it.
    """
    other = _other(context, request)
    context.authorize.decide(asker_of(request), Act.READ, other)

    def work() -> EphemeralReply | None:
        people = context.participants.of(incident)
        context.changes.merge(request.change(incident), other.id, people)
        return still_running(context, incident)

    return DurableReply(work=work, channel=request.channel)


def _other(context: HandlerContext, request: SlackRequest) -> Incident:
    text = _OF.sub("", request.text.strip(), count=1).strip()
    named = _CHANNEL.fullmatch(text)
    if not named:
        raise UserError(MERGE_USAGE)
    name = named["id"] or same_key(named["name"])
    found = context.incidents.at(request.team_id, name)
    if found is None and name.isdigit():
        found = context.incidents.numbered(request.team_id, int(name))
    if found is None:
        raise UserError(NO_SUCH_INCIDENT.format(name=name, usage=MERGE_USAGE))
    return found
