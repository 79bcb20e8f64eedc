"""``/incident declare``: declares an incident in one line, or opens the form that does."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import UserError
from bot.render import answers
from bot.render.declare_form import Opened
from bot.services.declare import AlreadyOpenError
from bot.slack import declaring
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, OpenModal
from bot.slack.request import Kind, SlackRequest

IS_INCIDENT = "This channel is already that of an incident: “{title}”."
LONGEST_LINE = 1000
"""Characters of a line that a button can carry."""


def handle(context: HandlerContext, request: SlackRequest) -> EphemeralReply | OpenModal:
    """Declare what was typed if it is complete, else open the form with it.

    Raises:
        UserError: the time behind ``at`` cannot be read.
    """
    typed = declaring.read(context, request, request.text)
    if request.kind is Kind.COMMAND and typed.is_complete and len(request.text) <= LONGEST_LINE:
        return declare_line(context, request, request.text, key=request.idempotency_key)
    opened = Opened(origin=request.channel, is_past=typed.past)
    return declaring.open_form(context, request, declaring.prefill_of(context, typed), opened)


def declare_line(
    context: HandlerContext,
    request: SlackRequest,
    text: str,
    *,
    key: str,
    seen: tuple[str, ...] = (),
) -> EphemeralReply:
    """Declare a complete line, or offer the open incidents like it that the person hasn't seen.

    ``key`` is unique to the line, however often a button repeats it.
    """
    declaration = declaring.declaration(
        context, request, declaring.read(context, request, text), key=key, seen=seen
    )
    try:
        incident = context.declare.declare(declaration)
    except AlreadyOpenError as exc:
        known = (*seen, *(each.id for each in exc.found))
        return EphemeralReply(post=answers.open_already(exc.found, text=text, key=key, seen=known))
    return EphemeralReply(post=answers.declared(incident))


def adopt(context: HandlerContext, request: SlackRequest) -> OpenModal:
    """Open the form that takes over the channel.

    Raises:
        UserError: the channel can't be taken over, or is an incident's.
    """
    if known := context.incidents.of_channel(request.channel):
        raise UserError(IS_INCIDENT.format(title=known.title))
    channel = context.channel_facts.adoptable(request.channel)
    typed = declaring.read(context, request, request.text)
    opened = Opened(origin=request.channel, adopted=channel.id, is_past=typed.past)
    prefill = declaring.prefill_of(context, typed)
    if not prefill.title:
        words = channel.name.replace("-", " ").replace("_", " ")
        prefill = replace(prefill, title=words.strip().capitalize())
    return declaring.open_form(context, request, prefill, opened)
