"""A run in the channel: its plan with the buttons while somebody has to decide, then its progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.domain.command import COMMAND
from bot.domain.runs import RunState, approval_value
from bot.ports import Post
from bot.render import blocks as b
from bot.render.plans import confirm, plan_blocks, plan_text, progress_blocks
from bot.render.run_progress import RunStepView, balance, begun_stages, own_lines, reply
from bot.render.text import escape, naming
from bot.runbook.plan import Plan

ACTION_CONFIRM = "run.confirm"
ACTION_CANCEL = "run.cancel"
ACTION_STOP = "run.stop"

ENDINGS = {
    RunState.NOTHING_TO_DO: "Nothing was done: every step was skipped, for the reasons above.",
    RunState.CANCELLED: "Cancelled by {who}; nothing was done.",
    RunState.EXPIRED: f"Not confirmed in time; nothing was done. Ask for a new plan with `{COMMAND} run`.",
    RunState.FAILED: "❌ The run failed: {error}",
    RunState.NEEDS_HUMAN: "❓ Someone has to check: a step may or may not have taken effect.",
    RunState.DONE: "✅ Done and verified.",
    RunState.RUNNING: "⏳ Running. Progress is in this thread.",
}
EXPIRED_MEANWHILE = "⌛ {error}"
READING = "⏳ Reading the facts of {hub} …"
NOT_PLANNED = "❌ {error}"
DRY_RUN = "🔍 *Dry run only.* This is what the runbook would do; its policy lets nobody run it."
OTHERS = "👥 *{count} other {people} must approve this plan*, besides <@{asker}>, who asked for it.{so_far}"
SO_FAR = " Approved by {who}; {missing} more {people} must approve."
IN_DM = (
    "mayday can't post in <#{channel}>, so this plan is shown only here. Where others have to approve it, "
    "invite mayday to that channel and ask again."
)
CHANGED = "*The plan has changed since it was confirmed, so nothing was done. Decide again.*"
STOPPING = (
    "⏹️ <@{who}> asked to stop: no further step begins, and those under way end as they would."
)
STOPPED = "⏹️ Stopped by <@{who}>."


@dataclass(frozen=True, kw_only=True)
class RunView:
    """What people see of a run. ``plan`` is None before it is made, and where it cannot be read.

    ``needed`` is how many people besides the one who asked must approve it; ``approved_by`` did.
    ``not_in`` is the channel where it was asked for, if mayday can't post there.
    """

    id: str
    title: str
    hub: str
    state: RunState
    plan: Plan | None
    steps: Sequence[RunStepView] = ()
    asked_by: str
    decided_by: str = ""
    error: str = ""
    needed: int = 0
    approved_by: Sequence[str] = ()
    is_dry_run: bool = False
    not_in: str = ""
    difference: Sequence[str] = ()
    stop_asked_by: str = ""
    round: int = 0


def run_posts(run: RunView) -> list[Post]:
    """The run's own message, then one reply for each stage begun."""
    lines = [reply(run.plan, stage) for stage in begun_stages(run.steps)]
    own = _unplanned(run) if run.plan is None else _planned(run, run.plan)
    if run.not_in:
        own = replace(own, blocks=(*own.blocks, b.context(IN_DM.format(channel=run.not_in))))
    return [own, *(Post(text=line, blocks=(b.section(line),)) for line in lines)]


def _unplanned(run: RunView) -> Post:
    if run.state is RunState.PLANNING:
        said = READING.format(hub=escape(run.hub))
    else:
        said = NOT_PLANNED.format(error=escape(run.error))
    text = f"*{escape(run.title)}*: {said}"
    return Post(text=text, blocks=(b.section(text), b.context(_asked(run))))


def _planned(run: RunView, plan: Plan) -> Post:
    text = plan_text(plan, run.title)
    asked = _asked(run)
    if run.state is RunState.PLANNED:
        shown = plan_blocks(plan, run.title)
        shown += [b.section(said) for said in _conditions(run)]
        shown.append(b.actions(*_buttons(run, plan)))
        return Post(text=text, blocks=(*_changes(run), *shown, b.context(asked)))
    if run.state is RunState.NOTHING_TO_DO and not run.steps:
        return Post(text=text, blocks=(*plan_blocks(plan, run.title), b.context(asked)))
    if run.decided_by and run.state not in (RunState.CANCELLED, RunState.EXPIRED):
        approved = run.approved_by
        asked += f", approved by {_people(approved)}" if approved else ""
        asked += "" if run.decided_by in approved else f", confirmed by <@{run.decided_by}>"
    late = run.state is RunState.EXPIRED and run.error
    ending = EXPIRED_MEANWHILE if late else ENDINGS[run.state]
    if run.state is RunState.CANCELLED and run.stop_asked_by:
        ending = STOPPED.format(who=run.stop_asked_by)
    who, error = f"<@{run.decided_by}>", escape(run.error or "see the steps.")
    ending = ending.format(who=who, error=error)
    ending = f"{ending} {balance(plan, run.steps, run.state)}".rstrip()
    shown = progress_blocks(plan, run.title, own_lines(plan, run.steps))
    return Post(
        text=f"{text} {ending}",
        blocks=(*shown, b.section(ending), *_stop(run, plan), b.context(asked)),
    )


def _changes(run: RunView) -> list[b.Block]:
    """How a plan that asks again differs from the one that was confirmed."""
    if not run.difference:
        return []
    lines = [f"• {naming(each, 400)}" for each in run.difference[:5]]
    return [b.section("\n".join((CHANGED, *lines)))]


def _stop(run: RunView, plan: Plan) -> list[b.Block]:
    """The button that ends a run before its next step; then who pressed it."""
    if run.state is not RunState.RUNNING or len(plan.steps) < 2:
        return []
    if run.stop_asked_by:
        return [b.context(STOPPING.format(who=run.stop_asked_by))]
    return [b.actions(b.button("Stop after this step", action=ACTION_STOP, value=run.id))]


def _conditions(run: RunView) -> list[str]:
    """What else must be so before the plan runs, and who has approved it."""
    if run.is_dry_run:
        return [DRY_RUN]
    if not run.needed:
        return []
    missing = run.needed - len(run.approved_by)
    so_far = SO_FAR.format(who=_people(run.approved_by), missing=missing, people=_person(missing))
    return [
        OTHERS.format(
            count=run.needed,
            people=_person(run.needed),
            asker=run.asked_by,
            so_far=so_far if run.approved_by else "",
        )
    ]


def _buttons(run: RunView, plan: Plan) -> list[b.Block]:
    drop = b.button("Cancel", action=ACTION_CANCEL, value=run.id)
    if run.is_dry_run:
        return [drop]
    return [
        b.button(
            "Approve" if run.needed else "Run it",
            action=ACTION_CONFIRM,
            value=approval_value(run.id, run.round),
            style="danger" if plan.destructive else "primary",
            confirm=confirm(plan, run.title, missing=run.needed - len(run.approved_by)),
        ),
        drop,
    ]


def _people(users: Sequence[str]) -> str:
    return ", ".join(f"<@{user}>" for user in users)


def _person(count: int) -> str:
    return "person" if count == 1 else "people"


def _asked(run: RunView) -> str:
    return f"asked for by <@{run.asked_by}>"
