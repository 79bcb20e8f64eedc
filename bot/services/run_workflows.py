"""The work of a run: make its plan from facts, and once it is confirmed carry it out stage by stage.

Right before the first step everything is read again. A plan that has become more than what was confirmed
asks again; one that has become less goes on with what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.limits import Limits
from bot.domain.resources import digest
from bot.domain.runs import RunState, StepState
from bot.errors import MaydayError
from bot.ports import Clock, Durable
from bot.runbook import Runbook
from bot.runbook.changes import difference
from bot.runbook.plan import Plan, UnreadablePlan
from bot.runbook.site import Site
from bot.services import changed_plans, run_rules, sync
from bot.services.fresh_plans import FreshPlans
from bot.services.lease import Lease
from bot.services.run_progress import Progress
from bot.services.run_stage import Stages
from bot.store import audit
from bot.store import runs as rows
from bot.store.engine import Store
from bot.store.runs import Run


class RunWorkflows:
    """Plans and carries out runs. ``now`` is the domain's time; ``wall`` is real time, which ages of pods
    and of plans are measured by; ``wait`` lets real seconds pass."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        *,
        runbooks: Mapping[str, Runbook],
        sites: Mapping[str, Site],
        wall: Clock,
        wait: Callable[[float], None],
        lease: Lease,
        limits: Limits,
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._wall = wall
        self._sites = sites
        self._plans = FreshPlans(store, runbooks=runbooks, sites=sites, wall=wall)
        self._progress = Progress(store, durable)
        self._stages = Stages(
            store,
            now,
            runbooks=runbooks,
            sites=sites,
            plans=self._plans,
            progress=self._progress,
            wall=wall,
            wait=wait,
            lease=lease,
            limits=limits,
        )

    def plan(self, run_id: str) -> None:
        """Read facts and make the plan."""
        self._durable.step("plan", self._make_plan, run_id)

    def execute(self, run_id: str) -> None:
        """Carry out a confirmed plan, stage by stage, unless it has changed since."""
        # The first step keeps the name of earlier versions, for runs that are under way at an update.
        begun = self._durable.step("recheck", self._begin, run_id)
        if "round" not in begun:
            for number in range(1, begun["steps"] + 1):
                if self._durable.step(f"step {number}", self._step, run_id, number)["stop"]:
                    break
        else:
            found = self._durable.step("read again", self._recheck, run_id, begun["round"])
            if found["asks_again"]:
                return
            for number, (first, last) in enumerate(found["stages"], start=1):
                if self._durable.step(f"stage {number}", self._stage, run_id, first, last)["stop"]:
                    break
        self._durable.step("finish", self._finish, run_id)

    def _make_plan(self, run_id: str) -> dict[str, Any]:
        run = self._run(run_id)
        try:
            plan = self._plans.rehearsed(run)
        except MaydayError as exc:
            return self._planned(run, RunState.FAILED, error=str(exc))
        state = RunState.PLANNED if plan.steps else RunState.NOTHING_TO_DO
        return self._planned(run, state, plan=plan.to_json())

    def _planned(
        self, run: Run, state: RunState, *, plan: Mapping[str, Any] | None = None, error: str = ""
    ) -> dict[str, Any]:
        with self._store.write() as tx:
            found = rows.get(tx, run.id, lock=True)
            if found is None or found.state is not RunState.PLANNING:
                return {}  # planned before a kill; people may have decided since
            rows.change(tx, run.id, state=state, plan=plan, error=error, planned_at=self._wall())
            sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/planned")
        return {"state": state.value}

    def _begin(self, run_id: str) -> dict[str, Any]:
        """How many steps there are and, for a run of this version, which round was confirmed."""
        run = self._run(run_id)
        try:
            steps = len(Plan.from_json(run.plan or {}).steps)
        except UnreadablePlan:
            steps = 0  # the finish says so
        return {"steps": steps, **({"round": run.round} if run.round else {})}

    def _recheck(self, run_id: str, confirmed: int) -> dict[str, Any]:
        """Read everything again; a plan that is more than the confirmed one has to be confirmed again."""
        run = self._run(run_id)
        if run.round != confirmed or run.state is not RunState.RUNNING:
            return {"asks_again": True}  # before a kill
        try:
            plan = Plan.from_json(run.plan or {})
        except UnreadablePlan:
            return {"asks_again": False, "stages": []}  # the finish says so
        stages = [[stage[0], stage[-1]] for stage in plan.stages]
        going_on = {"asks_again": False, "stages": stages}
        with self._store.read() as tx:
            is_begun = bool(rows.steps(tx, run_id))
        # The stage says so where the approval has expired, the hub has moved, and where it cannot be read.
        moved = run_rules.has_moved(run, self._sites[run.hub].place)
        if is_begun or moved or self._stages.has_expired(run):
            return going_on
        fresh = self._plans.shared(run, within=0.0)
        changes = difference(plan, fresh)
        if not changes:
            return going_on
        fresh = self._plans.shown_again(run)
        with self._store.write() as tx:
            found = rows.get(tx, run_id, lock=True)
            if found is None or found.state is not RunState.RUNNING or found.round != confirmed:
                return {"asks_again": True}  # another replica was here meanwhile
            if found.stop_asked_by:
                return going_on  # the stage begins nothing, and the run ends
            rows.change(
                tx,
                run_id,
                state=RunState.PLANNED,
                plan=fresh.to_json(),
                round=run.round + 1,
                planned_at=self._wall(),
                difference=list(changes),
                decided_by="",
                decided_at=None,
            )
            audit.add(tx, _changed_line(run, plan, fresh, changes))
            approvers = (*rows.approved_by(tx, found), found.decided_by)
            changed_plans.request(tx, found, approvers, changes, now=self._now())
            self._progress.ended(tx, run)
        self._plans.forget(run)
        return {"asks_again": True}

    def _step(self, run_id: str, number: int) -> dict[str, Any]:
        """Carry out one step of a run of the version before."""
        return self._stage(run_id, number, number)

    def _stage(self, run_id: str, first: int, last: int) -> dict[str, Any]:
        run = self._run(run_id)
        try:
            plan = Plan.from_json(run.plan or {})
        except UnreadablePlan:
            return {"stop": True}  # the finish says so
        if moved := run_rules.has_moved(run, self._sites[run.hub].place):
            with self._store.write() as tx:
                rows.change(tx, run_id, error=moved)
            return {"stop": True}
        return {"stop": not self._stages.carry_out(run, plan, range(first, last + 1))}

    def _finish(self, run_id: str) -> dict[str, Any]:
        with self._store.write() as tx:
            run = rows.get(tx, run_id, lock=True)
            if run is None:
                raise LookupError(run_id)
            begun = rows.steps(tx, run_id)
            states = {step.state for step in begun}
            error = _unreadable(run)
            if StepState.UNCLEAR in states or StepState.ATTEMPTING in states:
                state = RunState.NEEDS_HUMAN
            elif error:
                state = RunState.NEEDS_HUMAN if states else RunState.FAILED
            elif StepState.FAILED in states:
                state = RunState.FAILED
            elif run.stop_asked_by and len(begun) < _steps(run):
                state = RunState.CANCELLED
            elif run.error:
                state = RunState.EXPIRED
            else:
                state = RunState.DONE if StepState.DONE in states else RunState.NOTHING_TO_DO
            rows.change(tx, run_id, state=state, error=error or run.error, finished_at=self._wall())
            self._progress.ended(tx, run)
        self._plans.forget(run)
        self._stages.forget(run)
        return {"state": state.value}

    def _run(self, run_id: str) -> Run:
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise LookupError(run_id)
        return run


def _changed_line(run: Run, plan: Plan, fresh: Plan, changes: Sequence[str]) -> AuditLine:
    """The line that says that a confirmed plan is not carried out, because it has changed."""
    return AuditLine(
        actor=MAYDAY,
        act="run.changed",
        outcome=AuditOutcome.DONE,
        target=f"run/{run.id}",
        incident_id=run.incident_id,
        origin=f"run/{run.id}",
        reason=" ".join(changes),
        before={"plan": digest(plan.to_json()), "confirmed_by": run.decided_by},
        after={"plan": digest(fresh.to_json()), "round": run.round + 1},
        source=f"run.changed/{run.id}/{run.round}",
    )


def _steps(run: Run) -> int:
    return len((run.plan or {}).get("steps", ()))


def _unreadable(run: Run) -> str:
    """Why the run's plan cannot be read; empty when it can."""
    try:
        Plan.from_json(run.plan or {})
    except UnreadablePlan as exc:
        return str(exc)
    return ""
