"""``/incident``: the table of its commands, each with what it needs. One file answers each, or a pair."""

from __future__ import annotations

from collections.abc import Mapping

from bot.render import answers
from bot.slack.access import Anywhere, MayRun, OnIncident, Route
from bot.slack.commands import (
    action,
    close,
    declare,
    incidents,
    menu,
    note,
    report,
    role,
    run,
    severity,
    snooze,
    status,
    timeline,
    update,
)
from bot.slack.context import HandlerContext
from bot.slack.matching import closest
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest

ROUTES: Mapping[str, Route] = {
    "": Anywhere(menu.handle),
    "declare": Anywhere(declare.handle),
    "note": OnIncident(note.handle),
    "timeline": OnIncident(timeline.handle),
    "status": OnIncident(status.handle),
    "severity": OnIncident(severity.handle),
    "role": OnIncident(role.handle),
    "update": OnIncident(update.handle),
    "run": MayRun(run.handle),
    "action": OnIncident(action.handle),
    "resolve": OnIncident(status.resolve),
    "close": OnIncident(close.handle),
    "reopen": OnIncident(close.reopen),
    "report": OnIncident(report.handle),
    "publish": OnIncident(report.publish),
    "snooze": OnIncident(snooze.handle),
    "list": Anywhere(incidents.handle),
    "help": Anywhere(menu.help_),
}


def unknown(_context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """The answer to a word that is not a command: the closest one that is."""
    return say(answers.unknown_command(request.name, closest(request.name, ROUTES, cutoff=0.5)))
