"""What a request needs before its handler runs: an incident, and the permission for its act.

Every handler's entry in a table says which act it is. It is decided here, in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from bot import deadline
from bot.domain.access import Act
from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.runs import approved_plan
from bot.errors import RetryLater, UserError
from bot.render import answers
from bot.services.authorize import ABSENT, Asker
from bot.slack.context import HandlerContext
from bot.slack.place import with_place
from bot.slack.replies import (
    DeferredReply,
    DurableReply,
    EphemeralReply,
    FieldErrors,
    Reply,
    RunbookReply,
    Shown,
    Suggestions,
    say,
)
from bot.slack.request import Kind, SlackRequest

NOT_HERE = "not_here"
"""The code of the refusal of a command that was typed outside of incident channels."""

NOT_AN_INCIDENT_CHANNEL = (
    f"This is not an incident channel. Go to one ({COMMAND} list shows them), or declare an incident "
    f"with {COMMAND} declare."
)

CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]+")
"""The id of a Slack channel, which no incident's id looks like."""

PATIENCE = 1.5
"""Seconds for the questions to Slack before a request is acknowledged, which Slack waits three for."""

EDITING = frozenset({Act.EDIT, Act.RECORD, Act.CHANGE, Act.ASSIGN})
"""The acts by which a report is edited. By those who may publish, it publishes itself."""

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
        raise UserError(NOT_AN_INCIDENT_CHANNEL, code=NOT_HERE)
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
    """The incident whose id the button's value begins with, wherever the button is."""
    return context.incidents.get(request.value.partition("|")[0])


def of_value(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident whose id begins what the button carries, wherever the button is."""
    return context.incidents.get(request.value.partition(":")[0])


def of_button_or_channel(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident whose id the button carries, else the one whose channel it is in.

    Raises:
        UserError: the button carries none, and the channel is not an incident's.
    """
    return of_button(context, request) if request.value else of_channel(context, request)


def of_entry(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident of the timeline's entry whose menu or button was used, wherever it is shown.

    Raises:
        UserError: there is no such entry.
    """
    entry_id = int(request.value.split(":")[1])
    return context.incidents.get(context.record.incident_of(entry_id))


def of_item(context: HandlerContext, request: SlackRequest) -> Incident:
    """The incident of the action item whose menu or button was used, wherever it is shown."""
    return context.incidents.get(request.value.split(":")[2])


def of_run(context: HandlerContext, request: SlackRequest) -> Incident | None:
    """The incident of the runbook's run whose id the button carries; None for a run outside of incidents.

    Raises:
        UserError: there is no such run.
    """
    run_id, _round = approved_plan(request.value)
    incident_id = context.runs.get(run_id).incident_id
    return context.incidents.get(incident_id) if incident_id else None


def of_channel_if_any(context: HandlerContext, request: SlackRequest) -> Incident | None:
    """The incident whose channel the command names or the request came from; None in other channels.

    Raises:
        UserError: the command names a channel that is not an incident's.
    """
    if request.place:
        return _named(context, request)
    return context.incidents.of_channel(request.channel)


def of_form_if_any(context: HandlerContext, request: SlackRequest) -> Incident | None:
    """The incident that the submitted form was opened for; None if it was opened in another channel."""
    opened_in = request.form.incident_id
    return None if CHANNEL_ID.fullmatch(opened_in) else context.incidents.get(opened_in)


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
    """A handler that needs an incident, which ``find`` returns for its request."""

    act: Act
    handler: Callable[[HandlerContext, SlackRequest, Incident], Reply]
    find: Finder = of_channel


@dataclass(frozen=True)
class InAnyChannel:
    """A handler that works in an incident as well as outside: it gets the incident, if there is one."""

    act: Act
    handler: Callable[[HandlerContext, SlackRequest, Incident | None], Reply]
    find: Callable[[HandlerContext, SlackRequest], Incident | None]


@dataclass(frozen=True)
class OnRunbook:
    """A handler about runbooks, in an incident or, where ``find`` returns None, outside of incidents.

    It only reads the request: what it opens or refuses is open to everybody who may read the incident. The
    work that it returns names its runbook, and the act is decided by that runbook's policy.
    """

    act: Act
    handler: Callable[[HandlerContext, SlackRequest, Incident | None], Reply]
    find: Callable[[HandlerContext, SlackRequest], Incident | None] = of_channel_if_any


Route = Anywhere | InAnyChannel | OnIncident | OnRunbook


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


def asker_of(request: SlackRequest) -> Asker:
    """Who asks, and where."""
    return Asker(
        user=request.user,
        channel=request.channel,
        installed_team=request.installed_team,
        origin=request.origin,
        idempotency_key=request.delivery,
    )


def _answer(context: HandlerContext, request: SlackRequest, route: Route) -> Reply:
    asker = asker_of(request)
    if isinstance(route, Anywhere):
        context.authorize.decide(asker, route.act)
        return route.handler(context, request)
    try:
        request = with_place(context, request)
        found = route.find(context, request)
    except UserError as exc:  # there is none, which is a refusal, too
        context.authorize.refused(asker, route.act, str(exc))
        if exc.code == NOT_HERE and request.kind is Kind.COMMAND:
            return DeferredReply(work=partial(_elsewhere, context, request, asker, exc))
        raise
    if isinstance(route, OnRunbook):
        return _runbook(context, request, asker, route, found)
    if isinstance(route, InAnyChannel):
        context.authorize.decide(asker, route.act, found)
        reply = route.handler(context, request, found)
        return _confirmed(context, request, found, reply) if found else reply
    incident = cast("Incident", found)
    context.authorize.decide(asker, route.act, incident)
    if route.act in EDITING and incident.closed_at and context.settings.goes_outside:
        may_publish = context.authorize.may(asker, Act.PUBLISH, incident)
        request = replace(request, may_publish=may_publish)
    reply = _confirmed(context, request, incident, route.handler(context, request, incident))
    if isinstance(reply, EphemeralReply | DeferredReply) and not reply.channel:
        reply = replace(reply, channel=request.channel or incident.channel_id or "")
    return reply


def _elsewhere(
    context: HandlerContext, request: SlackRequest, asker: Asker, refusal: UserError
) -> EphemeralReply:
    """The refusal, and the open incidents to send the command to, for a person who may list them.

    Raises:
        UserError: the refusal, if there is none to offer.
    """
    if not context.authorize.may(asker, Act.LIST):
        raise refusal
    try:
        listed = context.incidents.listed(request.team_id, request.channel)
    except UserError:
        raise refusal from None
    shown = [each for each in listed if each.is_open and each.channel_id]
    if not shown:
        raise refusal
    return EphemeralReply(post=answers.elsewhere(str(refusal), request.name, request.text, shown))


def _runbook(
    context: HandlerContext,
    request: SlackRequest,
    asker: Asker,
    route: OnRunbook,
    incident: Incident | None,
) -> Reply:
    """What the handler of a runbook's act answers; a form says in which channel it was opened."""
    if incident is None and not request.channel:
        request = replace(request, channel=request.form.incident_id)
        asker = replace(asker, channel=request.channel)
    context.authorize.decide(asker, Act.READ, incident)
    reply = route.handler(context, request, incident)
    if incident is not None:
        reply = _confirmed(context, request, incident, reply)
    if isinstance(reply, DurableReply):
        if not isinstance(reply, RunbookReply):
            raise TypeError(f"the work of {route.act} names no runbook")
        reply = _authorized(context, asker, route.act, incident, reply)
    if isinstance(reply, EphemeralReply | DeferredReply) and not reply.channel:
        home = incident.channel_id if incident else ""
        reply = replace(reply, channel=request.channel or home or "")
    return reply


def _late(context: HandlerContext, request: SlackRequest, route: Route) -> Shown:
    reply = _answer(context, request, route)
    while isinstance(reply, DeferredReply):
        reply = reply.work()
    return None if isinstance(reply, FieldErrors | Suggestions) else reply


def _confirmed(
    context: HandlerContext, request: SlackRequest, incident: Incident, reply: Reply
) -> Reply:
    """The reply; a sentence in place of none where nobody sees in the channel what was done."""
    is_elsewhere = request.channel not in ("", incident.channel_id)
    if is_elsewhere and isinstance(reply, DurableReply):
        work = reply.work
        return replace(reply, work=lambda: work() or say(answers.shown_there(incident)))
    if reply is not None or not (is_elsewhere or incident.channel_state):
        return reply
    return say(answers.done(context.incidents.get(incident.id)))


def _authorized(
    context: HandlerContext, asker: Asker, act: Act, incident: Incident | None, reply: RunbookReply
) -> RunbookReply:
    """The reply, whose work begins with the question whether this person may do it.

    It takes several questions to Slack, so it belongs to what happens after the acknowledgement.
    """

    def work() -> Shown:
        runbook = context.runs.runbooks.get(reply.runbook)
        allowed = runbook.policy.allowed if runbook else None
        context.authorize.decide(
            replace(asker, target=reply.target), act, incident, allowed=allowed
        )
        return reply.work()

    return replace(reply, work=work)
