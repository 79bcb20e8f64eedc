"""``/incident note``: adds a line to the timeline, at the time it happened."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.time_parsing import other_occurrence, parse_time, split_time
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Record the note; answer with its time, and with how to write the other time it may mean."""
    typed, text = split_time(request.marks)
    text = request.text[len(request.text) - len(text) :]
    zone, now = context.settings.zone, context.now()
    at = parse_time(typed, zone=zone, now=now) if typed else now
    is_new = context.record.note(
        incident.id,
        by=request.user,
        text=text,
        at=at,
        precise=bool(typed) and at.second != 0,
        idempotency_key=request.idempotency_key,
        origin=request.origin,
    )
    is_closed = incident.closed_at is not None
    if not typed:
        return say(answers.noted(is_new=is_new, is_closed=is_closed))
    return say(
        answers.noted_at(
            at, zone=zone, other=other_occurrence(at, zone), is_new=is_new, is_closed=is_closed
        )
    )
