"""How a plan's rehearsal is worded: what it showed, and that it showed nothing of the real hub."""

from __future__ import annotations

from bot.domain.runs import Outcome
from bot.render.steps import words_of
from bot.render.steps.words import SIGNS
from bot.render.text import escaped
from bot.runbook.plan import Plan

ERROR_SIZE = 120

ON_A_MODEL = "on a model made from the facts of this plan, not on the hub"
WELL = f"*Rehearsed {ON_A_MODEL}:* {{done}} of {{steps}} steps succeeded."
FAILED = (
    f"⚠️ *The rehearsal failed* {ON_A_MODEL}: {{done}} of {{steps}} steps succeeded. The plan can be run "
    "nevertheless: the model may be wrong."
)
NOT_MADE = "⚠️ *The plan couldn't be rehearsed:* {error}. It can be run nevertheless."
NOTHING_LEFT = " Afterwards the runbook had nothing left to do."
LEFT = " Afterwards the runbook planned more steps ({count})."
SKIPPED = " Skipped, because they were not needed any more: {count}."
ABSENT = " Not rehearsed, because the model doesn't have what they act on: {count}."
NOT_REACHED = "not reached"
STEP = "Rehearsed {number}: {outcome}"


def summary(plan: Plan) -> str:
    """What the rehearsal came to, and the first step that failed; empty without one."""
    shown = plan.rehearsal
    if shown is None:
        return ""
    if shown.error:
        return NOT_MADE.format(error=escaped(shown.error, ERROR_SIZE))
    outcomes = [result.outcome for result in shown.results]
    said = (FAILED if shown.is_failed else WELL).format(
        done=outcomes.count(Outcome.DONE), steps=len(plan.steps)
    )
    absent = len(shown.absent)
    if skipped := outcomes.count(Outcome.SKIPPED) - absent:
        said += SKIPPED.format(count=skipped)
    if absent:
        said += ABSENT.format(count=absent)
    elif not shown.is_failed:
        said += LEFT.format(count=shown.left) if shown.left else NOTHING_LEFT
    for number, (step, result) in enumerate(zip(plan.steps, shown.results, strict=False), 1):
        if result.outcome not in (Outcome.DONE, Outcome.SKIPPED):
            why = escaped(result.error, ERROR_SIZE)
            return f"{said}\n• {number}. {words_of(step.verb).line(step)}: {why}"
    return said


def outcome(plan: Plan, number: int) -> str:
    """How the step with this number, from 1, went; empty without a rehearsal."""
    if plan.rehearsal is None:
        return ""
    results = plan.rehearsal.results
    if number > len(results):
        return STEP.format(number=number, outcome=NOT_REACHED)
    result = results[number - 1]
    words = words_of(plan.steps[number - 1].verb)
    said = f"{SIGNS[result.outcome]} {words.outcome(result)}"
    return STEP.format(number=number, outcome=said)
