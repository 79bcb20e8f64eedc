"""What ``/incident help`` says of each command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.command import COMMAND


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How a command is typed and what it does. ``after`` is for commands of the time after the outage."""

    usage: str
    help: str
    after: bool = False


COMMANDS: Mapping[str, Usage] = {
    "diagnose": Usage(
        usage="diagnose [hub]",
        help="says what is wrong with a hub; it only reads, and works in any channel",
    ),
    "declare": Usage(usage="declare [title]", help="declares an incident"),
    "note": Usage(
        usage="note [at 14:05] text",
        help="adds a note to the timeline; the time may have a date and an end: "
        "`at 2017-02-23 21:10:57`, `at ~16:34 - 16:49`",
    ),
    "timeline": Usage(usage="timeline", help="shows the timeline, to edit it"),
    "status": Usage(usage="status fixing [text]", help="changes the status"),
    "severity": Usage(usage="severity sev1", help="changes the severity"),
    "role": Usage(usage="role commander [@name]", help="takes a role, or gives it to somebody"),
    "update": Usage(usage="update [text]", help="posts a status update"),
    "run": Usage(
        usage="run [runbook] [hub] [users] [name=value]",
        help="plans a runbook; nothing happens until somebody confirms the plan",
    ),
    "action": Usage(
        usage="action [heading: text link @owner due DAY]",
        help="adds an action item, under a heading: `tech: add an alert`",
        after=True,
    ),
    "actions": Usage(
        usage="actions [mine]",
        help="lists open action items, or only `mine` or `overdue` ones, or `all`, to change them",
        after=True,
    ),
    "resolve": Usage(usage="resolve [text]", help="ends the outage and its reminders", after=True),
    "close": Usage(
        usage="close", help="asks for what the report still needs and publishes it", after=True
    ),
    "reopen": Usage(usage="reopen", help="reopens the incident", after=True),
    "report": Usage(usage="report", help="shows a preview of the report", after=True),
    "publish": Usage(usage="publish", help="publishes the report again", after=True),
    "snooze": Usage(usage="snooze [minutes]", help="postpones the next reminder"),
    "list": Usage(usage="list", help="lists the latest incidents"),
    "help": Usage(usage="help", help="shows this list"),
}


def help_rows() -> dict[str, str]:
    """One line for each command, by its name."""
    return {name: f"`{COMMAND} {c.usage}` {c.help}" for name, c in COMMANDS.items()}


def after_the_incident() -> tuple[str, ...]:
    """The commands that help lists apart, since nobody needs them during the outage."""
    return tuple(name for name, command in COMMANDS.items() if command.after)
