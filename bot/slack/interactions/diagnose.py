"""The buttons below a diagnosis: declare, post, attach evidence, add to the timeline, plan what helps."""

from __future__ import annotations

from bot.domain.incident import TITLE_LIMIT, Incident
from bot.errors import UserError
from bot.render.declare_form import Opened, Prefill
from bot.render.diagnose import Audience, diagnosis_post, finding_added, posted
from bot.render.text import cut
from bot.slack import declaring
from bot.slack.commands.diagnose import diagnose
from bot.slack.context import HandlerContext
from bot.slack.planning import request_plan
from bot.slack.replies import DurableReply, EphemeralReply, OpenModal, Reply, RunbookReply, say
from bot.slack.request import SlackRequest

NO_REMEDY = "This finding names no runbook."
SENT = "mayday sent you the evidence as a direct message."
SENT_FROM_SHARED = (
    "This incident's channel is shared with another organization, so mayday sent the evidence to you only, "
    "as a direct message."
)
SENT_TO = "The evidence is in <#{channel}>."


def again(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> Reply:
    """Diagnose the same hub as of now."""
    context.diagnoses.site(request.value)
    return diagnose(context, request, incident, request.value)


def declare(context: HandlerContext, request: SlackRequest) -> OpenModal:
    """The declare form with the hub and the headline; the incident will begin with the diagnosis.

    The title is what is wrong, without the cause, since the channel is named after it.

    Raises:
        UserError: the diagnosis is no longer kept.
    """
    found = context.diagnoses.get(request.value).found
    what, why, _ = found.headline.partition(": ")
    prefill = Prefill(
        title=cut(what.rstrip("."), TITLE_LIMIT),
        summary=found.headline if why else "",
        hubs=(found.place.hub,),
    )
    opened = Opened(origin=request.channel, diagnosis=request.value)
    return declaring.open_form(context, request, prefill, opened)


def post(context: HandlerContext, request: SlackRequest, incident: Incident | None) -> DurableReply:
    """Show the diagnosis to everybody in the channel, once."""
    kept = context.diagnoses.get(request.value)
    channel = request.channel

    def work() -> EphemeralReply:
        if incident is not None:
            context.diagnoses.post(request.change(incident), kept, channel=channel)
        else:
            shown = diagnosis_post(kept.found, id=kept.id, by=kept.by, audience=Audience.CHANNEL)
            context.evidence.post_once(request.change(None), kept, channel, shown)
        return EphemeralReply(post=posted(channel), channel=channel, replace=True)

    return DurableReply(work=work, channel=channel)


def evidence(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> DurableReply:
    """Share the file in the incident's channel; with the person who asked only outside of incidents, and
    where people of another organization would read the logs."""
    kept = context.diagnoses.get(request.value)

    def work() -> EphemeralReply | None:
        own = (incident.channel_id if incident else "") or ""
        channel = context.evidence.destination(own, request.user)
        context.evidence.attach(request.change(incident), kept, channel)
        if channel != own:
            return say(SENT_FROM_SHARED if own else SENT)
        return None if own == request.channel else say(SENT_TO.format(channel=own))

    return DurableReply(work=work, channel=request.channel)


def add(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Put one finding into the timeline, at the time that the finding itself has.

    Raises:
        UserError: the diagnosis is no longer kept.
    """
    kept, number = _chosen(request)
    finding, is_new = context.diagnoses.add_finding(request.change(incident), kept, number)
    at = finding.at or context.diagnoses.get(kept).found.read_at
    return say(finding_added(finding, is_new=is_new, at=at))


def remedy(
    context: HandlerContext, request: SlackRequest, incident: Incident | None
) -> RunbookReply:
    """Plan the runbook that a finding names, with its arguments.

    Raises:
        UserError: the diagnosis is no longer kept, or the finding names no runbook.
    """
    diagnosis_id, number = _chosen(request)
    found = context.diagnoses.get(diagnosis_id).found
    findings = found.findings[number - 1 : number] if number else ()
    chosen = findings[0].remedy if findings else None
    if chosen is None:
        raise UserError(NO_REMEDY)

    def work() -> EphemeralReply | None:
        return request_plan(
            context,
            request,
            incident,
            runbook=chosen.runbook,
            hub=found.place.hub,
            arguments=chosen.arguments,
        )

    return RunbookReply(work=work, runbook=chosen.runbook, channel=request.channel)


def _chosen(request: SlackRequest) -> tuple[str, int]:
    """The id of the diagnosis and the finding's number in it."""
    diagnosis_id, _, number = request.value.partition("/")
    return diagnosis_id, int(number) if number.isdigit() else 0
