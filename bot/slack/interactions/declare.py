"""The submitted declare form."""

from __future__ import annotations

from bot.errors import UserError
from bot.render import answers
from bot.services.declare import Declaration
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def submitted(context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """Declare the incident; say so in the channel where the form was opened.

    Raises:
        UserError: an input is wrong; nothing was stored.
    """
    form = request.form
    origin_channel, _, diagnosis = form.metadata.partition("|")
    began = form.text("began").strip()
    try:
        time = context.reader.time(began) if began else None
    except UserError as exc:
        raise UserError(str(exc), field="began") from exc
    incident = context.declare.declare(
        Declaration(
            idempotency_key=form.id,
            team_id=request.team_id,
            declared_by=request.user,
            title=form.text("title"),
            severity=form.text("severity"),
            summary=form.text("summary"),
            hubs=form.names("hubs"),
            private="private" in form.names("private"),
            origin_channel=origin_channel or None,
            origin=request.origin,
            diagnosis=diagnosis,
            began=time,
        )
    )
    return say(answers.declared(incident.channel_name), channel=origin_channel)
