"""``/incident declare``: opens the form that declares an incident."""

from __future__ import annotations

import re

from bot.domain.typed_time import written
from bot.render import forms
from bot.slack.context import HandlerContext
from bot.slack.replies import OpenModal
from bot.slack.request import SlackRequest

_AT = re.compile(r"--?at\s+(?=\S)", re.IGNORECASE)


def handle(context: HandlerContext, request: SlackRequest) -> OpenModal:
    """The declare form, with the title that was typed, and the time behind ``--at``, if any.

    Raises:
        UserError: the time cannot be read.
    """
    reader, text, began = context.reader, request.text, ""
    if option := _AT.match(request.marks):
        time, text = reader.note(f"at {text[option.end() :]}")
        began = written(time, reader.zone) if time else ""
    return OpenModal(
        view=forms.declare(
            title=" ".join(context.reports.plain(request.team_id, text).split()),
            policy=context.settings.policy,
            descriptions=context.severity_help,
            hubs=list(context.settings.hubs),
            origin=request.channel,
            began=began,
        )
    )
