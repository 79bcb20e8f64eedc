"""How the rows of a run become the messages that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.runs import Result
from bot.ports import Post
from bot.render.run_progress import RunStepView
from bot.render.runs import RunView, run_posts
from bot.runbook import Runbook
from bot.runbook.plan import Plan, UnreadablePlan
from bot.services.resources import RunPosts
from bot.store.runs import Run, RunStep


def posts_of(runbooks: Mapping[str, Runbook]) -> RunPosts:
    """How a run's rows become the messages that show it."""

    def posts(run: Run, steps: Sequence[RunStep]) -> list[Post]:
        plan, error = None, run.error
        if run.plan:
            try:
                plan = Plan.from_json(run.plan)
            except UnreadablePlan as exc:
                error = str(exc)
        return run_posts(
            RunView(
                id=run.id,
                title=runbooks[run.runbook].title if run.runbook in runbooks else run.runbook,
                hub=run.hub,
                state=run.state,
                plan=plan,
                steps=[
                    RunStepView(
                        number=step.number,
                        result=Result.from_json(step.seen) if step.seen else None,
                        stage=step.stage,
                    )
                    for step in steps
                ],
                asked_by=run.asked_by,
                decided_by=run.decided_by,
                error=error,
                difference=run.difference or (),
                stop_asked_by=run.stop_asked_by,
            )
        )

    return posts
