"""``/incident handover``: passes the lead to another person, with a note."""

from __future__ import annotations

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.render import answers, people_forms
from bot.slack.context import HandlerContext
from bot.slack.matching import PERSON
from bot.slack.replies import EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest

NO_PERSON = f"Mention the person with an @, then the note for them: {COMMAND} handover @name …"


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Hand over to the person who is mentioned first; without a mention, open the form.

    Raises:
        UserError: nobody is mentioned in what was typed, or they can't take the lead.
    """
    if not request.text:
        return OpenModal(view=people_forms.handover(incident))
    found = PERSON.search(request.text)
    if found is None:
        raise UserError(NO_PERSON)
    before, after = request.text[: found.start()], request.text[found.end() :]
    before = "" if same_key(before.strip()) in ("over", "to", "over to") else before
    note = " ".join(f"{before} {after}".split())
    return hand_over(context, request, incident, found[1], note)


def hand_over(
    context: HandlerContext, request: SlackRequest, incident: Incident, user: str, note: str
) -> EphemeralReply:
    """Hand the lead over, and say how to take it back."""
    if user != request.user:
        context.authorize.take_part(incident, user)
    after = context.changes.hand_over(request.change(incident), user, note)
    return say(answers.handed_over(after, user, request.user))
