"""What a step of a run leaves to be taken back, and whether it left anything."""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from bot.domain.obligations import ObligationKind
from bot.domain.runs import Outcome, Result
from bot.errors import NeedsHuman
from bot.runbook.site import Site
from bot.runbook.steps.step import Step
from bot.runbook.steps.stored import from_stored, to_stored
from bot.services.steps import already_done
from bot.store import obligations as rows
from bot.store.engine import Tx
from bot.store.obligations import Obligation
from bot.store.runs import Run


def of(step: Step, run: Run, number: int, *, now: datetime, wall: datetime) -> Obligation | None:
    """Return what this step of a run will have left to be taken back once it acts; None if nothing.

    ``now`` is the domain's time, ``wall`` the real one.
    """
    undo, due = step.undo, step.undo_at
    if undo is None or due is None:
        return None
    return Obligation(
        id=f"{run.id}/{number}",
        run_id=run.id,
        number=number,
        hub=run.hub,
        kind=ObligationKind.NAG if undo.planned_by else ObligationKind.UNDO,
        step=to_stored(undo),
        by=run.decided_by or run.asked_by,
        due_at=now + (due - wall),
    )


def leaves_nothing(step: Step, site: Site, result: Result) -> bool:
    """Return whether nothing of a step that ended is there to be taken back, as far as its target shows.

    A failure alone doesn't say so: a part may have been done. Where an answer was lost, the call may even
    have its effect later, whatever the target shows now.
    """
    undo = step.undo
    if undo is None or result.outcome is Outcome.SKIPPED:
        return True
    may_have_acted = {"looks", "tries"} & result.seen.keys()
    if result.outcome is not Outcome.FAILED or may_have_acted:
        return False
    return already_done(undo, site) is True


def settle(tx: Tx, run: Run, step: Step, *, now: datetime, told_at: datetime) -> None:
    """End what an earlier step of the run left, if this step, which is done, has taken it back."""
    for left in rows.left_by(tx, run.id):
        undo = step_of(left)
        if undo is not None and undo.id == step.id:
            rows.settle(tx, left.id, now=now, told_at=told_at)


def step_of(left: Obligation) -> Step | None:
    """The step that takes it back; None if this version can't read it."""
    try:
        return from_stored(left.step)
    except (NeedsHuman, ValidationError, LookupError, TypeError):
        return None
