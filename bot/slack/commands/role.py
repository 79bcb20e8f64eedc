"""``/incident role``: shows the roles, takes one, or gives it to somebody."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.matching import closest, meant, people
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest

NO_SUCH_ROLE = "There is no role “{word}”.{hint} The roles are {roles}."
NO_MENTION = f"Mention the person with an @: {COMMAND} role {{role}} @name."


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | None:
    """Show the roles, or give one to a person, by default to the one who asks.

    Raises:
        UserError: there is no such role, or the person is not mentioned.
    """
    policy = context.settings.policy
    roles = policy.roles
    if not request.text:
        return say(answers.roles(incident, policy))
    role, whom = meant(request.text, roles)
    if role not in roles:
        hint = answers.did_you_mean(closest(role.lower(), roles))
        raise UserError(NO_SUCH_ROLE.format(word=role, hint=hint, roles=", ".join(roles)))
    _give(context, request, incident, role, whom)
    return None


def lead(context: HandlerContext, request: SlackRequest, incident: Incident) -> None:
    """Give the role that leads to a person, by default to the one who asks.

    Raises:
        UserError: the person is not mentioned.
    """
    _give(context, request, incident, context.settings.policy.lead, request.text)


def _give(
    context: HandlerContext, request: SlackRequest, incident: Incident, role: str, whom: str
) -> None:
    found = people(whom)
    if whom.strip() and not found and same_key(whom.strip()) != "me":
        raise UserError(NO_MENTION.format(role=role))
    user = found[0] if found else request.user
    if user != request.user:
        context.authorize.take_part(incident, user)
    context.changes.role(request.change(incident), role, user)
