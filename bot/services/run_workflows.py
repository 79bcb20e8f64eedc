"""The work of a run: make its plan from facts, and once it is confirmed carry it out step by step.

A destructive step commits that it is about to act before it acts, and acts soon or not at all. If a kill
comes in between, the replay finds that row, waits until the call can have no further effect and looks at
the target; unless the target shows that the step is done, the run stops and asks for a person. Nothing
destructive is repeated automatically.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from bot import deadline
from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.command import COMMAND
from bot.domain.facts import HubFacts
from bot.domain.limits import Limits
from bot.domain.runs import Outcome, Result, RunState, StepState
from bot.domain.timeline import EntryKind
from bot.errors import MaydayError
from bot.ports import Clock, Durable
from bot.runbook import Runbook, Step
from bot.runbook.plan import Plan, UnreadablePlan
from bot.runbook.site import Site
from bot.services import obligations, run_rules, sync
from bot.services.facts import read_facts
from bot.services.lease import Lease
from bot.services.run import EXPIRES_AFTER, minutes
from bot.services.sightings import Sightings
from bot.services.steps import already_done, attempt, verify
from bot.store import audit
from bot.store import obligations as obligation_rows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run, RunStep

APPROVAL_EXPIRED = (
    "The approval expired after {minutes} minutes, before step {number} could begin, so the remaining steps "
    f"were skipped. Ask for a new plan with {COMMAND} run."
)
INTERRUPTED = (
    "mayday was interrupted during this step and does not repeat destructive steps automatically. Check "
    f"the target, then ask for a new plan with {COMMAND} run."
)
MOST_TRIES = 3
LONGEST_WAIT = 60.0
"""Seconds a step waits at a system's request; a longer request is a failure."""

_STATES = {
    Outcome.DONE: StepState.DONE,
    Outcome.SKIPPED: StepState.SKIPPED,
    Outcome.RETRY: StepState.FAILED,
    Outcome.FAILED: StepState.FAILED,
    Outcome.UNCLEAR: StepState.UNCLEAR,
}
_SUCCEEDED = (Outcome.DONE, Outcome.SKIPPED)


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
        self._runbooks = runbooks
        self._sites = sites
        self._sightings = Sightings(store)
        self._wall = wall
        self._wait = wait
        self._lease = lease
        self._limits = limits

    def plan(self, run_id: str) -> None:
        """Read facts and make the plan."""
        self._durable.step("plan", self._make_plan, run_id)

    def execute(self, run_id: str) -> None:
        """Carry out a confirmed plan, one step after the other."""
        # The first step keeps the name of earlier versions, for runs that are under way at an update.
        count = self._durable.step("recheck", self._count, run_id)["steps"]
        for number in range(1, count + 1):
            if self._durable.step(f"step {number}", self._step, run_id, number)["stop"]:
                break
        self._durable.step("finish", self._finish, run_id)

    def _make_plan(self, run_id: str) -> dict[str, Any]:
        run = self._run(run_id)
        try:
            plan = self._fresh(run, rights=True)
        except MaydayError as exc:
            return self._planned(run, RunState.FAILED, error=str(exc))
        state = RunState.PLANNED if plan.steps else RunState.NOTHING_TO_DO
        return self._planned(run, state, plan=plan.to_json())

    def _planned(
        self, run: Run, state: RunState, *, plan: Mapping[str, Any] | None = None, error: str = ""
    ) -> dict[str, Any]:
        with self._store.write() as tx:
            rows.change(tx, run.id, state=state, plan=plan, error=error)
            sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/planned")
        return {"state": state.value}

    def _count(self, run_id: str) -> dict[str, Any]:
        try:
            return {"steps": len(Plan.from_json(self._run(run_id).plan or {}).steps)}
        except UnreadablePlan:
            return {"steps": 0}  # the finish says so

    def _step(self, run_id: str, number: int) -> dict[str, Any]:
        run = self._run(run_id)
        try:
            plan = Plan.from_json(run.plan or {})
        except UnreadablePlan:
            return {"stop": True}  # the finish says so
        step = plan.steps[number - 1]
        with self._store.write() as tx:
            if self._has_expired(tx, run, number):
                return {"stop": True}
            begun = rows.step(tx, run_id, number)
            moment = self._store.now(tx)
        if begun is not None and begun.finished_at is not None:
            return _stops(step, Result.from_json(begun.seen))
        site = self._sites[run.hub]
        if begun is not None and step.destructive:
            self._let_call_end(begun, moment)
            result, before = _after_a_kill(step, site), plan.before
        else:
            result, before = self._attempt(run, number, step, site)
        if result.outcome is Outcome.DONE:
            verified = verify(step, site, lambda: self._facts(run), self._wait, before)
            result = Result(
                outcome=verified.outcome,
                seen={**result.seen, **verified.seen},
                error=verified.error,
            )
        self._ended(run, plan, number, step, result)
        return _stops(step, result)

    def _has_expired(self, tx: Tx, run: Run, number: int) -> bool:
        """Whether the approval is too old for a step that has not begun; the run then says so."""
        decided = run.decided_at or run.asked_at
        if self._wall() - decided <= EXPIRES_AFTER or rows.step(tx, run.id, number):
            return False
        said = APPROVAL_EXPIRED.format(minutes=minutes(EXPIRES_AFTER), number=number)
        rows.change(tx, run.id, error=said)
        return True

    def _attempt(
        self, run: Run, number: int, step: Step, site: Site
    ) -> tuple[Result, dict[str, Any]]:
        """How the step went, and what was counted just before it."""
        for tries in range(1, MOST_TRIES + 1):
            fresh = run_rules.as_approved(run, self._fresh(run))
            with deadline.within(self._limits.call):
                result = attempt(step, site, fresh, partial(self._begin_step, run, number, step))
            if result.outcome is not Outcome.RETRY or tries == MOST_TRIES:
                break
            if result.after > LONGEST_WAIT:
                break  # people watch, and nothing else may run on this hub meanwhile
            self._wait(result.after)
        if result.outcome is Outcome.RETRY:
            self._begin_step(run, number, step)
            result = Result(outcome=Outcome.FAILED, seen=result.seen, error=result.error)
        return result, fresh.before

    def _begin_step(self, run: Run, number: int, step: Step) -> None:
        """Commit that a step is about to act, while this replica holds its lease."""
        with self._store.write() as tx:
            self._lease.check(tx)
            moment = self._store.now(tx)
            if rows.begin_step(tx, run.id, number, now=self._now(), attempted_at=moment):
                audit.add(tx, _audit_line(run, number, step))
                sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/{number}/begun")

    def _let_call_end(self, begun: RunStep, now: datetime) -> None:
        """Wait until the call that was interrupted can have no further effect."""
        age = (now - begun.attempted_at).total_seconds() if begun.attempted_at else 0.0
        if (left := self._limits.call - age) > 0:
            self._wait(left)

    def _ended(self, run: Run, plan: Plan, number: int, step: Step, result: Result) -> None:
        now = self._now()
        with self._store.write() as tx:
            rows.end_step(
                tx,
                run.id,
                number,
                state=_STATES[result.outcome],
                seen=result.to_json(),
                now=now,
            )
            left = obligations.of(step, run, number, result, now=now, wall=self._wall())
            if left is not None:
                obligation_rows.add(tx, left)
            if run.incident_id:
                timeline_rows.add_entry(
                    tx,
                    incident_id=run.incident_id,
                    at=now,
                    now=now,
                    kind=EntryKind.RUNBOOK,
                    author=run.decided_by or run.asked_by,
                    data={"run": run.id, **plan.record(step, result)},
                    source=f"run/{run.id}/step/{number}",
                )
            audit.add(tx, _audit_line(run, number, step, result))
            sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/{number}/ended")

    def _finish(self, run_id: str) -> dict[str, Any]:
        with self._store.write() as tx:
            run = rows.get(tx, run_id, lock=True)
            if run is None:
                raise LookupError(run_id)
            states = {step.state for step in rows.steps(tx, run_id)}
            error = _unreadable(run)
            if StepState.UNCLEAR in states or StepState.ATTEMPTING in states:
                state = RunState.NEEDS_HUMAN
            elif error:
                state = RunState.NEEDS_HUMAN if states else RunState.FAILED
            elif StepState.FAILED in states:
                state = RunState.FAILED
            elif run.error:
                state = RunState.EXPIRED
            else:
                state = RunState.DONE if StepState.DONE in states else RunState.NOTHING_TO_DO
            rows.change(tx, run_id, state=state, error=error or run.error, finished_at=self._wall())
            sync.enqueue(self._durable, tx, run.owner, f"run/{run_id}/finished")
        return {"state": state.value}

    def _fresh(self, run: Run, *, rights: bool = False) -> Plan:
        facts = replace(self._facts(run, rights=rights), asked_by=run.asked_by)
        return self._runbooks[run.runbook].plan(facts, run.options)

    def _facts(self, run: Run, *, rights: bool = False) -> HubFacts:
        with self._store.read() as tx:
            last_done = rows.last_done(tx, incident_id=run.incident_id, hub=run.hub)
        now = self._wall()
        return read_facts(
            self._sites[run.hub],
            now,
            since=lambda servers: self._sightings.of(run.hub, servers, now),
            named=self._runbooks[run.runbook].named(run.options),
            more=self._runbooks[run.runbook].parts,
            rights=rights,
            last_done=last_done,
        )

    def _run(self, run_id: str) -> Run:
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise LookupError(run_id)
        return run


def _audit_line(run: Run, number: int, step: Step, result: Result | None = None) -> AuditLine:
    """The line that says that a step is about to act, or how it ended."""
    act = "run.step" if result else "run.attempt"
    failed = result is not None and result.outcome not in _SUCCEEDED
    outcome = {"outcome": result.outcome.value, "seen": dict(result.seen)} if result else {}
    return AuditLine(
        actor=MAYDAY,
        act=act,
        outcome=AuditOutcome.FAILED if failed else AuditOutcome.DONE,
        target=f"{run.hub}: {step.verb} {step.target}",
        incident_id=run.incident_id,
        origin=f"run/{run.id}/{number}",
        reason=result.error if result else "",
        before={"confirmed_by": run.decided_by},
        after={"destructive": step.destructive, **outcome},
        source=f"{act}/{run.id}/{number}",
    )


def _unreadable(run: Run) -> str:
    """Why the run's plan cannot be read; empty when it can."""
    try:
        Plan.from_json(run.plan or {})
    except UnreadablePlan as exc:
        return str(exc)
    return ""


def _stops(step: Step, result: Result) -> dict[str, Any]:
    """Whether the steps after this one are left out: after the failure of a step that ends its run."""
    return {"stop": step.ends_run and result.outcome not in _SUCCEEDED}


def _after_a_kill(step: Step, site: Site) -> Result:
    if already_done(step, site):
        return Result(outcome=Outcome.DONE)
    return Result(outcome=Outcome.UNCLEAR, error=INTERRUPTED)
