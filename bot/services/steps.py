"""Carry out one step of a confirmed plan, and find out whether it worked.

Each function does one thing and keeps no state, so that the workflow can commit between them:
:func:`attempt` acts once, :func:`already_done` looks after a kill, :func:`verify` measures. What a kind of
step does and what counts as success is its own (``bot/runbook/steps``). Results are data; ``render`` words
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.domain.facts import HubFacts
from bot.domain.runs import Outcome, Result
from bot.errors import RetryLater, UserError
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Read, Step

POLL = 1.0
"""Most seconds between two looks while a measure does not hold yet; the first ones follow sooner."""
FIRST_POLL = 0.25

LOOK_AGAIN = 10.0
"""Seconds after which what could not be read just before a step is read again."""


def unchanged(step: Step, site: Site) -> bool:
    """Whether the target, read now and alone, still is as the step was planned for.

    False where it is not, could not be read, or does not show it: then a fresh plan has to decide.
    """
    try:
        return step.drifted(site) == ""
    except (UserError, RetryLater):
        return False


def attempt(
    step: Step, site: Site, fresh: Plan, begin: Callable[[], None], *, is_new: bool = False
) -> Result:
    """Act once and return what came of it. Errors of outside systems become results.

    ``fresh`` is the same runbook's plan from facts of now, or of seconds ago where the target is
    :func:`unchanged`: a destructive step that is not in it touches nothing, nor does a harmless one of a run
    that has not acted yet (``is_new``). ``begin`` commits that the step is about to act.

    ``SKIPPED``: the target is no longer what was confirmed. ``RETRY``: it did not happen, or may be repeated
    without harm. ``UNCLEAR``: it may have happened and must not be repeated.
    """
    if step.destructive and (why := fresh.left_out(step)):
        if fresh.undecided:
            return Result(outcome=Outcome.RETRY, error=why, after=LOOK_AGAIN)
        begin()
        return Result(outcome=Outcome.SKIPPED, error=why)
    if is_new and not fresh.undecided and (why := fresh.left_out(step)):
        begin()
        return Result(outcome=Outcome.SKIPPED, error=why)
    begin()
    try:
        return Result(outcome=Outcome.DONE, seen=dict(step.perform(site)))
    except UserError as error:
        return Result(outcome=Outcome.FAILED, error=str(error))
    except RetryLater as error:
        if not (step.destructive and error.maybe_done):
            return Result(outcome=Outcome.RETRY, error=str(error), after=error.after)
        done = already_done(step, site)
        return Result(outcome=Outcome.DONE if done else Outcome.UNCLEAR, error=str(error))


def already_done(step: Step, site: Site) -> bool | None:
    """Whether the target shows that the step took effect; None when that is unknown."""
    try:
        return step.already_done(site)
    except (UserError, RetryLater):
        return None


def verify(
    step: Step,
    site: Site,
    read: Read,
    wait: Callable[[float], None],
    before: Mapping[str, Any] | None = None,
) -> Result:
    """Look until the step's measure holds as often in a row as it asks for, or its time is over.

    ``read`` returns facts of now, ``wait`` lets seconds pass. ``before`` are the counts from before
    the step, kept beside those of the last look. ``UNCLEAR`` when at the end it could not be read.
    """
    measure = step.measure
    moments: list[datetime] = []

    def timed() -> HubFacts:
        facts = read()
        moments.append(facts.read_at)
        return facts

    held, looks, waited = 0, 0, 0.0
    stamp: Any = None
    while True:
        look = look_once(step, site, timed)
        looks += 1
        if look.holds:
            held = held + 1 if look.stamp == stamp else 1
            stamp = look.stamp
        else:
            held = 0
        passed = max(waited, *((moment - moments[0]).total_seconds() for moment in moments), 0.0)
        seen = {**paired(before or {}, look.seen), "looks": looks, "seconds": round(passed, 1)}
        if held >= measure.times:
            return Result(outcome=Outcome.DONE, seen=seen)
        if passed >= measure.within:
            ended = Outcome.UNCLEAR if look.holds is None else Outcome.FAILED
            return Result(outcome=ended, seen=seen, error=look.why)
        pause = measure.apart if held else min(FIRST_POLL * 2 ** min(looks - 1, 9), POLL)
        wait(pause)
        waited += pause


def together(done: Result, verified: Result) -> Result:
    """How a step ended. Where the call itself was timed, its seconds and those of the measure add up."""
    seen = {**done.seen, **verified.seen}
    if "seconds" in done.seen:
        seen["seconds"] = round(done.seen["seconds"] + verified.seen["seconds"], 1)
    return Result(outcome=verified.outcome, seen=seen, error=verified.error)


def look_once(step: Step, site: Site, read: Read) -> Look:
    """One look; a target that could not be read is neither a success nor a failure."""
    try:
        return step.look(site, read)
    except (UserError, RetryLater) as error:
        return Look(holds=None, why=str(error))


def paired(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What was counted, side by side where it changed."""
    pairs: dict[str, Any] = {}
    for key, value in after.items():
        if key in before and before[key] != value:
            pairs |= {f"{key}_before": before[key], f"{key}_after": value}
        else:
            pairs[key] = value
    return pairs
