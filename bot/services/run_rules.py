"""What forbids that a run starts now: its policy, its locks, and the end of the run before it.

Each sentence says what to do next. They are read in Slack, so people are named as ``<@U…>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.command import COMMAND
from bot.domain.facts import Part, UnknownPart
from bot.domain.hubs import Place
from bot.render.text import escape
from bot.runbook import Runbook
from bot.runbook.plan import Plan, UnreadablePlan
from bot.store import runs as rows
from bot.store.engine import Tx
from bot.store.runs import Run

BUSY = (
    "Another runbook is running on {hub}: {runbook}, confirmed by <@{by}>. Wait until it has finished, "
    "then press the button again."
)
COOLING = (
    "{runbook} ran a short time ago, and its cooldown ends in {rest}. Press the button again then."
)
DRY_RUN = "The policy of {runbook} is dry run only: mayday shows the plan, and nobody can run it."
NOT_THE_ASKER = (
    "You asked for this plan, so your approval doesn't count: it needs the approval of {count} other "
    "{people}."
)
APPROVED_ALREADY = "You approved this plan already. {missing} more {people} must approve it."
MOVED = (
    "mayday.yaml names {now} as the place of hub {hub}, and the plan was made for {then}, so nothing more is "
    "done. Check {then}."
)
NO_RUNBOOK_NOW = (
    "This version of mayday has no runbook {runbook}, so the plan can't be run. Ask for another one with "
    f"{COMMAND} run."
)


def needed(runbook: Runbook, plan: Plan) -> int:
    """How many people besides the one who asked must approve this plan."""
    return runbook.policy.needed(over_limit=bool(plan.over_limit))


def locks(runbook: Runbook, plan: Plan) -> frozenset[str]:
    """The names of what a run holds while it carries out this plan."""
    return runbook.policy.locks(
        hub=plan.place.hub,
        cluster=plan.place.cluster,
        steps=[step.lock for step in plan.steps],
    )


def refuse_to_start(
    tx: Tx, run: Run, plan: Plan, runbooks: Mapping[str, Runbook], now: datetime
) -> str:
    """Return why this run can't start now; empty where it has started, in this transaction.

    The caller rolls back where it is refused.
    """
    runbook = runbooks[run.runbook]
    held = locks(runbook, plan)
    if other := rows.start(tx, run, held):
        return BUSY.format(
            hub=escape(run.hub),
            runbook=escape(other.runbook),
            by=other.decided_by or other.asked_by,
        )
    until = _cooldown(tx, run, runbook, held, now)
    if until is None:
        return ""
    rest = max(until - now, timedelta(minutes=1)) + timedelta(seconds=59)
    return COOLING.format(runbook=escape(run.runbook), rest=words(rest))


def _cooldown(
    tx: Tx, run: Run, runbook: Runbook, held: frozenset[str], now: datetime
) -> datetime | None:
    """When the cooldown after the last run with one of these locks ends; None if it has.

    It is read after the locks are taken: a run that ended meanwhile has given them up.
    """
    cooldown = runbook.policy.cooldown
    if not cooldown:
        return None
    for ended in rows.ended_since(tx, run.runbook, now - cooldown):
        if ended.finished_at and _held(ended, runbook) & (held | {f"hub/{run.hub}"}):
            return ended.finished_at + cooldown
    return None


def _held(run: Run, runbook: Runbook) -> frozenset[str]:
    """What a run held. Of a plan that can't be read nobody knows, so it counts for its hub."""
    try:
        return locks(runbook, Plan.from_json(run.plan or {}))
    except UnreadablePlan:
        return frozenset({f"hub/{run.hub}"})


def has_moved(run: Run, place: Place) -> str:
    """Return how the hub's place differs from the one that the run's plan names; empty if it doesn't.

    Its name may stand for another cluster after a change of the configuration.
    """
    planned = (run.plan or {}).get("place")
    if not planned:
        return ""
    then = f"{planned.get('cluster')}/{planned.get('namespace')}"
    now = f"{place.cluster}/{place.namespace}"
    return "" if then == now else MOVED.format(hub=place.hub, then=then, now=now)


def as_approved(run: Run, fresh: Plan) -> Plan:
    """Return a plan made just before a step, without steps if it is over a limit that nobody has lifted.

    Those who approved a plan within the limit did not decide about more.
    """
    if not fresh.over_limit or (run.plan or {}).get("over_limit"):
        return fresh
    why = UnknownPart(part=Part.SERVERS, why=fresh.over_limit)
    return replace(fresh, steps=(), undecided=(*fresh.undecided, why))


def people(count: int) -> str:
    """The word for so many people."""
    return "person" if count == 1 else "people"


def words(span: timedelta) -> str:
    """A time span in whole minutes or, from two hours on, in hours."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120 or minutes % 60:
        return f"{minutes} minute" + ("" if minutes == 1 else "s")
    return f"{minutes // 60} hours"
