"""What a request needs before its handler runs: nothing, an incident, or the right to run runbooks.

Every handler's entry in a table says which. The dispatcher asks for it here, in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.incident import Incident
from bot.errors import UserError
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.place import with_place
from bot.slack.replies import (
    DeferredReply,
    DurableReply,
    EphemeralReply,
    OpenModal,
    Reply,
    say,
)
from bot.slack.request import SlackRequest

NOT_AN_INCIDENT_CHANNEL = (
    "This is not an incident channel. Go to one (/incident list shows them), or declare an incident "
    "with /incident declare."
)

NO_SUCH_INCIDENT = "There is no such incident, or you are not in its channel."

Finder = Callable[[HandlerContext, SlackRequest], Incident]


def of_channel(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident whose channel the command names, else the one whose channel the request came from.

    Raises:
        UserError: the channel is not an incident's.
    """
    if request.place:
        return _named(context, request)
    found = context.incidents.of_channel(request.channel)
    if found is None:
        raise UserError(NOT_AN_INCIDENT_CHANNEL)
    return found


def _named(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident whose channel the command names; a private one looks like one that does not exist."""
    found = context.incidents.at(request.team_id, request.place)
    if found is None or (found.private and found.channel_id != request.channel):
        raise UserError(NO_SUCH_INCIDENT)
    return found


def of_form(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident that the submitted form was opened for."""
    return context.incidents.get(request.form.incident_id)


def of_button(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident whose id the button carries, wherever the button is."""
    return context.incidents.get(request.value)


def of_button_or_channel(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident whose id the button carries, else the one whose channel it is in.

    Raises:
        UserError: the button carries none, and the channel is not an incident's.
    """
    return of_button(context, request) if request.value else of_channel(context, request)


def of_entry(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident of the timeline's entry whose menu was used, wherever the timeline is shown.

    Raises:
        UserError: there is no such entry.
    """
    return context.incidents.get(context.record.incident_of(int(request.value.partition(":")[2])))


def of_run(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident of the runbook's run whose id the button carries.

    Raises:
        UserError: there is no such run.
    """
    return context.incidents.get(context.runs.incident_of(request.value))


@dataclass(frozen=True)
class Anywhere:
    """A handler that needs nothing: anyone may ask, in any channel."""

    handler: Callable[[HandlerContext, SlackRequest], Reply]


@dataclass(frozen=True)
class OnIncident:
    """A handler that needs an incident, which ``find`` returns for its request."""

    handler: Callable[[HandlerContext, SlackRequest, Incident], Reply]
    find: Finder = of_channel


@dataclass(frozen=True)
class MayRun:
    """A handler whose work needs the right to run runbooks in the incident's channel.

    The handler itself only reads the request: what it may open or refuse is open to everyone.
    """

    handler: Callable[[HandlerContext, SlackRequest, Incident], DurableReply | OpenModal]
    find: Finder = of_channel


Route = Anywhere | OnIncident | MayRun


def answer(context: HandlerContext, request: SlackRequest, route: Route) -> Reply:
    """What the handler answers, after everything that its route needs.

    Who may run runbooks is a question to Slack. It belongs to the reply's work, which runs after the
    request was stored and acknowledged.

    Raises:
        UserError: the request is wrong, or there is no such incident.
    """
    if isinstance(route, Anywhere):
        return route.handler(context, request)
    request = with_place(context, request)
    incident = route.find(context, request)
    reply = _confirmed(context, request, incident, route.handler(context, request, incident))
    if isinstance(route, MayRun) and isinstance(reply, DurableReply):
        reply = _authorized(context, request, incident, reply)
    if isinstance(reply, EphemeralReply | DeferredReply) and not reply.channel:
        reply = replace(reply, channel=request.channel or incident.channel_id or "")
    return reply


def _confirmed(
    context: HandlerContext, request: SlackRequest, incident: Incident, reply: Reply
) -> Reply:
    """The reply; a sentence in place of none where nobody sees in the channel what was done."""
    is_elsewhere = request.channel not in ("", incident.channel_id)
    if reply is not None or not (is_elsewhere or incident.channel_state):
        return reply
    return say(answers.done(context.incidents.get(incident.id)))


def _authorized(
    context: HandlerContext, request: SlackRequest, incident: Incident, reply: DurableReply
) -> DurableReply:
    def work() -> EphemeralReply | None:
        context.authorize.runbook(
            team_id=request.team_id,
            user_team=request.user_team,
            user=request.user,
            channel_id=incident.channel_id or "",
        )
        return reply.work()

    return replace(reply, work=work)
