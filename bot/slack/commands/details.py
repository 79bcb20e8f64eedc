"""``/incident title`` and ``/incident summary``: change what the card shows, and take it back."""

from __future__ import annotations

from bot.domain import report_parts as parts
from bot.domain.incident import Incident
from bot.domain.mrkdwn import unescape
from bot.domain.state_change import StateChange
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.edit_parts import part_form
from bot.slack.edit_publishing import done
from bot.slack.replies import EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest


def title(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Change the title; without text, open the form."""
    return _change(context, request, incident, "title")


def summary(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal:
    """Change the summary; without text, open the form."""
    return _change(context, request, incident, "summary")


def open_form(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal:
    """The form of title, hubs and summary."""
    return OpenModal(view=part_form(context, request, incident, parts.DETAILS))


def _change(
    context: HandlerContext, request: SlackRequest, incident: Incident, field: str
) -> EphemeralReply | OpenModal:
    if not request.text:
        return open_form(context, request, incident)
    # Titles and summaries are stored as typed into a form.
    wanted = {field: unescape(request.text)}
    values = context.edits.values(incident.id, parts.DETAILS)
    change = request.change(incident)
    context.edits.save(change, parts.DETAILS, expected=values, wanted=wanted)
    return saved(context, incident, change)


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
