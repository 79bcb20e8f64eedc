"""The choice between two texts that were changed in the same lines: keep one, or write it."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.render import answers, conflicts
from bot.render.conflicts import Decision
from bot.render.long_text import LongText
from bot.render.review import replacement_words
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest


def ours(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Keep the report's text.

    Raises:
        UserError: it is decided, or one of the texts has changed since.
    """
    return _kept(context, request, incident, Decision.OURS)


def theirs(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Keep the text that is there.

    Raises:
        UserError: it is decided, or one of the texts has changed since.
    """
    return _kept(context, request, incident, Decision.THEIRS)


def _kept(
    context: HandlerContext, request: SlackRequest, incident: Incident, how: Decision
) -> EphemeralReply:
    subject = request.value.partition("|")[2]
    context.conflicts.decide(request.change(incident), subject, how)
    return say(answers.DECIDED)


def write(context: HandlerContext, request: SlackRequest, incident: Incident) -> OpenModal:
    """The form with both texts.

    Raises:
        UserError: it is decided, one of the texts has changed since, or they are too long for a form.
    """
    subject = request.value.partition("|")[2]
    found = context.conflicts.get(incident.id, subject)
    return OpenModal(view=conflicts.form(incident.id, subject, found.place, found.conflicts))


def submitted(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Have what was written published.

    Raises:
        UserError: it is decided, or one of the texts has changed since.
    """
    form = request.form
    subject, _, joints = form.subject.partition("|")
    written = [
        LongText.entered(conflicts.input_name(number), joint, form.text).whole
        for number, joint in enumerate(joints.split(","))
    ]
    change = request.change(incident)
    replaced = context.conflicts.decide(change, subject, Decision.WRITTEN, written)
    return say("\n".join([answers.DECIDED, *(f"• {replacement_words(one)}" for one in replaced)]))
