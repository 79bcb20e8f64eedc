"""Title, hubs and summary: what an edit of them changed, and the button that takes it back."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.state_change import StateChange
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import done
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def saved(context: HandlerContext, incident: Incident, change: StateChange) -> EphemeralReply:
    """What an act changed, with the button that takes it back."""
    revision = context.edits.of_act(change)
    if revision is None:
        return say(answers.UNCHANGED)
    said = done(context, incident, change)
    return EphemeralReply(post=answers.edited(incident.id, revision, said))


def undo(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Take a change back.

    Raises:
        UserError: what was changed has changed since.
    """
    change = request.change(incident)
    context.edits.undo(change, int(request.value.partition(":")[2]))
    said = answers.CHANGE_UNDONE + done(context, incident, change)
    return EphemeralReply(post=say(said).post, replace=True)
