"""How the rows of a run become the messages that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.runs import Result
from bot.ports import Post
from bot.render.run_progress import RunStepView
from bot.render.runs import RunView, run_posts
from bot.runbook import Runbook
from bot.runbook.plan import Plan, UnreadablePlan
from bot.services import run_rules
from bot.services.run_messages import RunPosts
from bot.store.runs import Run, RunStep


def posts_of(runbooks: Mapping[str, Runbook]) -> RunPosts:
    """How a run's rows become the messages that show it."""

    def posts(run: Run, steps: Sequence[RunStep]) -> list[Post]:
        plan, error, book = None, run.error, runbooks.get(run.runbook)
        if run.plan:
            try:
                plan = Plan.from_json(run.plan)
            except UnreadablePlan as exc:
                error = str(exc)
        return run_posts(
            RunView(
                id=run.id,
                title=book.title if book else run.runbook,
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
                needed=run_rules.needed(book, plan) if book and plan else 0,
                approved_by=run.approved_by,
                is_dry_run=book is not None and book.policy.is_dry_run,
                not_in=run.channel_id if run.dm_id else "",
                difference=run.difference or (),
                stop_asked_by=run.stop_asked_by,
                round=run.round,
            )
        )

    return posts
