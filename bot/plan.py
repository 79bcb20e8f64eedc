"""``mayday runbooks plan``: print what a runbook would do now. It only reads the hub.

The plan and its facts are those that Slack would show. Where the database has this version's tables, the
command records and reads there since when servers are pending, and records itself in the audit log; it never
migrates a database that has data.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.bootstrap import require_all_bound, sites
from bot.config import Config
from bot.database import Memory
from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition
from bot.domain.resources import as_json as plain
from bot.errors import UserError
from bot.logs import masked
from bot.render import by_hand
from bot.render.plans import plan_lines
from bot.runbook.loading import load
from bot.runbook.plan import Plan
from bot.services.audit import terminal
from bot.services.facts import read_facts
from bot.services.rehearse import rehearse

NO_SUCH = "There is no {kind} “{name}”. Known: {known}."
NONE_KNOWN = "none, add one to mayday.yaml"
NO_DATABASE = (
    "mayday can't use the database, so it doesn't know how long servers have been stopping or being "
    "checked. Check database.url."
)


class Exit(IntEnum):
    """The exit codes of the command."""

    STEPS = 0
    NOTHING_TO_DO = 3
    UNKNOWN = 4
    REHEARSAL_FAILED = 5


def plan(
    config: Config,
    runbook: str,
    hub: str,
    users: Collection[str],
    *,
    values: Mapping[str, str] | None = None,
    is_rehearsed: bool = False,
    as_json: bool,
    out: Console,
) -> Exit:
    """Print the plan; return whether it has steps, nothing to do, or something unknown.

    ``is_rehearsed``: its steps are carried out on a model of the hub as well, and each outcome is printed.

    Raises:
        UserError: there is no such runbook or hub, or a parameter is wrong or missing.
    """
    require_all_bound(config)
    known = load(config.runbooks.directories).runbooks
    chosen = known.get(runbook)
    if chosen is None:
        raise UserError(_no_such("runbook", runbook, list(known)))
    places = sites(config)
    if hub not in places:
        raise UserError(_no_such("hub", hub, list(places)))
    arguments = chosen.arguments(chosen.typed(users, values or {}))
    site = places[hub]
    try:
        with Memory(config, hub, lambda: datetime.now(UTC)) as memory:
            facts = read_facts(
                site,
                datetime.now(UTC),
                since=memory.since,
                named=chosen.named(arguments),
                rights=True,
                more=chosen.parts,
            )
            made = chosen.plan(facts, arguments)
            memory.record(_line(made, arguments))
            if made.steps and is_rehearsed:
                made = replace(made, rehearsal=rehearse(chosen, arguments, made, facts, site))
    finally:
        site.hub.close()
    if memory.is_lost and facts.having(Condition.STOPPING, Condition.CHECKING):
        made = replace(made, cautions=(*made.cautions, NO_DATABASE))
    if as_json:
        out.print_json(masked(json.dumps(report(made, facts))))
    else:
        for line in plan_lines(made, chosen.title):
            out.print(Text(masked(line)), soft_wrap=True)
    if made.rehearsal is not None and made.rehearsal.is_failed:
        return Exit.REHEARSAL_FAILED
    if made.steps:
        return Exit.STEPS
    return Exit.UNKNOWN if made.undecided else Exit.NOTHING_TO_DO


def report(made: Plan, facts: HubFacts) -> dict[str, Any]:
    """The plan as JSON for programs; unlike the one that is stored it has every server."""
    place = made.place
    unknown = dict.fromkeys((*made.undecided, *made.unknown))
    return {
        "runbook": made.runbook,
        "place": {"cluster": place.cluster, "namespace": place.namespace, "hub": place.hub},
        "diagnosis": made.diagnosis.value,
        "steps": [
            {
                "verb": step.verb,
                "target": step.target,
                "destructive": step.destructive,
                "loses": list(step.loses),
                "at": by_hand.target(step, place),
                "success": by_hand.success(step, place),
                "undo": by_hand.undo(step, place),
                "by_hand": by_hand.command(step, place),
            }
            for step in made.steps
        ],
        "unknown": [{"part": part.part.value, "why": part.why} for part in unknown],
        "rows": [
            {
                "user": row.user,
                "server": row.server,
                "condition": row.condition.value,
                "why": row.why,
            }
            for row in facts.rows
        ],
        "nothing_to_do": made.nothing_to_do,
        "cautions": list(made.cautions),
        "over_limit": made.over_limit,
        **({"rehearsal": plain(made.rehearsal)} if made.rehearsal else {}),
    }


def _line(made: Plan, arguments: Mapping[str, Any]) -> AuditLine:
    return AuditLine(
        actor=terminal(),
        act="run.plan",
        outcome=AuditOutcome.DONE,
        target=f"{made.place.hub}: {made.runbook}",
        origin="terminal plan",
        after={**arguments, "steps": len(made.steps)},
    )


def _no_such(kind: str, name: str, names: list[str]) -> str:
    return NO_SUCH.format(kind=kind, name=name, known=", ".join(names) or NONE_KNOWN)
