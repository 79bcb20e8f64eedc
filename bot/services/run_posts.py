"""How the rows of a run become the messages that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.plans import Plan, Result
from bot.ports import Post
from bot.render.runs import run_posts
from bot.runbook import Runbook
from bot.services.resources import RunPosts
from bot.store.runs import Run, RunStep


def posts_of(runbooks: Mapping[str, Runbook]) -> RunPosts:
    """How a run's rows become the messages that show it."""

    def posts(run: Run, steps: Sequence[RunStep]) -> list[Post]:
        found = run_posts(
            run_id=run.id,
            title=runbooks[run.runbook].title if run.runbook in runbooks else run.runbook,
            hub=run.hub,
            state=run.state.value,
            plan=Plan.from_json(run.plan) if run.plan else None,
            steps=[
                (
                    step.number,
                    step.finished_at is not None,
                    Result.from_json(step.seen) if step.seen else None,
                )
                for step in steps
            ],
            asked_by=run.asked_by,
            decided_by=run.decided_by,
            error=run.error,
        )
        return [post for _key, post, _parent in found]

    return posts
