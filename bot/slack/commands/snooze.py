"""``/incident snooze``: lets no reminder come for some time, or again."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.snoozing import snooze_until
from bot.domain.typography import same_key
from bot.render import answers
from bot.slack.context import HandlerContext
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest

OFF = "off"


def handle(context: HandlerContext, request: SlackRequest, incident: Incident) -> EphemeralReply:
    """Let no reminder come before the time that was typed; ``off`` ends that.

    Raises:
        UserError: it is no such time, or the incident is over.
    """
    change = request.change(incident)
    if same_key(request.text.strip()) == OFF:
        return say(answers.awake(context.reminders.wake(change)))
    until = snooze_until(request.text, now=context.now(), zone=context.settings.zone)
    return say(answers.snoozed(context.reminders.snooze(change, until), until))
