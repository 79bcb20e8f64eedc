"""What people read of steps that ran side by side: how many of each kind, how they ended, which did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.domain.runs import Outcome, Result
from bot.render.steps import words_of
from bot.render.steps.words import ENDS, SIGNS, UNDER_WAY, counted, ran
from bot.render.text import code, escaped
from bot.runbook.plan import SUCCEEDED
from bot.runbook.steps.step import Step

MISSED = 10
TARGET_SIZE = 63
ERROR_SIZE = 160
ENDED = tuple(outcome for outcome in Outcome if outcome is not Outcome.RETRY)


def stage_entry(data: Mapping[str, Any], who: str, *, names: bool) -> str:
    """A stage in the timeline, from what ``Plan.record`` kept. Without ``names``, no target is named."""
    kinds = [
        f"{words_of(str(kind['step'])).several(sum(kind['outcomes'].values()))} "
        f"({_counts(kind['outcomes'])})"
        for kind in data["kinds"]
    ]
    seen = "; ".join(counted(data.get("seen") or {}))
    said = f"{ran(data, who)} to {', '.join(kinds)}" + (f": {seen}." if seen else ".")
    missed = [
        f"`{code(str(each['target']), TARGET_SIZE)}` {ENDS[Outcome(each['outcome'])]}"
        for each in (data.get("missed") or ())[:MISSED]
    ]
    return f"{said} Not done: {'; '.join(missed)}." if names and missed else said


def report_entry(data: Mapping[str, Any], who: str) -> str:
    """A step or a stage in the report: counts and outcomes, with no user and no error of another system."""
    if "kinds" in data:
        return stage_entry(data, who, names=False)
    words = words_of(str(data["step"]))
    if not words.one:
        return words.entry({**data, "error": ""}, who)
    result = Result(outcome=Outcome(data["outcome"]), seen=data.get("seen") or {})
    return f"{ran(data, who)} to {words.one}: {words.outcome(result)}"


def stage_lines(steps: Sequence[tuple[Step, Result | None]], *, total: int) -> list[str]:
    """The reply about a stage of ``total`` steps: how far each kind is, then what did not succeed."""
    ended = sum(result is not None for _, result in steps)
    lines = [kind_line(verb, these) for verb, these in _by_kind(steps).items()]
    if ended < total:
        lines.insert(0, f"{UNDER_WAY} {ended} of {total} steps have ended.")
    return [*lines, *missed_lines(steps)]


def kind_line(verb: str, steps: Sequence[tuple[Step, Result | None]]) -> str:
    """All steps of one kind: under way, or how they ended."""
    outcomes = Counter(result.outcome.value for _, result in steps if result is not None)
    text = words_of(verb).several(len(steps))
    text = text[0].upper() + text[1:]
    if sum(outcomes.values()) < len(steps):
        return f"{UNDER_WAY} {text}" + (f": {_counts(outcomes)}" if outcomes else "")
    gravest = next(
        o for o in (Outcome.UNCLEAR, Outcome.FAILED, Outcome.DONE, Outcome.SKIPPED) if outcomes[o]
    )
    first = next((result for _, result in steps if result is not None), None)
    seen = "; ".join(counted(first.seen)) if first else ""
    return f"{SIGNS[gravest]} {text}: {_counts(outcomes)}" + (f" ({seen})" if seen else "")


def missed_lines(steps: Iterable[tuple[Step, Result | None]]) -> list[str]:
    """The first steps that did not succeed, with their reasons."""
    missed = [(s, r) for s, r in steps if r is not None and r.outcome not in SUCCEEDED]
    lines = [
        f"{SIGNS[result.outcome]} `{code(step.target, TARGET_SIZE)}`: "
        f"{escaped(result.error or ENDS[result.outcome], ERROR_SIZE)}"
        for step, result in missed[:MISSED]
    ]
    more = len(missed) - len(lines)
    return [*lines, f"and {more} more"] if more else lines


def _by_kind(
    steps: Iterable[tuple[Step, Result | None]],
) -> dict[str, list[tuple[Step, Result | None]]]:
    kinds: dict[str, list[tuple[Step, Result | None]]] = {}
    for step, result in steps:
        kinds.setdefault(step.verb, []).append((step, result))
    return kinds


def _counts(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{outcomes[o]} {ENDS[o]}" for o in ENDED if outcomes.get(o))
