"""The menu of an action item in a list, and the buttons of its reminders."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.report_parts import ITEM
from bot.render import items as words
from bot.slack.commands import actions
from bot.slack.context import HandlerContext
from bot.slack.edit_parts import part_form
from bot.slack.edit_publishing import done
from bot.slack.replies import DeferredReply, EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest

STATES = {words.DONE: "done", words.DROP: "dropped", words.REOPEN: "open"}


def act(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | DeferredReply | OpenModal:
    """Finish, drop or reopen the item, or open its form.

    Raises:
        UserError: there is no such item any more.
    """
    verb, view, _incident_id, item_id = request.value.split(":")
    part = f"{ITEM}/{item_id}"
    if verb == words.EDIT:
        return OpenModal(view=part_form(context, request, incident, part))
    change = request.change(incident)
    is_new = context.edits.change(change, part, {"state": STATES[verb]}) is not None
    said = words.changed(context.items.get(incident.id, item_id))
    said += done(context, incident, change) if is_new else ""
    if not view:
        return say(said)
    is_here = request.channel == incident.channel_id
    where = incident if is_here else None
    return actions.listed(context, request, where, view=view, said=said, replace=True)
