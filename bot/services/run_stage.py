"""Carry out one stage of a run: steps that are independent of each other, at most ten side by side.

A destructive step commits that it is about to act before it acts, and acts soon or not at all. If a kill
comes in between, the replay finds that row, waits until the call can have no further effect and looks at
the target; unless the target shows that the step is done, a person has to. Nothing destructive is repeated
automatically. Steps that had ended are not touched again.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from bot import deadline
from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.command import COMMAND
from bot.domain.hubs import Condition
from bot.domain.limits import Limits
from bot.domain.run_policy import LONGEST_LIFE
from bot.domain.runs import Outcome, Result, StepState
from bot.errors import RetryLater, UserError
from bot.ports import Clock
from bot.runbook import Runbook, ServerStep, Step
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.services import run_leaves, run_rules
from bot.services.fresh_plans import FreshPlans
from bot.services.lease import Lease
from bot.services.run import minutes
from bot.services.run_progress import APART, Progress
from bot.services.run_record import record_stage
from bot.services.steps import already_done, attempt, paired, together, unchanged, verify
from bot.store import audit
from bot.store import obligations as obligation_rows
from bot.store import runs as rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run, RunStep

SIDE_BY_SIDE = 10
"""How many steps of a stage are under way at once."""

APPROVAL_EXPIRED = (
    "The approval expired after {minutes} minutes, before step {number} could begin, so the remaining steps "
    f"were skipped. Ask for a new plan with {COMMAND} run."
)
INTERRUPTED = (
    "mayday was interrupted during this step and does not repeat destructive steps automatically. Check "
    f"the target, then ask for a new plan with {COMMAND} run."
)
MOST_TRIES = 3
SETTLES = 2.0
"""Seconds after which everything is read again where the last reading could not judge some servers."""
SETTLING = 3
"""How often."""
LONGEST_WAIT = 60.0
"""Seconds a step waits at a system's request; a longer request is a failure."""

STATES = {
    Outcome.DONE: StepState.DONE,
    Outcome.SKIPPED: StepState.SKIPPED,
    Outcome.RETRY: StepState.FAILED,
    Outcome.FAILED: StepState.FAILED,
    Outcome.UNCLEAR: StepState.UNCLEAR,
}
_SUCCEEDED = (Outcome.DONE, Outcome.SKIPPED)


@dataclass(kw_only=True)
class _Stage:
    """One stage under way. ``waiting`` are the numbers of the steps that no thread has taken yet."""

    run: Run
    plan: Plan
    numbers: Sequence[int]
    waiting: deque[int] = field(default_factory=deque)
    guard: threading.Lock = field(default_factory=threading.Lock)
    before: dict[str, Any] = field(default_factory=dict)
    results: dict[int, Result] = field(default_factory=dict)
    is_over: bool = False
    failure: BaseException | None = None

    def step(self, number: int) -> Step:
        return self.plan.steps[number - 1]

    def end(self, failure: BaseException | None = None) -> None:
        """Begin no further step."""
        with self.guard:
            self.is_over = True
            self.failure = self.failure or failure


class Stages:
    """Carries out stages. ``now``, ``wall`` and ``wait`` are those of ``RunWorkflows``."""

    def __init__(
        self,
        store: Store,
        now: Clock,
        *,
        runbooks: Mapping[str, Runbook],
        sites: Mapping[str, Site],
        plans: FreshPlans,
        progress: Progress,
        wall: Clock,
        wait: Callable[[float], None],
        lease: Lease,
        limits: Limits,
    ) -> None:
        self._store = store
        self._now = now
        self._runbooks = runbooks
        self._sites = sites
        self._plans = plans
        self._progress = progress
        self._wall = wall
        self._wait = wait
        self._lease = lease
        self._limits = limits
        self._completed: dict[str, datetime] = {}

    def carry_out(self, run: Run, plan: Plan, numbers: Sequence[int]) -> bool:
        """Carry out these steps of a plan; return whether the run goes on with the next stage."""
        stage = _Stage(run=run, plan=plan, numbers=numbers, waiting=deque(numbers))
        self._side_by_side(stage)
        self._finish(stage)
        stops = any(
            stage.step(number).ends_run and result.outcome not in _SUCCEEDED
            for number, result in stage.results.items()
        )
        return not (stage.is_over or stops)

    def has_expired(self, run: Run) -> bool:
        """Whether the approval is too old for a step that has not begun.

        Its lifetime counts from the decision and, as long as this process carries the run out, from the
        last completed step.
        """
        decided = run.decided_at or run.asked_at
        since = max(decided, self._completed.get(run.id, decided))
        return self._wall() - since > min(self._runbooks[run.runbook].policy.lifetime, LONGEST_LIFE)

    def expire(self, tx: Tx, run: Run, number: int) -> None:
        """Record that the approval expired before this step."""
        lifetime = min(self._runbooks[run.runbook].policy.lifetime, LONGEST_LIFE)
        said = APPROVAL_EXPIRED.format(minutes=minutes(lifetime), number=number)
        rows.change(tx, run.id, error=said)

    def forget(self, run: Run) -> None:
        """Keep nothing of a run that has ended."""
        self._completed.pop(run.id, None)

    def _side_by_side(self, stage: _Stage) -> None:
        """Let threads take the steps until none is left, and Slack follow meanwhile."""
        # Daemon threads: a step that waits for its success holds up no stop of the process.
        threads = [
            threading.Thread(
                target=copy_context().run, args=(self._work, stage), name="run-step", daemon=True
            )
            for _ in range(min(SIDE_BY_SIDE, len(stage.numbers)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(APART)
                if stage.failure is None:
                    self._progress.tick(stage.run)
        if stage.failure is not None:
            raise stage.failure

    def _work(self, stage: _Stage) -> None:
        while True:
            with stage.guard:
                if stage.is_over or not stage.waiting:
                    return
                number = stage.waiting.popleft()
            try:
                result = self._step(stage, number)
            except BaseException as failure:  # noqa: BLE001 - raised in the workflow's thread
                stage.end(failure)
                return
            if result is not None:
                with stage.guard:
                    stage.results[number] = result

    def _step(self, stage: _Stage, number: int) -> Result | None:
        """How a step ended; None where it may not begin any more."""
        run, step, site = stage.run, stage.step(number), self._sites[stage.run.hub]
        with self._store.read() as tx:
            begun = rows.step(tx, run.id, number)
            stop_asked_by = rows.stop_asked_by(tx, run.id)
            moment = self._store.now(tx)
        if begun is not None and begun.finished_at is not None:
            return Result.from_json(begun.seen)
        if begun is None and (stop_asked_by or self._ends_by_age(stage, number)):
            stage.end()
            return None
        if begun is not None:
            self._let_call_end(begun, moment)
        if begun is not None and step.destructive:
            result, before = _after_a_kill(step, site), stage.plan.before
        else:
            is_new = begun is None and stage.numbers[0] == 1
            result, before = self._attempt(stage, number, step, site, is_new=is_new)
        with stage.guard:
            stage.before = stage.before or dict(before)
        if result.outcome is Outcome.DONE:
            verified = verify(step, site, lambda: self._plans.facts(run), self._wait, before)
            result = together(result, verified)
        self._ended(stage, number, step, result)
        if (
            begun is None
        ):  # otherwise the run was interrupted, and the approval does not live longer
            with stage.guard:
                self._completed[run.id] = self._wall()
        return result

    def _ends_by_age(self, stage: _Stage, number: int) -> bool:
        """Whether the approval is too old for this step; the run then says so."""
        if not self.has_expired(stage.run):
            return False
        with stage.guard:
            is_first, stage.is_over = not stage.is_over, True
        if is_first:
            with self._store.write() as tx:
                self.expire(tx, stage.run, number)
        return True

    def _attempt(
        self, stage: _Stage, number: int, step: Step, site: Site, *, is_new: bool
    ) -> tuple[Result, dict[str, Any]]:
        """How the step went, and what was counted before it."""
        run = stage.run
        begin = partial(self._begin, stage, number, step)
        for tries in range(1, MOST_TRIES + 1):
            is_first = tries == 1
            act = partial(attempt, begin=begin, is_new=is_new and is_first)
            result, fresh = self._try(run, step, site, act, is_first=is_first)
            if result.outcome is not Outcome.RETRY or tries == MOST_TRIES:
                break
            if result.after > LONGEST_WAIT:
                break  # people watch, and nothing else may run on this hub meanwhile
            self._wait(result.after)
        if result.outcome is Outcome.RETRY:
            begin()
            seen = {**result.seen, "tries": tries}
            result = Result(outcome=Outcome.FAILED, seen=seen, error=result.error)
        return result, fresh.before

    def _try(
        self, run: Run, step: Step, site: Site, act: Callable[..., Result], *, is_first: bool
    ) -> tuple[Result, Plan]:
        """Act once, if a plan that is young enough has the step.

        A reading of everything that all steps share is enough to leave a step out, and to act where the
        target itself is unchanged just before; elsewhere everything is read now.
        """
        if is_first:
            fresh = run_rules.as_approved(run, self._settled(run, step))
            with deadline.within(self._limits.call):
                if not step.destructive or fresh.left_out(step) or unchanged(step, site):
                    return act(step, site, fresh), fresh
        fresh = run_rules.as_approved(run, self._plans.shared(run, within=0.0))
        with deadline.within(self._limits.call):
            return act(step, site, fresh), fresh

    def _settled(self, run: Run, step: Step) -> Plan:
        """A plan that is young enough; of one that may lack the step only for a moment, a later one.

        While servers are being ended, hub and cluster differ for moments, and other servers can't be judged.
        """
        fresh = self._plans.shared(run)
        for _ in range(SETTLING):
            unknown = fresh.conditions.get(Condition.UNKNOWN)
            if not (step.destructive and unknown and fresh.left_out(step)) or fresh.undecided:
                break
            self._wait(SETTLES)
            fresh = self._plans.shared(run, within=SETTLES / 2)
        return fresh

    def _begin(self, stage: _Stage, number: int, step: Step) -> None:
        """Commit that a step is about to act, while this replica holds its lease."""
        run = stage.run
        with self._store.write() as tx:
            self._lease.check(tx)
            moment = self._store.now(tx)
            is_first = rows.begin_step(
                tx,
                run.id,
                number,
                stage=stage.numbers[0],
                now=self._now(),
                attempted_at=moment,
            )
            if is_first:
                left = run_leaves.of(step, run, number, now=self._now(), wall=self._wall())
                if left is not None:
                    obligation_rows.add(tx, left)
                audit.add(tx, _audit_line(run, number, step))
                self._progress.changed(tx, run)

    def _let_call_end(self, begun: RunStep, now: datetime) -> None:
        """Wait until the call that was interrupted can have no further effect."""
        age = (now - begun.attempted_at).total_seconds() if begun.attempted_at else 0.0
        if (left := self._limits.call - age) > 0:
            self._wait(left)

    def _ended(self, stage: _Stage, number: int, step: Step, result: Result) -> None:
        run = stage.run
        with deadline.within(self._limits.call):
            is_clean = step.undo_at and run_leaves.leaves_nothing(
                step, self._sites[run.hub], result
            )
        with self._store.write() as tx:
            rows.end_step(
                tx,
                run.id,
                number,
                state=STATES[result.outcome],
                seen=result.to_json(),
                now=self._now(),
            )
            if is_clean:
                obligation_rows.drop(tx, run.id, number)
            if result.outcome is Outcome.DONE:
                run_leaves.settle(tx, run, step, now=self._now(), told_at=self._store.now(tx))
            audit.add(tx, _audit_line(run, number, step, result))
            self._progress.changed(tx, run)

    def _finish(self, stage: _Stage) -> None:
        """Record what the stage did, and what it changed."""
        run, numbers = stage.run, stage.numbers
        counts = self._counted(stage)
        with self._store.write() as tx:
            if counts and stage.results:
                rows.add_counts(tx, run.id, min(stage.results), counts)
            begun = [each for each in rows.steps(tx, run.id) if each.number in set(numbers)]
            record_stage(tx, run, stage.plan, begun, now=self._now())
            self._progress.changed(tx, run)

    def _counted(self, stage: _Stage) -> dict[str, Any]:
        """Servers and routes before and after a stage that ended servers, as far as they can be read."""
        cleared = [
            number
            for number, result in stage.results.items()
            if isinstance(stage.step(number), ServerStep) and result.outcome is Outcome.DONE
        ]
        if not cleared:
            return {}
        try:
            with deadline.patience(self._limits.call):
                after = self._plans.facts(stage.run).totals
        except (UserError, RetryLater):
            return {}
        known = {key: count for key, count in after.items() if count is not None}
        return paired(stage.before, known)


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


def _after_a_kill(step: Step, site: Site) -> Result:
    if already_done(step, site):
        return Result(outcome=Outcome.DONE)
    return Result(outcome=Outcome.UNCLEAR, error=INTERRUPTED)
