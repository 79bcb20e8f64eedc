"""How far a run of a runbook has come, how each of its steps ended, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter


class RunState(StrEnum):
    """``planning`` reads facts, ``planned`` waits for a decision, ``running`` acts; the rest are ends."""

    PLANNING = "planning"
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    NOTHING_TO_DO = "nothing_to_do"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    FAILED = "failed"
    NEEDS_HUMAN = "needs_human"


class StepState(StrEnum):
    """``attempting`` is committed before a step acts, so a step found in it may have acted."""

    ATTEMPTING = "attempting"
    DONE = "done"
    SKIPPED = "skipped"  # the target was no longer as it was when the plan was confirmed
    FAILED = "failed"
    UNCLEAR = "unclear"


class Outcome(StrEnum):
    """How a step or its verification ended."""

    DONE = "done"
    SKIPPED = "skipped"  # the target is no longer what was planned for; nothing was touched
    RETRY = "retry"  # repeating it is harmless, after ``Result.after`` seconds
    FAILED = "failed"
    UNCLEAR = "unclear"  # it may have happened: a person has to look


@dataclass(frozen=True, kw_only=True)
class Result:
    """The outcome of a step or of its verification.

    ``seen`` holds what was counted: what changed as ``routes_before`` and ``routes_after``, anything else
    as ``routes``. ``error`` is the sentence that says what went wrong, ``after`` the seconds to wait before
    a retry.
    """

    outcome: Outcome
    seen: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    after: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as durable steps have to return it."""
        return dict(_RESULT.dump_python(self, mode="json"))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Result:
        """The result that ``to_json`` gave."""
        return _RESULT.validate_python(data)


def approval_value(run_id: str, round_: int) -> str:
    """What the button that approves a plan carries: the run and, from its second plan on, which plan."""
    return f"{run_id}/{round_}" if round_ > 1 else run_id


def approved_plan(value: str) -> tuple[str, int]:
    """The run and the round that :func:`approval_value` gave."""
    run_id, _, round_ = value.partition("/")
    return run_id, int(round_) if round_.isdecimal() else 1


_RESULT = TypeAdapter(Result)
