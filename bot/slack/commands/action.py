"""``/incident action``: adds an action item."""

from __future__ import annotations

import re

from bot.domain.due_days import assigned
from bot.domain.incident import Incident
from bot.domain.mrkdwn import plain
from bot.domain.typography import same_key
from bot.render import answers, forms
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import done
from bot.slack.replies import EphemeralReply, OpenModal, say
from bot.slack.request import SlackRequest

SHORTEST_HEADING = 3
"""How many letters name a heading of action items: ``tech: add an alert``, ``docs: …``."""

_NEW_HEADING = re.compile(r"\[([^\[\]\n<>]{1,75})\](?!\():?\s*(?=\S)")


def handle(
    context: HandlerContext, request: SlackRequest, incident: Incident
) -> EphemeralReply | OpenModal | None:
    """Add the item that was typed, with its heading, owner and due date; without text, open the form.

    ``[Upstream] fix it`` has a heading of its own.
    """
    groups, text, group = context.reports.groups(incident.id), request.text, ""
    if not text:
        return OpenModal(
            view=forms.action_item(
                incident.id,
                groups=groups,
                chosen=context.settings.groups[-1],
                categories=context.settings.items.categories,
            )
        )
    if new := _NEW_HEADING.match(text):
        group, text = " ".join(new[1].split()), text[new.end() :]
    else:
        head, colon, tail = text.partition(":")
        start = same_key(plain(head).strip()).removesuffix("s")
        named = [name for name in groups if same_key(name).startswith(start)]
        if colon and len(start) >= SHORTEST_HEADING and len(named) == 1:
            group, text = named[0], tail.strip()
    ends = assigned(text, today=context.items.today, order=context.settings.date_order)
    change = request.change(incident)
    context.changes.action_item(
        change, ends.text, group=group, owner=ends.owner, due_on=ends.due_on
    )
    said = done(context, incident, change)
    return say(answers.ITEM_ADDED + said) if said else None
