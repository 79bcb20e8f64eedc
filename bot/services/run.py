"""Running a runbook: facts, a plan, somebody's yes, and then step by step, each verified.

A destructive step commits that it is about to act before it acts. If a kill comes in between, the replay
finds that row, looks at the target, and if the step is not evidently done it stops and asks for a human:
nothing destructive is ever repeated by itself. A plan is confirmed once; afterwards its buttons are dead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.domain.hubs import HubFacts
from bot.domain.plans import Outcome, Plan, Result, Step, StepVerb
from bot.domain.timeline import EntryKind
from bot.errors import MaydayError, Tell
from bot.ports import Clock, Durable, Post
from bot.render.runs import run_posts
from bot.runbook import Ask, Runbook
from bot.services import sync
from bot.services.change import Act
from bot.services.facts import read_facts
from bot.services.projections import RunPosts
from bot.services.steps import Site, attempt, evidently_done, verify
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run, RunState, RunStep, StepState

PLAN = "plan"
EXECUTE = "execute"
LOST = "mayday itself failed here; its log says how. Look at the hub, then ask for a new plan."
EXPIRES_AFTER = timedelta(minutes=15)
MOST_TRIES = 3
LONGEST_WAIT = 60.0
"""Seconds that a step waits where a system asks for it; who asks for more has failed this time."""
RESYNC = "resync-routes"
"""The runbook that is to be tried before a proxy is restarted."""

_STATES = {
    Outcome.DONE: StepState.DONE,
    Outcome.SKIPPED: StepState.DONE,
    Outcome.RETRY: StepState.FAILED,
    Outcome.FAILED: StepState.FAILED,
    Outcome.UNCLEAR: StepState.UNCLEAR,
}


class Runs:
    """Runs of runbooks. ``wall`` is real time, which ages of pods and of plans are measured by;
    ``wait`` lets real seconds pass."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        *,
        books: Mapping[str, Runbook],
        sites: Mapping[str, Site],
        wall: Clock,
        wait: Callable[[float], None],
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._books = books
        self._sites = sites
        self._wall = wall
        self._wait = wait

    @property
    def books(self) -> Mapping[str, Runbook]:
        """The runbooks on offer, by name."""
        return self._books

    @property
    def hubs(self) -> list[str]:
        """The hubs that they can be run on."""
        return list(self._sites)

    def ask(self, act: Act, *, runbook: str, hub: str, users: frozenset[str]) -> Run:
        """Have a plan made; the person must have been authorised.

        Raises:
            Tell: no such runbook or hub, or the incident is closed.
        """
        if runbook not in self._books:
            raise Tell(f"There is no runbook “{runbook}”: use one of {', '.join(self._books)}.")
        if not self._sites:
            raise Tell("No hub is configured: add hubs and clusters to mayday.yaml.")
        if hub not in self._sites:
            raise Tell(f"mayday knows no hub “{hub}”: use one of {', '.join(self._sites)}.")
        run = Run(
            id=hashlib.sha256(f"{act.incident_id}/{act.cause}".encode()).hexdigest()[:12],
            incident_id=act.incident_id,
            runbook=runbook,
            hub=hub,
            options={"users": sorted(users)},
            state=RunState.PLANNING,
            plan=None,
            facts=None,
            result=None,
            error="",
            asked_by=act.by,
            asked_at=self._wall(),
        )
        with self._store.write() as tx:
            incident = incident_rows.get(tx, act.incident_id, lock=True)
            if incident.closed_at is not None:
                raise Tell("This incident is closed: reopen it first with /incident reopen.")
            if rows.add(tx, run):
                sync.enqueue(self._durable, tx, act.incident_id, f"run/{run.id}/asked")
                self._durable.enqueue(
                    tx, PLAN, key=f"{PLAN}/{run.id}", lane=f"run/{run.id}", args=[run.id]
                )
        return run

    def confirm(self, run_id: str, by: str) -> Run:
        """Have the plan carried out; the person must have been authorised.

        Raises:
            Tell: the plan was decided on already, is too old, or its hub is busy.
        """
        with self._store.write() as tx:
            run = self._undecided(tx, run_id)
            if incident_rows.get(tx, run.incident_id).closed_at is not None:
                raise Tell("This incident is closed: reopen it first with /incident reopen.")
            expired = self._wall() - run.asked_at > EXPIRES_AFTER
            busy = not expired and rows.is_hub_busy(tx, run.hub)
            if busy:
                raise Tell(f"Another runbook is running on {run.hub}: wait until it is done.")
            self._decide(tx, run, by, RunState.EXPIRED if expired else RunState.RUNNING)
            if not expired:
                self._durable.enqueue(
                    tx, EXECUTE, key=f"{EXECUTE}/{run.id}", lane=f"hub/{run.hub}", args=[run.id]
                )
        if expired:
            minutes = int(EXPIRES_AFTER.total_seconds() // 60)
            raise Tell(
                f"This plan is over {minutes} minutes old: ask for a new one, /incident run."
            )
        return run

    def cancel(self, run_id: str, by: str) -> None:
        """Drop the plan.

        Raises:
            Tell: it was decided on already.
        """
        with self._store.write() as tx:
            run = self._undecided(tx, run_id)
            self._decide(tx, run, by, RunState.CANCELLED)

    def incident_of(self, run_id: str) -> str:
        """The incident that a run belongs to.

        Raises:
            Tell: there is no such run.
        """
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise Tell("mayday does not know this plan any more: ask for a new one, /incident run.")
        return run.incident_id

    def end_lost(self) -> int:
        """End the runs whose workflow ended by an error that nobody foresaw; return how many.

        What had begun may have acted, so a human has to look.
        """
        with self._store.read() as tx:
            under_way = rows.under_way(tx)
        lost = [run for run in under_way if self._durable.is_lost(_workflow_key(run))]
        for run in lost:
            with self._store.write() as tx:
                begun = bool(rows.steps(tx, run.id))
                rows.change(
                    tx,
                    run.id,
                    state=(RunState.NEEDS_HUMAN if begun else RunState.FAILED).value,
                    error=LOST,
                    finished_at=self._wall(),
                )
                sync.enqueue(self._durable, tx, run.incident_id, f"run/{run.id}/lost")
        return len(lost)

    # --- workflows -----------------------------------------------------------------------------

    def plan_workflow(self, run_id: str) -> None:
        """Read facts and make the plan."""
        self._durable.step("plan", self._make_plan, run_id)

    def execute_workflow(self, run_id: str) -> None:
        """Carry out what is still needed of a confirmed plan, one step after the other."""
        count = self._durable.step("recheck", self._recheck, run_id)["steps"]
        for number in range(1, count + 1):
            if self._durable.step(f"step {number}", self._step, run_id, number)["stop"]:
                break
        self._durable.step("finish", self._finish, run_id)

    def _make_plan(self, run_id: str) -> dict[str, Any]:
        run = self._run(run_id)
        try:
            plan = self._fresh(run)
        except MaydayError as exc:
            return self._planned(run, RunState.FAILED, error=str(exc))
        state = RunState.PLANNED if plan.steps else RunState.NOTHING_TO_DO
        return self._planned(run, state, plan=plan.to_json())

    def _planned(
        self, run: Run, state: RunState, *, plan: Mapping[str, Any] | None = None, error: str = ""
    ) -> dict[str, Any]:
        with self._store.write() as tx:
            rows.change(tx, run.id, state=state.value, plan=plan, error=error)
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run.id}/planned")
        return {"state": state.value}

    def _recheck(self, run_id: str) -> dict[str, Any]:
        """What was confirmed, less what is no longer so; nothing that was not confirmed."""
        run = self._run(run_id)
        try:
            plan = Plan.from_json(run.plan or {}).still_needed(self._fresh(run))
        except MaydayError as exc:
            with self._store.write() as tx:
                rows.change(tx, run_id, error=str(exc))
            return {"steps": 0}
        with self._store.write() as tx:
            rows.change(tx, run_id, plan=plan.to_json())
        return {"steps": len(plan.steps)}

    def _step(self, run_id: str, number: int) -> dict[str, Any]:
        run = self._run(run_id)
        plan = Plan.from_json(run.plan or {})
        step = plan.steps[number - 1]
        with self._store.write() as tx:
            first = rows.begin_step(tx, run_id, number, now=self._now())
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run_id}/{number}/begun")
            steps = rows.steps(tx, run_id)
        begun = next(s for s in steps if s.number == number)
        if begun.finished_at is not None:
            return _stops(step, Result.from_json(begun.seen))
        site = self._sites[run.hub]
        if not first and step.destructive:
            result = self._after_a_kill(step, site)
        else:
            result = self._attempt(step, site)
        if result.outcome is Outcome.DONE:
            before = _before(plan, steps)
            verified = verify(step.measure, lambda: self._facts(run.hub), self._wait, before)
            result = Result(
                outcome=verified.outcome,
                seen={**result.seen, **verified.seen},
                error=verified.error,
            )
        self._ended(run, plan, number, step, result)
        return _stops(step, result)

    def _attempt(self, step: Step, site: Site) -> Result:
        for tries in range(1, MOST_TRIES + 1):
            result = attempt(step, site)
            if result.outcome is not Outcome.RETRY or tries == MOST_TRIES:
                break
            if result.after > LONGEST_WAIT:
                break  # people watch, and nothing else may run on this hub meanwhile
            self._wait(result.after)
        if result.outcome is Outcome.RETRY:
            return Result(outcome=Outcome.FAILED, seen=result.seen, error=result.error)
        return result

    def _after_a_kill(self, step: Step, site: Site) -> Result:
        if evidently_done(step, site):
            return Result(outcome=Outcome.DONE)
        return Result(
            outcome=Outcome.UNCLEAR,
            error=(
                "mayday was interrupted here and does not repeat a destructive step by itself: "
                "look at the target, then ask for a new plan."
            ),
        )

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
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run.id}/{number}/ended")

    def _finish(self, run_id: str) -> dict[str, Any]:
        with self._store.write() as tx:
            run = rows.get(tx, run_id, lock=True)
            if run is None:
                raise LookupError(run_id)
            states = {step.state for step in rows.steps(tx, run_id)}
            if StepState.UNCLEAR in states or StepState.ATTEMPTING in states:
                state = RunState.NEEDS_HUMAN
            elif StepState.FAILED in states or run.error:
                state = RunState.FAILED
            else:
                state = RunState.DONE if states else RunState.NOTHING_TO_DO
            rows.change(tx, run_id, state=state.value, finished_at=self._wall())
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run_id}/finished")
        return {"state": state.value}

    def _fresh(self, run: Run) -> Plan:
        book = self._books[run.runbook]
        ask = Ask(users=frozenset(run.options.get("users") or ()))
        return book.plan(self._facts(run.hub), ask)

    def _facts(self, hub: str) -> HubFacts:
        site = self._sites[hub]
        with self._store.read() as tx:
            resynced_at = rows.last_done(tx, hub=hub, runbook=RESYNC)
        return read_facts(site.hub, site.cluster, site.place, self._wall(), resynced_at=resynced_at)

    def _run(self, run_id: str) -> Run:
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise LookupError(run_id)
        return run

    def _undecided(self, tx: Tx, run_id: str) -> Run:
        run = rows.get(tx, run_id, lock=True)
        if run is None:
            raise Tell("mayday does not know this plan any more: ask for a new one, /incident run.")
        if run.state is not RunState.PLANNED:
            whom = f" by <@{run.decided_by}>" if run.decided_by else ""
            raise Tell(f"This plan was decided on already{whom}: ask for a new one, /incident run.")
        return run

    def _decide(self, tx: Tx, run: Run, by: str, state: RunState) -> None:
        rows.change(tx, run.id, state=state.value, decided_by=by, decided_at=self._wall())
        sync.enqueue(self._durable, tx, run.incident_id, f"run/{run.id}/{state.value}")


def _stops(step: Step, result: Result) -> dict[str, Any]:
    """Whether the steps after this one are pointless: a proxy that did not restart takes no routes,
    while stuck servers have nothing to do with each other."""
    failed = result.outcome in (Outcome.FAILED, Outcome.UNCLEAR, Outcome.RETRY)
    return {"stop": failed and step.verb is StepVerb.RESTART_PROXY}


def _before(plan: Plan, steps: Sequence[RunStep]) -> dict[str, Any]:
    """The counts that a step begins with: what those before it left, else those of the plan."""
    counts: dict[str, Any] = plan.before
    for step in steps:
        if step.finished_at is not None:
            counts |= Result.from_json(step.seen).left
    return counts


def _workflow_key(run: Run) -> str:
    return f"{PLAN if run.state is RunState.PLANNING else EXECUTE}/{run.id}"


def posts_of(books: Mapping[str, Runbook]) -> RunPosts:
    """How a run's rows become the messages that show it."""

    def posts(run: Run, steps: Sequence[RunStep]) -> Iterator[tuple[str, Post, str]]:
        yield from run_posts(
            run_id=run.id,
            title=books[run.runbook].title if run.runbook in books else run.runbook,
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

    return posts
