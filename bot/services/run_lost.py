"""End the runs whose workflow ended by an unforeseen error, so that none stays “running”."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.command import COMMAND
from bot.domain.runs import RunState
from bot.ports import Clock, Durable
from bot.runbook.plan import Plan, UnreadablePlan
from bot.services import sync
from bot.services.run import PLAN, execute_key
from bot.services.run_record import record_stage
from bot.store import runs as rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run, RunStep

LOST = (
    "mayday failed during this run; its log has the details. Check the hub, then ask for a new plan with "
    f"{COMMAND} run."
)


def end_lost_runs(store: Store, durable: Durable, wall: Clock) -> int:
    """End each lost run and return how many there were; ``wall`` is real time.

    A step that had begun may have acted, so a person has to look. The timeline keeps what had ended.
    """
    with store.read() as tx:
        under_way = rows.under_way(tx)
    lost = [run for run in under_way if durable.has_failed(_workflow_key(run))]
    for run in lost:
        with store.write() as tx:
            begun = rows.steps(tx, run.id)
            _record(tx, run, begun, wall())
            rows.change(
                tx,
                run.id,
                state=RunState.NEEDS_HUMAN if begun else RunState.FAILED,
                error=LOST,
                finished_at=wall(),
            )
            sync.enqueue(durable, tx, run.owner, f"run/{run.id}/lost")
    return len(lost)


def _record(tx: Tx, run: Run, steps: Sequence[RunStep], now: datetime) -> None:
    try:
        plan = Plan.from_json(run.plan or {})
    except UnreadablePlan:
        return
    for stage in rows.stages(steps):
        record_stage(tx, run, plan, stage, now=now)


def _workflow_key(run: Run) -> str:
    return f"{PLAN}/{run.id}" if run.state is RunState.PLANNING else execute_key(run)
