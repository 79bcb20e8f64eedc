"""The form that declares an incident, its buttons, and the shortcut that opens it on a message."""

from __future__ import annotations

import json
from dataclasses import replace

from bot.domain.incident import TITLE_LIMIT, Incident, OriginMessage
from bot.domain.item_words import title_of
from bot.domain.mrkdwn import plain
from bot.domain.search import asked
from bot.errors import RetryLater
from bot.render import answers, declare_form
from bot.render.declare_form import Opened, Prefill
from bot.render.text import cut
from bot.services.declare import AdoptedChannel, AlreadyOpenError, Declaration
from bot.slack import declaring
from bot.slack.commands.declare import declare_line
from bot.slack.context import HandlerContext
from bot.slack.replies import (
    DurableReply,
    EphemeralReply,
    OpenModal,
    StaleFormError,
    UpdateModal,
    say,
)
from bot.slack.request import SlackRequest

ONLY_SHORTCUT = (
    "mayday can't read this message by a reaction, as in threads. Use the shortcut *Declare an incident* "
    "in the message's menu instead."
)
DECLARED_BEFORE = "This message was declared before."
UNTITLED = "Incident from a message"


def submitted(context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """Declare the incident; say so in the channel where the form was opened.

    Raises:
        StaleFormError: an incident like it was opened meanwhile; the form shows it.
        UserError: an input is wrong; nothing was stored.
    """
    form = request.form
    opened, prefill = Opened.of(form.metadata), declaring.entered(form)
    try:
        incident = context.declare.declare(
            Declaration(
                idempotency_key=form.id,
                team_id=request.team_id,
                declared_by=request.user,
                title=prefill.title,
                severity=prefill.severity,
                summary=prefill.summary,
                hubs=prefill.hubs,
                private=prefill.private,
                drill=prefill.drill,
                origin_channel=opened.origin or None,
                origin=request.origin,
                diagnosis=opened.diagnosis,
                times=declaring.times_of(context, prefill),
                seen=opened.seen,
                may_see=declaring.may_see(context, request),
                adopted=_adopted(context, opened),
                message=_message(context, opened),
            )
        )
    except AlreadyOpenError as exc:
        again = declaring.view(context, prefill, opened, exc.found)
        raise StaleFormError(str(exc), view=again, errors={"title": str(exc)}) from exc
    return EphemeralReply(post=answers.declared(incident), channel=opened.origin)


def _adopted(context: HandlerContext, opened: Opened) -> AdoptedChannel | None:
    return context.channel_facts.adoptable(opened.adopted) if opened.adopted else None


def _message(context: HandlerContext, opened: Opened) -> OriginMessage | None:
    if not opened.message:
        return None
    channel, ts, thread_ts, author = opened.message
    return context.channel_facts.origin(channel, ts, thread_ts=thread_ts, author=author)


def hubs_chosen(context: HandlerContext, request: SlackRequest) -> UpdateModal | None:
    """Show the open incidents on the hubs that are chosen now; nothing changes if the form has them."""
    form = request.form
    opened, prefill = Opened.of(form.metadata), declaring.entered(form)
    found = declaring.like(context, request, prefill, opened)
    if {each.id for each in found} == set(opened.shown):
        return None
    return UpdateModal(
        id=form.id, hash=form.hash, view=declaring.view(context, prefill, opened, found)
    )


def join(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | UpdateModal:
    """Invite the person to the incident's channel, in place of the form or the answer."""
    context.joining.join(request.change(incident))
    if request.form.id:
        view = declare_form.joined(incident)
        return UpdateModal(id=request.form.id, hash=request.form.hash, view=view)
    return replace(say(declare_form.joining(incident)), replace=True)


def anyway(context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """Declare the line although incidents like it are open."""
    kept = json.loads(request.value)
    reply = declare_line(
        context, request, str(kept["text"]), key=str(kept["key"]), seen=tuple(kept["seen"])
    )
    return replace(reply, replace=True)


def from_message(context: HandlerContext, request: SlackRequest) -> OpenModal:
    """The form, with the message's words as the title; all of them as the summary if they are longer.

    What was said in a private channel stays private unless the person decides otherwise.
    """
    message = request.message
    if message is None:
        return declaring.open_form(context, request, Prefill(), Opened(origin=request.channel))
    try:
        is_public = context.channel_facts.is_public(message.channel_id)
    except RetryLater:
        is_public = False
    named = context.reports.named(request.team_id, message.text)
    title, summary = message_words(named)
    opened = Opened(
        origin=request.channel,
        message=(message.channel_id, message.ts, message.thread_ts, message.author),
    )
    prefill = Prefill(title=title, summary=summary, private=not is_public)
    return declaring.open_form(context, request, prefill, opened)


def reacted(context: HandlerContext, request: SlackRequest) -> DurableReply:
    """Declare an incident from a message by a reaction; others who react to it as well join.

    What was said in a private channel becomes a private incident.
    """
    channel, ts = request.channel, request.value

    def work() -> EphemeralReply:
        facts = context.channel_facts
        message = facts.message(channel, ts)
        if message is None:
            return say(ONLY_SHORTCUT)
        origin = facts.origin(channel, ts, author=message.author)
        title, summary = message_words(context.reports.named(request.team_id, message.text))
        named = set(asked(title))
        hubs = context.settings.hubs
        severities = context.settings.policy.severities
        try:
            incident = context.declare.declare(
                Declaration(
                    idempotency_key=request.idempotency_key,
                    team_id=request.team_id,
                    declared_by=request.user,
                    title=title or UNTITLED,
                    severity=severities[min(1, len(severities) - 1)],
                    summary=summary,
                    hubs=tuple(hub for hub in hubs if len(hubs) == 1 or _is_named(hub, named)),
                    private=not facts.is_public(channel),
                    may_see=declaring.may_see(context, request),
                    origin_channel=channel,
                    origin=request.origin,
                    message=origin,
                )
            )
        except AlreadyOpenError as exc:
            return EphemeralReply(post=answers.open_already_from_message(exc.found))
        if incident.declared_by != request.user:
            if incident.private:
                return say(DECLARED_BEFORE)
            change = replace(request.change(incident), idempotency_key=request.delivery)
            context.joining.join(change)
            return say(declare_form.joining(incident))
        return EphemeralReply(post=answers.declared(incident))

    return DurableReply(work=work, channel=channel)


def _is_named(hub: str, words: set[str]) -> bool:
    """Whether the words have all of a hub's name."""
    name = set(asked(hub))
    return bool(name) and name <= words


def message_words(text: str) -> tuple[str, str]:
    """A message as the title of an incident, and as its summary where the title doesn't have all of it."""
    title = plain(title_of(text))
    whole = plain(text).strip()
    first = title_of(text.strip().partition("\n")[0])
    if len(title) > TITLE_LIMIT or "\n" in whole:
        title = plain(first)
    short = cut(title, TITLE_LIMIT)
    return short, whole if " ".join(whole.split()) != short else ""
