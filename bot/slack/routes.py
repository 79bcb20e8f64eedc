"""The table of everything that a person can ask mayday for: by kind and name, the route that answers."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.access import Act
from bot.errors import UserError
from bot.slack import commands, interactions
from bot.slack.access import Anywhere, Route
from bot.slack.context import HandlerContext
from bot.slack.replies import Reply
from bot.slack.request import Kind, SlackRequest

OUTDATED = "This version of mayday doesn't support this form. Close it and open it again."

ROUTES: Mapping[Kind, Mapping[str, Route]] = {
    Kind.COMMAND: commands.ROUTES,
    Kind.BUTTON: interactions.BUTTONS,
    Kind.FORM: interactions.FORMS,
    Kind.SHORTCUT: interactions.SHORTCUTS,
    Kind.OPTIONS: interactions.OPTIONS,
    Kind.REACTION: interactions.REACTIONS,
}


def find(request: SlackRequest) -> Route | None:
    """The route that answers a request; None where there is none."""
    return ROUTES[request.kind].get(request.name)


def _unknown(context: HandlerContext, request: SlackRequest) -> Reply:
    match request.kind:
        case Kind.COMMAND:
            return commands.unknown(context, request)
        case Kind.BUTTON | Kind.OPTIONS:
            return None  # a button that only carries a link, or a menu of an older form
        case _:
            raise UserError(OUTDATED)


UNKNOWN = Anywhere(Act.HELP, _unknown)
"""What answers a request that no table has."""
