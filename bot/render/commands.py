"""What ``/incident help`` says of each command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.command import COMMAND
from bot.render.text import escape


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How a command is typed and what it does. ``after`` is for commands of the time after the outage.

    ``{roles}`` in ``help`` stands for the team's roles.
    """

    usage: str
    help: str
    after: bool = False


COMMANDS: Mapping[str, Usage] = {
    "diagnose": Usage(
        usage="diagnose [hub]",
        help="says what is wrong with a hub; it only reads, and works in any channel",
    ),
    "declare": Usage(
        usage="declare [sev2] [hub] [private] [drill] [past] [at 21:10] [title]",
        help="declares an incident: with a severity, a hub and a title at once, else by a form",
    ),
    "adopt": Usage(
        usage="adopt [sev2] [hub] [title]",
        help="makes the channel you are in that of a new incident",
    ),
    "note": Usage(
        usage="note [at 14:05] text",
        help="adds a note to the timeline; the time may have a date and an end: "
        "`at 2017-02-23 21:10:57`, `at ~16:34 - 16:49`",
    ),
    "time": Usage(
        usage="time [impact 21:10]",
        help="sets a time of the incident: impact, detected, declared, mitigated, resolved; "
        "alone, opens a form with all of them",
    ),
    "hubs": Usage(
        usage="hubs [add name link]",
        help="shows the affected hubs, or adds one; `hubs remove name` removes it",
    ),
    "catchup": Usage(
        usage="catchup", help="shows the incident's state, to you alone; `status` does, too"
    ),
    "show": Usage(usage="show 12", help="shows another incident's state, by its number or channel"),
    "subscribe": Usage(
        usage="subscribe",
        help="sends you the incident's news directly until it is closed; `unsubscribe` ends that",
    ),
    "unsubscribe": Usage(usage="unsubscribe", help="ends a subscription"),
    "timeline": Usage(usage="timeline", help="shows the timeline, to edit it"),
    "status": Usage(usage="status fixing [text]", help="changes the status"),
    "severity": Usage(usage="severity sev1 [because …]", help="changes the severity, and says why"),
    "role": Usage(
        usage="role [name] [@person]", help="takes a role, or gives it to somebody{roles}"
    ),
    "lead": Usage(usage="lead [@person]", help="leads the incident, or has somebody lead it"),
    "handover": Usage(
        usage="handover @name note", help="passes the lead to somebody, with a note for them"
    ),
    "oncall": Usage(usage="oncall [hub]", help="shows who is on call, in any channel"),
    "invite": Usage(usage="invite @name …", help="adds people to the channel"),
    "title": Usage(usage="title new title", help="changes the title; alone, opens a form"),
    "summary": Usage(usage="summary text", help="changes the summary; alone, opens a form"),
    "update": Usage(usage="update [text]", help="posts a status update"),
    "run": Usage(
        usage="run [runbook] [hub] [users] [name=value]",
        help="plans a runbook; nothing happens until somebody confirms the plan",
    ),
    "action": Usage(
        usage="action [heading: text link @owner due DAY]",
        help="adds an action item, under a heading: `tech: add an alert`, or a new one: `[Upstream] …`",
        after=True,
    ),
    "actions": Usage(
        usage="actions [mine]",
        help="lists open action items, or only `mine` or `overdue` ones, or `all`, to change them",
        after=True,
    ),
    "resolve": Usage(usage="resolve [text]", help="ends the outage and its reminders", after=True),
    "close": Usage(usage="close", help="asks for what the report still needs", after=True),
    "reopen": Usage(usage="reopen", help="reopens the incident", after=True),
    "merge": Usage(
        usage="merge #inc-other",
        help="ends the incident as a duplicate of another one, and invites its people there",
        after=True,
    ),
    "cancel": Usage(usage="cancel [why]", help="ends it without a report", after=True),
    "false-alarm": Usage(
        usage="false-alarm [why]", help="ends it without a report, as a false alarm", after=True
    ),
    "edit": Usage(
        usage="edit",
        help="edits the report: texts, times, timeline and action items, also after closing",
        after=True,
    ),
    "report": Usage(usage="report", help="shows a preview of the report", after=True),
    "publish": Usage(
        usage="publish", help="shows the report for review and publishes it", after=True
    ),
    "notify": Usage(
        usage="notify [audience]",
        help="drafts a text for the people served (students, instructors), to send or to copy",
    ),
    "snooze": Usage(
        usage="snooze [time]",
        help="lets no reminder come for some time: `2h`, `till 15:00`; `snooze off` ends that",
    ),
    "list": Usage(
        usage="list [closed datahub]",
        help="lists incidents, open ones first; only those that are `open`, `closed` or `mine`, of a "
        "severity, a status or a hub",
    ),
    "search": Usage(
        usage="search words", help="finds past outages, in imported reports and in incidents"
    ),
    "help": Usage(usage="help", help="shows this list"),
}


def help_rows(roles: Sequence[str] = ()) -> dict[str, str]:
    """One line for each command, by its name; ``roles`` are the team's."""
    listed = f": {escape(', '.join(roles))}" if roles else ""
    return {
        name: f"`{COMMAND} {c.usage}` {c.help.replace('{roles}', listed)}"
        for name, c in COMMANDS.items()
    }


def after_the_incident() -> tuple[str, ...]:
    """The commands that help lists apart, since nobody needs them during the outage."""
    return tuple(name for name, command in COMMANDS.items() if command.after)
