"""Record in the timeline what a stage of a run did: one entry, at the time when its first step began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.runs import Result
from bot.domain.timeline import EntryKind
from bot.runbook.plan import Plan
from bot.store import timeline as timeline_rows
from bot.store.engine import Tx
from bot.store.runs import Run, RunStep


def record_stage(tx: Tx, run: Run, plan: Plan, steps: Sequence[RunStep], *, now: datetime) -> None:
    """Add the entry of a stage, unless it was added before. ``steps`` are those that were begun."""
    ended = [each for each in steps if each.finished_at is not None]
    if not ended or not run.incident_id:
        return
    results = [(plan.steps[each.number - 1], Result.from_json(each.seen)) for each in ended]
    stage = min(each.stage or each.number for each in ended)
    timeline_rows.add_entry(
        tx,
        incident_id=run.incident_id,
        at=min(each.started_at for each in ended),
        now=now,
        kind=EntryKind.RUNBOOK,
        author=run.decided_by or run.asked_by,
        data={"run": run.id, **plan.record_stage(results)},
        source=f"run/{run.id}/step/{stage}",
    )
