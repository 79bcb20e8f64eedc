"""What Slack shows of the steps of a run, as values that are compared to see whether an update is needed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.resources import digest
from bot.domain.runs import RunState
from bot.ports import JSON
from bot.store import runs as rows
from bot.store.runs import Run, RunStep


def own_steps(run: Run, steps: Sequence[RunStep]) -> list[JSON]:
    """What the run's own message shows of its stages; of many steps side by side only how they ended.

    While they are under way, the reply about them shows how far they are.
    """
    stages = rows.stages(steps)
    is_running = run.state is RunState.RUNNING
    return [
        {"number": stage[0].stage, "ended": False}
        if is_running and len(stage) > 1 and stage is stages[-1]
        else stage_spec(stage)
        for stage in stages
    ]


def stage_spec(stage: Sequence[RunStep]) -> JSON:
    """What the reply about a stage shows; of a single step as in the version before."""
    if len(stage) == 1:
        return step_spec(stage[0])
    return {
        "number": stage[0].stage,
        "ended": sum(step.finished_at is not None for step in stage),
        "begun": len(stage),
        "result": digest([step.seen for step in stage]),
    }


def step_spec(step: RunStep) -> JSON:
    """What is shown of one step."""
    return {
        "number": step.number,
        "ended": step.finished_at is not None,
        "result": digest(step.seen),
    }
