"""What a request needs before its handler runs: an incident, and the permission for its act.

Every handler's entry in a table says which act it is. It is decided here, in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import deadline
from bot.domain.access import RUNBOOK, Act
from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.errors import RetryLater, UserError
from bot.render import answers
from bot.services.authorize import ABSENT, Asker
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
    f"This is not an incident channel. Go to one ({COMMAND} list shows them), or declare an incident "
    f"with {COMMAND} declare."
)

PATIENCE = 1.5
"""Seconds for the questions to Slack before a request is acknowledged, which Slack waits three for."""

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
    if found is None:
        raise UserError(ABSENT)
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


def of_channel_if_any(context: HandlerContext, request: SlackRequest) -> Incident | None:
    """The incident whose channel the command names or the request came from; None outside of incidents.

    Raises:
        UserError: the channel that the command names is not an incident's.
    """
    if request.place:
        return _named(context, request)
    return context.incidents.of_channel(request.channel)


def of_form_or_none(context: HandlerContext, request: SlackRequest) -> Incident | None:
    """The incident that the submitted form was opened for, if it was opened for one."""
    return of_form(context, request) if request.form.incident_id else None


@dataclass(frozen=True)
class Anywhere:
    """A handler that needs no incident."""

    act: Act
    handler: Callable[[HandlerContext, SlackRequest], Reply]


@dataclass(frozen=True)
class OnIncident:
    """A handler that needs an incident, which ``find`` returns for its request.

    The handler of a runbook's act only reads the request: what it opens or refuses is open to everybody who
    may read the incident.
    """

    act: Act
    handler: Callable[[HandlerContext, SlackRequest, Incident], Reply]
    find: Finder = of_channel


@dataclass(frozen=True)
class InAnyChannel:
    """A handler that works in an incident as well as outside: it gets the incident, if there is one."""

    act: Act
    handler: Callable[[HandlerContext, SlackRequest, Incident | None], Reply]
    find: Callable[[HandlerContext, SlackRequest], Incident | None]


Route = Anywhere | InAnyChannel | OnIncident


def answer(context: HandlerContext, request: SlackRequest, route: Route) -> Reply:
    """What the handler answers, if the person may do what it does.

    Where Slack does not say in time whether they may, everything is done after the request is stored and
    acknowledged.

    Raises:
        UserError: the request is wrong or refused, or there is no such incident.
    """
    try:
        with deadline.patience(PATIENCE):
            return _answer(context, request, route)
    except RetryLater:
        return DurableReply(work=lambda: _late(context, request, route), channel=request.channel)


def _answer(context: HandlerContext, request: SlackRequest, route: Route) -> Reply:
    asker = Asker(
        user=request.user,
        channel=request.channel,
        installed_team=request.installed_team,
        origin=request.origin,
        idempotency_key=request.delivery,
    )
    if isinstance(route, Anywhere):
        context.authorize.decide(asker, route.act)
        return route.handler(context, request)
    request = with_place(context, request)
    incident = route.find(context, request)
    if isinstance(route, InAnyChannel):
        act = Act.DIAGNOSE if route.act in RUNBOOK else route.act
        context.authorize.decide(asker, act, incident)
        reply = route.handler(context, request, incident)
        if route.act in RUNBOOK and isinstance(reply, DurableReply):
            reply = _authorized(context, asker, route.act, incident, reply)
        return reply
    if incident is None:
        raise UserError(NOT_AN_INCIDENT_CHANNEL)
    context.authorize.decide(asker, Act.READ if route.act in RUNBOOK else route.act, incident)
    reply = _confirmed(context, request, incident, route.handler(context, request, incident))
    if route.act in RUNBOOK and isinstance(reply, DurableReply):
        reply = _authorized(context, asker, route.act, incident, reply)
    if isinstance(reply, EphemeralReply | DeferredReply) and not reply.channel:
        reply = replace(reply, channel=request.channel or incident.channel_id or "")
    return reply


def _late(
    context: HandlerContext, request: SlackRequest, route: Route
) -> EphemeralReply | OpenModal | None:
    reply = _answer(context, request, route)
    while isinstance(reply, DeferredReply):
        reply = reply.work()
    return reply if isinstance(reply, EphemeralReply | OpenModal) else None


def _confirmed(
    context: HandlerContext, request: SlackRequest, incident: Incident, reply: Reply
) -> Reply:
    """The reply; a sentence in place of none where nobody sees in the channel what was done."""
    is_elsewhere = request.channel not in ("", incident.channel_id)
    if reply is not None or not (is_elsewhere or incident.channel_state):
        return reply
    return say(answers.done(context.incidents.get(incident.id)))


def _authorized(
    context: HandlerContext,
    asker: Asker,
    act: Act,
    incident: Incident | None,
    reply: DurableReply,
) -> DurableReply:
    """The reply, whose work begins with the question whether this person may do it.

    It takes several questions to Slack, so it belongs to what happens after the acknowledgement.
    """

    def work() -> EphemeralReply | OpenModal | None:
        context.authorize.decide(asker, act, incident)
        return reply.work()

    return replace(reply, work=work)
