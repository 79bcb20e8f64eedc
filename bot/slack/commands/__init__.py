"""``/incident``: the table of its commands, each with what it needs. One file answers each, or a pair."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.access import Act
from bot.render import answers
from bot.slack.access import (
    Anywhere,
    InAnyChannel,
    OnIncident,
    OnRunbook,
    Route,
    of_channel_if_any,
)
from bot.slack.commands import (
    action,
    actions,
    catchup,
    close,
    declare,
    details,
    diagnose,
    edit,
    end,
    handover,
    hubs,
    incidents,
    invite,
    menu,
    note,
    notify,
    oncall,
    report,
    role,
    run,
    search,
    severity,
    snooze,
    status,
    subscribe,
    time,
    timeline,
    update,
)
from bot.slack.context import HandlerContext
from bot.slack.matching import closest
from bot.slack.replies import EphemeralReply, say
from bot.slack.request import SlackRequest
from bot.slack.shorthand import ENDING

ROUTES: Mapping[str, Route] = {
    "": Anywhere(Act.HELP, menu.handle),
    "declare": Anywhere(Act.DECLARE, declare.handle),
    "adopt": Anywhere(Act.DECLARE, declare.adopt),
    "diagnose": InAnyChannel(Act.DIAGNOSE, diagnose.handle, of_channel_if_any),
    "note": OnIncident(Act.RECORD, note.handle),
    "time": OnIncident(Act.EDIT, time.handle),
    "hubs": OnIncident(Act.CHANGE, hubs.handle),
    "catchup": OnIncident(Act.READ, catchup.handle),
    "show": OnIncident(Act.READ, catchup.handle, catchup.of_text),
    "subscribe": OnIncident(Act.READ, subscribe.begin),
    "unsubscribe": OnIncident(Act.READ, subscribe.end),
    "timeline": OnIncident(Act.READ, timeline.handle),
    "status": OnIncident(Act.CHANGE, status.handle),
    "severity": OnIncident(Act.CHANGE, severity.handle),
    "role": OnIncident(Act.ASSIGN, role.handle),
    "handover": OnIncident(Act.ASSIGN, handover.handle),
    "invite": OnIncident(Act.ASSIGN, invite.handle),
    "title": OnIncident(Act.EDIT, details.title),
    "summary": OnIncident(Act.EDIT, details.summary),
    "lead": OnIncident(Act.ASSIGN, role.lead),
    "oncall": Anywhere(Act.LIST, oncall.handle),
    "update": OnIncident(Act.CHANGE, update.handle),
    "run": OnRunbook(Act.PLAN, run.handle),
    "action": OnIncident(Act.RECORD, action.handle),
    "actions": InAnyChannel(Act.READ, actions.handle, of_channel_if_any),
    "resolve": OnIncident(Act.CHANGE, status.resolve),
    "close": OnIncident(Act.CLOSE, close.handle),
    "reopen": OnIncident(Act.CLOSE, close.reopen),
    "merge": OnIncident(Act.CLOSE, end.merge),
    "cancel": OnIncident(Act.CLOSE, end.cancel),
    "false-alarm": OnIncident(Act.CLOSE, end.false_alarm),
    "edit": OnIncident(Act.EDIT, edit.handle),
    "report": OnIncident(Act.READ, report.handle),
    "publish": OnIncident(Act.PUBLISH, report.publish),
    "notify": OnIncident(Act.PUBLISH, notify.handle),
    "snooze": OnIncident(Act.CHANGE, snooze.handle),
    "list": Anywhere(Act.LIST, incidents.handle),
    "search": Anywhere(Act.LIST, search.handle),
    "help": Anywhere(Act.HELP, menu.help_),
}


def unknown(_context: HandlerContext, request: SlackRequest) -> EphemeralReply:
    """The answer to a word that is not a command: the closest one that is, unless it ends something."""
    offered = closest(request.name, ROUTES, cutoff=0.5)
    return say(answers.unknown_command(request.name, "" if offered in ENDING else offered))
