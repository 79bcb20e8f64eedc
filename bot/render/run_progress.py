"""The progress of a run: one reply for each stage, a few lines in its own message, and what it came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.command import COMMAND
from bot.domain.runs import Outcome, Result, RunState
from bot.render.stages import kind_line, stage_lines
from bot.render.steps import words_of
from bot.render.text import cut
from bot.runbook.plan import Plan
from bot.runbook.steps.step import Step

REPLY_SIZE = 2900
LINES = 15
UNREADABLE_STEP = "❓ Step {number}: this version of mayday cannot read its plan."
WAITING = "▫️"

COUNTED = {
    Outcome.DONE: "done",
    Outcome.SKIPPED: "skipped",
    Outcome.FAILED: "failed",
    Outcome.RETRY: "failed",
    Outcome.UNCLEAR: "unclear",
}
NOT_BEGUN = "not begun"
WHAT_NEXT = {
    RunState.FAILED: (
        "What is done stays done. Fix what the reasons above name, then ask for a new plan with "
        f"`{COMMAND} run`: it has only the steps that are still needed."
    ),
    RunState.NEEDS_HUMAN: (
        f"Look at the targets of the unclear steps, then ask for a new plan with `{COMMAND} run`."
    ),
    RunState.CANCELLED: (
        "What is done stays done; the targets of the other steps were not touched. For those, ask for a new "
        f"plan with `{COMMAND} run`."
    ),
    RunState.EXPIRED: "",
}
STEPS = "Of {total} {steps}: {counts}."


@dataclass(frozen=True, kw_only=True)
class RunStepView:
    """A step that was begun, by its ``number`` from 1; without a result while it is under way.

    ``stage`` is the number of the first step of those that run side by side with it, 0 where each step is a
    stage of its own.
    """

    number: int
    result: Result | None = None
    stage: int = 0


def begun_stages(steps: Sequence[RunStepView]) -> list[list[RunStepView]]:
    """The steps that were begun, by stage, in order."""
    found: dict[int, list[RunStepView]] = {}
    for step in steps:
        found.setdefault(step.stage or step.number, []).append(step)
    return list(found.values())


def reply(plan: Plan | None, stage: Sequence[RunStepView]) -> str:
    """The reply about a stage that was begun."""
    first = stage[0]
    if plan is None:
        return UNREADABLE_STEP.format(number=first.number)
    numbers = _numbers(plan, first)
    if len(numbers) == 1:
        step = plan.steps[first.number - 1]
        return words_of(step.verb).progress(step, first.result, under_way=True)
    begun = [(plan.steps[each.number - 1], each.result) for each in stage]
    return cut("\n".join(stage_lines(begun, total=len(numbers))), REPLY_SIZE)


def own_lines(plan: Plan, steps: Sequence[RunStepView]) -> list[str]:
    """The lines of a run's own message: one for each step, or for each kind where many run side by side."""
    results = {each.number: each for each in steps}
    lines: list[str] = []
    together = not steps or any(each.stage for each in steps)
    for numbers in plan.stages if together else [(n,) for n in range(1, len(plan.steps) + 1)]:
        if len(numbers) == 1:
            step, view = plan.steps[numbers[0] - 1], results.get(numbers[0])
            result = view.result if view else None
            lines.append(words_of(step.verb).progress(step, result, under_way=view is not None))
            continue
        kinds: dict[str, list[tuple[Step, Result | None]]] = {}
        for number in numbers:
            step, view = plan.steps[number - 1], results.get(number)
            kinds.setdefault(step.verb, []).append((step, view.result if view else None))
        is_begun = any(number in results for number in numbers)
        for verb, these in kinds.items():
            lines.append(kind_line(verb, these) if is_begun else _waiting(verb, len(these)))
    more = len(lines) - LINES
    return [*lines[:LINES], f"and {more} more"] if more > 0 else lines


def balance(plan: Plan, steps: Sequence[RunStepView], state: RunState) -> str:
    """After a run that did not do everything: what was done, what was not, and what to do next."""
    if not steps or state not in WHAT_NEXT:
        return ""
    ended = Counter(COUNTED[step.result.outcome] for step in steps if step.result is not None)
    ended["unclear"] += sum(step.result is None for step in steps)
    ended[NOT_BEGUN] = len(plan.steps) - len(steps)
    counts = ", ".join(
        f"{ended[word]} {word}"
        for word in dict.fromkeys((*COUNTED.values(), NOT_BEGUN))
        if ended[word] > 0
    )
    total = len(plan.steps)
    said = STEPS.format(total=total, steps="step" if total == 1 else "steps", counts=counts)
    return f"{said} {WHAT_NEXT[state]}".rstrip()


def _numbers(plan: Plan, first: RunStepView) -> tuple[int, ...]:
    """The steps of the stage that this one belongs to."""
    alone = (first.number,)
    if not first.stage:
        return alone
    return next((stage for stage in plan.stages if stage[0] == first.stage), alone)


def _waiting(verb: str, count: int) -> str:
    text = words_of(verb).several(count)
    return f"{WAITING} {text[0].upper()}{text[1:]}"
