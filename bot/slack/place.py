"""``in #channel`` at the end of a command: the incident that it is about, from outside its channel."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.slack.context import HandlerContext
from bot.slack.request import Kind, SlackRequest

_PLACE = re.compile(
    r"(?:^|\s)in\s+(?:<#(?P<id>[CG][A-Z0-9]+)(?:\|[^>]*)?>|#(?P<name>[^\s<>]+))\s*$", re.IGNORECASE
)
"""Slack sends the id of a channel that it knows, and the name as typed of one that is private or gone."""

FREE_TEXT = frozenset(
    {"note", "update", "action", "title", "summary", "handover", "cancel", "false-alarm"}
)
"""The commands whose text may end in the name of any channel."""


def with_place(context: HandlerContext, request: SlackRequest) -> SlackRequest:
    """The request with the channel that its command names, which is no longer part of its text.

    In an incident's channel, the text of a note, an update or an action item stays as it was typed.
    """
    found = _PLACE.search(request.text) if request.kind is Kind.COMMAND else None
    if found is None or request.place:
        return request
    text = request.text[: found.start()].rstrip()
    if text and request.name in FREE_TEXT and context.incidents.of_channel(request.channel):
        return request
    return replace(request, text=text, place=found["id"] or found["name"].lower())
