"""A command that was typed outside of incident channels, sent to the incident that was chosen for it."""

from __future__ import annotations

from dataclasses import replace

from bot.slack import access, commands
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, Reply
from bot.slack.request import Kind, SlackRequest


def handle(context: HandlerContext, request: SlackRequest) -> Reply:
    """Answer the command as if it had named that channel; the answer takes the place of the offer."""
    name, place, text = request.value.split("|", 2)
    command = replace(request, kind=Kind.COMMAND, name=name, text=text, place=place, value="")
    route = commands.ROUTES.get(name)
    if route is None:  # the button is older than this version
        return commands.unknown(context, command)
    reply = access.answer(context, command, route)
    return replace(reply, replace=True) if isinstance(reply, EphemeralReply) else reply
