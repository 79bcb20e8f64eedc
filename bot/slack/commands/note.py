"""``/incident note``: adds a line to the timeline, at the time it happened."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.typed_time import TypedTime
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Record the note; answer with the time that was understood, and buttons to edit and to undo it."""
    reader = context.reader
    time, text = reader.note(request.text)
    noted = context.record.note(
        incident.id,
        by=request.user,
        text=text,
        time=time or TypedTime(at=reader.now),
        idempotency_key=request.idempotency_key,
        origin=request.origin,
    )
    post = answers.noted(
        text,
        time,
        zone=context.settings.zone,
        entry_id=noted.entry_id,
        version=noted.version,
        is_new=noted.is_new,
        is_closed=incident.closed_at is not None,
        distance=noted.distance if time else None,
        unused="" if time else reader.opening(text),
    )
    return EphemeralReply(post=post)
