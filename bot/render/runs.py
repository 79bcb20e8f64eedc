"""A run in the channel: its plan with the buttons while somebody has to decide, then its progress."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.domain.plans import Plan, Result
from bot.ports import Post
from bot.render import blocks as b
from bot.render.plans import confirm, plan_blocks, plan_text, progress_blocks, progress_lines
from bot.render.text import escape

ACTION_CONFIRM = "run.confirm"
ACTION_CANCEL = "run.cancel"

ENDINGS = {
    "nothing_to_do": "Nothing was done: every step was skipped, for the reasons above.",
    "cancelled": "Cancelled by {who}; nothing was done.",
    "expired": "Not confirmed in time; nothing was done. Ask for a new plan with `/incident run`.",
    "failed": "❌ This did not work: {error}",
    "needs_human": "❓ Someone has to check: a step may or may not have taken effect.",
    "done": "✅ Done and verified.",
    "running": "⏳ Running. Progress is in this thread.",
}


EXPIRED_MEANWHILE = "⌛ {error}"


def run_posts(
    *,
    run_id: str,
    title: str,
    hub: str,
    state: str,
    plan: Plan | None,
    steps: Sequence[tuple[int, bool, Result | None]],
    asked_by: str,
    decided_by: str,
    error: str,
) -> Iterator[tuple[str, Post, str]]:
    """The run's own message and one reply for each step begun: key, message, key of the parent.

    ``steps`` are number, whether it ended, and how.
    """
    parent = f"run/{run_id}"
    yield parent, _face(run_id, title, hub, state, plan, steps, asked_by, decided_by, error), ""
    if plan is None:
        return
    for number, _ended, result in steps:
        step = plan.steps[number - 1]
        (line,) = progress_lines(
            replace(plan, steps=(step,)),
            {step.id: result} if result else {},
            current="" if result else step.id,
        )
        yield f"{parent}/step/{number}", Post(text=line, blocks=(b.section(line),)), parent


def _face(
    run_id: str,
    title: str,
    hub: str,
    state: str,
    plan: Plan | None,
    steps: Sequence[tuple[int, bool, Result | None]],
    asked_by: str,
    decided_by: str,
    error: str,
) -> Post:
    asked = f"asked for by <@{asked_by}>"
    if plan is None:
        said = (
            f"❌ {escape(error)}"
            if state == "failed"
            else f"⏳ Reading the facts of {escape(hub)} …"
        )
        text = f"*{escape(title)}*: {said}"
        return Post(text=text, blocks=(b.section(text), b.context(asked)))
    text = plan_text(plan, title)
    if state == "planned":
        buttons = (
            b.button(
                "Run it",
                action=ACTION_CONFIRM,
                value=run_id,
                style="danger" if plan.destructive else "primary",
                confirm=confirm(plan, title),
            ),
            b.button("Cancel", action=ACTION_CANCEL, value=run_id),
        )
        return Post(text=text, blocks=(*plan_blocks(plan, title, *buttons), b.context(asked)))
    if state == "nothing_to_do" and not steps:
        return Post(text=text, blocks=(*plan_blocks(plan, title), b.context(asked)))
    results = {plan.steps[n - 1].id: result for n, _, result in steps if result is not None}
    current = next((plan.steps[n - 1].id for n, ended, _ in steps if not ended), "")
    if decided_by and state not in ("cancelled", "expired"):
        asked += f", confirmed by <@{decided_by}>"
    late = state == "expired" and error
    ending = EXPIRED_MEANWHILE if late else ENDINGS[state]
    ending = ending.format(who=f"<@{decided_by}>", error=escape(error or "see the steps."))
    shown = progress_blocks(plan, title, results, current)
    return Post(text=f"{text} {ending}", blocks=(*shown, b.section(ending), b.context(asked)))
