"""``/incident note``: adds a line to the timeline, at the time it happened."""

from __future__ import annotations

import re

from bot.domain.incident import Incident
from bot.domain.typed_time import TypedTime
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import done
from bot.slack.replies import EphemeralReply
from bot.slack.request import SlackRequest

_LIKE_TIME = re.compile(r"at\s[^.!?\n]{0,30}\d", re.IGNORECASE)


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Record the note; answer with the time that was understood, and buttons to edit and to undo it."""
    reader = context.reader
    time, text = reader.note(request.text)
    change = request.change(incident)
    noted = context.record.note(change, text=text, time=time or TypedTime(at=reader.now))
    post = answers.noted(
        text,
        time,
        zone=context.settings.zone,
        entry_id=noted.entry_id,
        version=noted.version,
        is_new=noted.is_new,
        distance=noted.distance if time else None,
        unused="" if time else reader.opening(text),
        is_unread=time is None and _LIKE_TIME.match(text) is not None,
        after=done(context, incident, change) if noted.is_new else "",
    )
    return EphemeralReply(post=post)
