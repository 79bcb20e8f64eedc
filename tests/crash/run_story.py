"""The story of runbooks: approved by others, side by side, changed, stopped, taken back, reminded of; a
diagnosis with a finding for the timeline; and a run outside of incidents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from bot.domain.obligations import ObligationOutcome
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind
from bot.render.diagnose import ACTION_ADD
from bot.render.obligations import ACTION_PLAN
from bot.render.runs import ACTION_CONFIRM, ACTION_STOP
from bot.store import audit as audit_rows
from bot.store import incidents as incident_rows
from bot.store import obligations as obligation_rows
from bot.store import runs as run_rows
from bot.store.obligations import Obligation
from bot.store.run_tables import obligation, run
from bot.store.runs import Run
from tests.crash.hub import NODE, PLACEHOLDERS
from tests.crash.stage import Stage
from tests.crash.story import (
    ASKS_AGAIN,
    PUBLIC,
    Act,
    Story,
    declare,
    has_entry,
    is_declared,
    type_line,
)
from tests.support.bot import effect_of

MANY = 12
BATCH = ("batch-1", "batch-2", "batch-3", "batch-4")
LATER, ELSEWHERE = "batch-5", "batch-6"
STOPPED, APPROVER = "mona", "ben"
NOT_READY = f"{NODE} stopped reporting"
ONCE = ("run.approve", "run.stop", "run.undo", "entry.finding")
"""What is in the audit log once for each target."""


@dataclass(frozen=True, kw_only=True)
class Booked:
    """A run of one runbook: what ana types, where, and who approves its plan.

    ``place`` is the name of a channel, empty for the incident's. ``prepare`` comes before the plan, and
    ``change`` before the approval. ``ends`` is how it has to end, and ``holds`` is its effect.
    """

    line: str
    place: str = ""
    approver: str = "ana"
    prepare: Callable[[Stage], None] = lambda _stage: None
    change: Callable[[Stage], None] = lambda _stage: None
    holds: Callable[[Stage], bool] = lambda _stage: True
    meanwhile: Callable[[Stage], None] = lambda _stage: None
    ends: RunState = RunState.DONE

    def channel(self, stage: Stage) -> str:
        """The id of the channel where it is shown."""
        if not self.place:
            return stage.channel(PUBLIC)
        return next(c.id for c in stage.slack.channels() if c.name == self.place)

    def runs(self, stage: Stage) -> list[Run]:
        """The runs of this runbook that were asked for here, oldest first."""
        book = self.line.split()[0]
        return [
            each
            for each in all_runs(stage)
            if each.runbook == book and bool(each.incident_id) is not bool(self.place)
        ]

    def message(self, stage: Stage, action: str) -> str:
        """The ts of the last run's message if it has this button; empty otherwise."""
        last = self.runs(stage)[-1:]
        for message in stage.scene.posts(self.channel(stage), "run") if last else ():
            if effect_of(message).endswith(last[0].id) and action in str(message.get("blocks")):
                return str(message["ts"])
        return ""

    def plan(self, stage: Stage) -> None:
        """Ask for a plan."""
        self.prepare(stage)
        type_line(stage.scene.ana, self.channel(stage), f"/incident run {self.line}")

    def is_planned(self, stage: Stage) -> bool:
        """Whether the plan waits for its approval."""
        return bool(self.message(stage, ACTION_CONFIRM)) and self._ended_as(stage, RunState.PLANNED)

    def approve(self, stage: Stage) -> None:
        """Approve the plan; ask for another where the last run did not end well."""
        if ts := self.message(stage, ACTION_CONFIRM):
            self.change(stage)
            person = stage.slack.person(self.approver)
            person.press(self.channel(stage), ts, ACTION_CONFIRM)
        elif self.asks_again(stage):
            self.plan(stage)

    def asks_again(self, stage: Stage) -> bool:
        """Whether people have to decide again."""
        return self._ended_as(stage, *ASKS_AGAIN)

    def is_over(self, stage: Stage) -> bool:
        """Whether it ended as it has to, with its effect."""
        return self._ended_as(stage, self.ends) and self.holds(stage)

    def acts(self, name: str) -> list[Act]:
        """Asking for the plan, and approving it."""
        return [
            # Where a system was slow, no plan is made, and people ask again.
            Act(
                name=f"plan {name}",
                do=self.plan,
                done=self.is_planned,
                again=lambda stage: self._ended_as(stage, RunState.FAILED),
            ),
            Act(
                name=name,
                do=self.approve,
                done=self.is_over,
                again=self.asks_again,
                meanwhile=self.meanwhile,
            ),
        ]

    def _ended_as(self, stage: Stage, *states: RunState) -> bool:
        found = self.runs(stage)
        return bool(found) and found[-1].state in states


def all_runs(stage: Stage) -> list[Run]:
    """Every run, oldest first."""
    with stage.scene.store.read() as tx:
        ids = tx.execute(select(run.c.id).order_by(run.c.asked_at)).scalars().all()
        return [found for each in ids if (found := run_rows.get(tx, each))]


def _left(stage: Stage, runbook: str = "") -> list[Obligation]:
    """What runs of this runbook left to be taken back."""
    ids = [each.id for each in all_runs(stage) if runbook in ("", each.runbook)]
    with stage.scene.store.read() as tx:
        rows = tx.execute(select(obligation.c.id).where(obligation.c.run_id.in_(ids))).scalars()
        return [found for each in rows.all() if (found := obligation_rows.get(tx, each))]


def approvals(stage: Stage) -> list[tuple[str, ...]]:
    """Who approved each plan of pre-warm that was carried out."""
    found = PRE_WARM.runs(stage)
    with stage.scene.store.read() as tx:
        return [run_rows.approved_by(tx, each) for each in found if run_rows.steps(tx, each.id)]


# What people do.


def _fail(stage: Stage, names: Sequence[str]) -> None:
    """Have pods that failed, unless their deletion was asked for before."""
    for name in names:
        if name not in stage.named:
            stage.named[name] = "failed"
            stage.hub.fail(name)


def _stop(stage: Stage) -> None:
    """Stop the run during its first step, which ends only then."""
    last = RESTART.runs(stage)[-1]
    with stage.scene.store.read() as tx:
        is_begun = bool(run_rows.steps(tx, last.id))
    if last.state is not RunState.RUNNING or last.stop_asked_by:
        stage.hub.stopped(STOPPED)
    elif is_begun and (ts := RESTART.message(stage, ACTION_STOP)):
        stage.scene.ben.press(stage.channel(PUBLIC), ts, ACTION_STOP)


def _come(stage: Stage, runbook: str) -> None:
    """Let the time come at which what this runbook left is due."""
    clock = stage.scene.clock
    for left in _left(stage, runbook):
        if left.done_at is None:
            clock.move_to(max(clock(), left.due_at) + timedelta(seconds=1))


def _is_settled(stage: Stage, runbook: str) -> bool:
    left = _left(stage, runbook)
    return bool(left) and all(each.done_at and each.told_at for each in left)


def _is_snoozed(stage: Stage) -> bool:
    incident = stage.scene.incident(stage.channel(PUBLIC))
    with stage.scene.store.read() as tx:
        reminder = incident_rows.reminder_of(tx, incident.id)
    return reminder is not None and reminder.due_at > stage.scene.clock() + timedelta(hours=20)


def _nag(stage: Stage) -> str:
    """The ts of the last reminder with a button."""
    found = [m for m in stage.scene.own(stage.channel(PUBLIC)) if ACTION_PLAN in str(m)]
    return str(found[-1]["ts"]) if found else ""


def _plan_uncordon(stage: Stage) -> None:
    stage.scene.ana.press(stage.channel(PUBLIC), _nag(stage), ACTION_PLAN)


def _diagnosis(stage: Stage) -> str:
    """The ts of a diagnosis that names the node that stopped reporting; empty without one."""
    found = stage.scene.posts(stage.channel(PUBLIC), "diagnosis")
    return next((str(m["ts"]) for m in found if NOT_READY in str(m["text"])), "")


def _add(stage: Stage) -> None:
    stage.scene.ana.press(stage.channel(PUBLIC), _diagnosis(stage), ACTION_ADD)


PRE_WARM = Booked(
    line=f"pre-warm count={MANY} duration=30m",
    approver=APPROVER,
    holds=lambda stage: stage.hub.placeholders()[0] == MANY,
)
CLEAR = Booked(
    line="clear-failed-pods",
    prepare=lambda stage: _fail(stage, BATCH),
    change=lambda stage: _fail(stage, [LATER]),
    holds=lambda stage: not stage.hub.failed(),
)
RESTART = Booked(
    line=f"restart-server {STOPPED}",
    prepare=lambda stage: stage.hub.start_long_ago(STOPPED),
    holds=lambda stage: STOPPED not in stage.hub.pods(),
    meanwhile=_stop,
    ends=RunState.CANCELLED,
)
CORDON = Booked(
    line=f'cordon-node {NODE} reason="Disk is full" duration=12h',
    holds=lambda stage: stage.hub.cordon()[0],
)
UNCORDON = Booked(line=f"uncordon-node {NODE}", holds=lambda stage: not stage.hub.cordon()[0])
OUTSIDE = Booked(
    line="clear-failed-pods",
    place="general",
    prepare=lambda stage: _fail(stage, [ELSEWHERE]),
    holds=lambda stage: not stage.hub.failed(),
)


def _acts() -> list[Act]:
    plan_uncordon, uncordon = UNCORDON.acts("uncordon")
    return [
        Act(name="start", do=lambda _stage: None, done=lambda stage: stage.slack.bot_connected),
        Act(
            name="declare",
            do=lambda stage: declare(stage, PUBLIC),
            done=lambda stage: is_declared(stage, PUBLIC),
        ),
        # The story moves the clock by hours; how many reminders come meanwhile is another story's subject.
        Act(
            name="snooze",
            do=lambda stage: type_line(
                stage.scene.ana, stage.channel(PUBLIC), "/incident snooze 1440"
            ),
            done=_is_snoozed,
        ),
        Act(
            name="diagnose",
            do=lambda stage: type_line(
                stage.scene.ana, stage.channel(PUBLIC), "/incident diagnose"
            ),
            done=lambda stage: bool(_diagnosis(stage)),
            # A system that was slow is a finding, too.
            again=lambda _stage: True,
        ),
        Act(name="add a finding", do=_add, done=has_entry(PUBLIC, EntryKind.FINDING.value, "")),
        *PRE_WARM.acts("pre-warm"),
        *CLEAR.acts("clear"),
        *RESTART.acts("stop"),
        *OUTSIDE.acts("clear elsewhere"),
        Act(
            name="take back",
            do=lambda stage: _come(stage, "pre-warm"),
            done=lambda stage: _is_settled(stage, "pre-warm"),
        ),
        *CORDON.acts("cordon"),
        Act(
            name="nag",
            do=lambda stage: _come(stage, "cordon-node"),
            done=lambda stage: bool(_nag(stage)),
        ),
        Act(name=plan_uncordon.name, do=_plan_uncordon, done=plan_uncordon.done),
        uncordon,
        Act(
            name="settle",
            do=lambda stage: _come(stage, "cordon-node"),
            done=lambda stage: _is_settled(stage, "cordon-node"),
        ),
    ]


def _wrongs(stage: Stage) -> list[str]:
    """What must hold however often people had to decide."""
    found, pods, runs = [], stage.hub.pods(), all_runs(stage)
    for name, uid in stage.hub.first.items():
        if pods.get(name) != uid:
            found.append(f"the pod of {name} was touched")
    if stage.hub.placeholders() != (PLACEHOLDERS, {}):
        found.append(f"placeholders are {stage.hub.placeholders()}")
    if stage.hub.cordon() != (False, {}):
        found.append(f"the node is {stage.hub.cordon()}")
    if failed := stage.hub.failed():
        found.append(f"pods that failed are left: {failed}")
    for left in _left(stage):
        if left.outcome is not ObligationOutcome.DONE or not left.told_at:
            found.append(f"obligation {left.id} ended as {left.outcome}: {left.error}")
    with stage.scene.store.read() as tx:
        steps = {each.id: run_rows.steps(tx, each.id) for each in runs}
        acts = Counter(
            (line.line.act, line.line.target) for line in audit_rows.latest(tx, limit=10_000)
        )
    if set(approvals(stage)) != {(stage.slack.person(APPROVER).id,)}:
        found.append(f"pre-warm ran with the approvals {approvals(stage)}")
    told = Counter(
        e.data["run"] for e in stage.scene.entries(stage.channel(PUBLIC)) if "run" in e.data
    )
    for each in runs:
        if each.incident_id and steps[each.id] and not told[each.id]:
            found.append(f"run {each.id} ({each.runbook}) is not in the timeline")
    doubled = [name for name, number in acts.items() if name[0] in ONCE and number > 1]
    return [*found, *(f"several audit lines: {act} of {target}" for act, target in doubled)]


RUNBOOKS = Story(
    name="runbooks",
    acts=_acts(),
    incidents=(PUBLIC,),
    wrongs=_wrongs,
    disturbed=("pre-warm", "clear", "stop", "take back"),
)
