"""Ask for the plan of a runbook, in an incident or in any other channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import answers
from bot.services.run import NEEDS_INCIDENT
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def request_plan(
    context: HandlerContext,
    request: SlackRequest,
    incident: Incident | None,
    *,
    runbook: str,
    hub: str,
    arguments: Mapping[str, Any],
) -> EphemeralReply | None:
    """Have the plan made. Outside of incidents, return a sentence that says where it appears.

    Raises:
        UserError: as :meth:`bot.services.run.Runs.request_plan`; where the runbook needs an incident, it
            offers the open ones.
    """
    try:
        context.runs.request_plan(
            request.change(incident),
            runbook=runbook,
            hub=hub,
            arguments=arguments,
            channel="" if incident else request.channel,
        )
    except UserError as exc:
        if exc.code != NEEDS_INCIDENT:
            raise
        listed = context.incidents.listed(request.team_id, request.channel)
        shown = [each.channel_id for each in listed if each.is_open and each.channel_id]
        raise UserError(answers.needs_incident(str(exc), shown)) from exc
    return None if incident else say(answers.plan_asked(runbook, hub))
