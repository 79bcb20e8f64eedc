"""The menu of an action item in a list, the buttons of its reminders, and its form."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.item_states import ItemState
from bot.render import items as words
from bot.slack.commands import actions
from bot.slack.context import HandlerContext
from bot.slack.replies import DeferredReply, EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest

STATES = {
    words.DONE: ItemState.DONE,
    words.DROP: ItemState.DROPPED,
    words.REOPEN: ItemState.OPEN,
}


def act(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | DeferredReply | OpenModal:
    """Finish, drop or reopen the item, or open its form.

    Raises:
        UserError: there is no such item any more.
    """
    verb, view, _incident_id, item_id = request.value.split(":")
    if verb == words.EDIT:
        item = context.items.get(incident.id, item_id)
        return OpenModal(
            view=words.edit(item, view=view, categories=context.settings.items.categories)
        )
    item = context.items.set_state(request.change(incident), item_id, STATES[verb])
    said = words.changed(item)
    if not view:
        return say(said)
    is_here = request.channel == incident.channel_id
    where = incident if is_here else None
    return actions.listed(context, request, where, view=view, said=said, replace=True)


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Save the item's owner, due date, category and repository.

    Raises:
        UserError: there is no such item any more, or an input has to be corrected.
    """
    form = request.form
    item = context.items.edit(
        request.change(incident),
        form.subject.partition("|")[0],
        owner=form.text("owner"),
        due_on=form.day("due_on"),
        category=form.text("category"),
        repository=form.text("repository") if form.has("repository") else None,
    )
    return say(words.saved(item))
