"""``/incident hubs``: shows which hubs are affected, adds one, or removes one."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.item_words import named_address
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.matching import same_word, split_word
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest

USAGE = f"Write {COMMAND} hubs add and a hub, or {COMMAND} hubs remove and a hub."


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Show the hubs, or add or remove the one that was typed; an address may follow its name.

    Raises:
        UserError: it is not said what to do with which hub, or it cannot be done.
    """
    word, rest = split_word(request.text)
    change, configured = request.change(incident), context.settings.hubs
    name, url = named_address(rest)
    match same_key(word):
        case "":
            return say(answers.hubs(incident, context.settings.hub_urls))
        case "add" if name:
            incident = context.changes.add_hub(change, same_word(name, configured), url)
        case "remove" if name:
            incident = context.changes.remove_hub(change, same_word(name, incident.hubs))
        case _:
            raise UserError(USAGE)
    return say(answers.hubs(incident, context.settings.hub_urls))
