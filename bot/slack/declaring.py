"""What commands, buttons, forms and shortcuts that declare incidents have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.domain import milestone_times
from bot.domain.access import Act
from bot.domain.declaring import Typed, read_typed
from bot.domain.incident import Incident
from bot.domain.milestones import Milestone
from bot.domain.typed_time import TypedTime, written
from bot.errors import UserError
from bot.render import declare_form
from bot.render.declare_form import BEGAN, MARKS, TIMES, Opened, Prefill
from bot.render.hub_menu import HUBS
from bot.services.declare import Declaration
from bot.slack.access import asker_of
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal
from bot.slack.request import Form, SlackRequest

ENDS_BEFORE = "The end is before the beginning: write the date, too."


def read(context: HandlerContext, request: SlackRequest, text: str) -> Typed:
    """What was typed behind the command.

    Raises:
        UserError: the time behind ``at`` cannot be read.
    """
    return read_typed(
        context.reports.plain(request.team_id, text),
        severities=context.settings.policy.severities,
        hubs=list(context.settings.hubs),
        read_time=context.reader.note,
    )


def may_see(context: HandlerContext, request: SlackRequest) -> bool:
    """Whether the person may be shown open incidents: those who may list them."""
    return context.authorize.may(asker_of(request), Act.LIST)


def declaration(
    context: HandlerContext,
    request: SlackRequest,
    typed: Typed,
    *,
    key: str,
    seen: Sequence[str] = (),
) -> Declaration:
    """What a complete line declares; ``key`` is unique to the line."""
    return Declaration(
        idempotency_key=key,
        team_id=request.team_id,
        declared_by=request.user,
        title=typed.title,
        severity=typed.severity,
        hubs=typed.hubs,
        private=typed.private,
        drill=typed.drill,
        origin_channel=request.channel or None,
        origin=request.origin,
        times={Milestone.IMPACT: typed.began} if typed.began else {},
        seen=seen,
        may_see=may_see(context, request),
    )


def open_form(
    context: HandlerContext, request: SlackRequest, prefill: Prefill, opened: Opened
) -> OpenModal:
    """The form; the open incidents like the one that is declared are shown once it is open."""

    def with_like() -> dict[str, Any] | None:
        found = like(context, request, prefill, opened)
        return view(context, prefill, opened, found) if found else None

    is_known = bool(prefill.title or prefill.hubs) and not (opened.is_past or opened.adopted)
    return OpenModal(view=view(context, prefill, opened), then=with_like if is_known else None)


def like(
    context: HandlerContext, request: SlackRequest, prefill: Prefill, opened: Opened
) -> tuple[Incident, ...]:
    """The open incidents that may be the outage of a form."""
    if opened.is_past or opened.adopted or not may_see(context, request):
        return ()
    return context.declare.like(request.team_id, prefill.title, prefill.hubs, drill=prefill.drill)


def view(
    context: HandlerContext, prefill: Prefill, opened: Opened, like: Sequence[Incident] = ()
) -> dict[str, Any]:
    """The form as a view."""
    return declare_form.declare(
        prefill,
        opened,
        policy=context.settings.policy,
        descriptions=context.severity_help,
        hubs=context.settings.hub_clusters,
        like=like,
    )


def prefill_of(context: HandlerContext, typed: Typed) -> Prefill:
    """The inputs of the form, from what was typed."""
    zone = context.reader.zone
    return Prefill(
        title=typed.title,
        severity=typed.severity,
        hubs=typed.hubs,
        private=typed.private,
        drill=typed.drill,
        times={BEGAN: written(typed.began, zone)} if typed.began else {},
    )


def entered(form: Form) -> Prefill:
    """What the inputs of a form show."""
    marks = form.names(MARKS)
    return Prefill(
        title=form.text("title"),
        severity=form.text("severity"),
        hubs=form.names(HUBS),
        summary=form.text("summary"),
        private="private" in marks,
        drill="drill" in marks,
        times={name: form.text(name) for name in TIMES if form.has(name)},
    )


def times_of(context: HandlerContext, prefill: Prefill) -> Mapping[Milestone, TypedTime]:
    """The times that a form shows.

    Raises:
        UserError: some cannot be read, or the end is before the beginning.
    """
    names = {milestone.value: name for name, milestone in TIMES.items()}
    texts = {TIMES[name]: text for name, text in prefill.times.items() if text.strip()}
    try:
        found = milestone_times.read(texts, {}, context.reader)
    except UserError as exc:
        others = {names[name]: text for name, text in exc.others.items()}
        raise UserError(str(exc), field=names.get(exc.field, exc.field), others=others) from exc
    times = {name: time for name, time in found.items() if time}
    began, ended = times.get(Milestone.IMPACT), times.get(Milestone.RESOLVED)
    if began and ended and ended.at < began.at:
        raise UserError(ENDS_BEFORE, field=names[Milestone.RESOLVED.value])
    return MappingProxyType(times)
