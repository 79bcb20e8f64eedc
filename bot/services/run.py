"""Running a runbook: facts, a plan, somebody's yes, and then step by step, each verified.

A destructive step commits that it is about to act before it acts. If a kill comes in between, the replay
finds that row, looks at the target, and if the step is not evidently done it stops and asks for a human:
nothing destructive is ever repeated by itself. A plan is confirmed once; afterwards its buttons are dead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from bot.domain.facts import HubFacts
from bot.domain.plans import Outcome, Plan, Result, Step, StepVerb
from bot.domain.timeline import EntryKind
from bot.errors import MaydayError, UserError
from bot.ports import Clock, Durable
from bot.runbook import Parameters, Runbook
from bot.services import sync
from bot.services.change import StateChange
from bot.services.facts import read_facts
from bot.services.sightings import Sightings
from bot.services.site import Site
from bot.services.steps import attempt, evidently_done, verify
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run, RunState, StepState

PLAN = "plan"
EXECUTE = "execute"
LOST = "mayday itself failed here; its log says how. Look at the hub, then ask for a new plan."
EXPIRES_AFTER = timedelta(minutes=15)
"""The lifetime of a plan until it is confirmed, and of the approval until each of its steps."""
APPROVAL_EXPIRED = (
    "It was confirmed over {minutes} minutes before its step {number} could begin: what has not begun is "
    "left out. Ask for a new plan, /incident run."
)
MOST_TRIES = 3
LONGEST_WAIT = 60.0
"""Seconds a step waits at a system's request; a longer request is a failure."""
RESYNC = "resync-routes"
"""The runbook that is to be tried before a proxy is restarted."""

_STATES = {
    Outcome.DONE: StepState.DONE,
    Outcome.SKIPPED: StepState.SKIPPED,
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
        runbooks: Mapping[str, Runbook],
        sites: Mapping[str, Site],
        wall: Clock,
        wait: Callable[[float], None],
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._runbooks = runbooks
        self._sites = sites
        self._sightings = Sightings(store)
        self._wall = wall
        self._wait = wait

    @property
    def runbooks(self) -> Mapping[str, Runbook]:
        """The runbooks on offer, by name."""
        return self._runbooks

    @property
    def hubs(self) -> list[str]:
        """The hubs that they can be run on."""
        return list(self._sites)

    def ask(self, change: StateChange, *, runbook: str, hub: str, users: frozenset[str]) -> Run:
        """Have a plan made; the person must have been authorised.

        Raises:
            UserError: no such runbook or hub, or the incident is closed.
        """
        if runbook not in self._runbooks:
            known = ", ".join(self._runbooks)
            raise UserError(f"There is no runbook “{runbook}”: use one of {known}.")
        if not self._sites:
            raise UserError("No hub is configured: add hubs and clusters to mayday.yaml.")
        if hub not in self._sites:
            raise UserError(f"mayday knows no hub “{hub}”: use one of {', '.join(self._sites)}.")
        run = Run(
            id=hashlib.sha256(
                f"{change.incident_id}/{change.idempotency_key}".encode()
            ).hexdigest()[:12],
            incident_id=change.incident_id,
            runbook=runbook,
            hub=hub,
            options={"users": sorted(users)},
            state=RunState.PLANNING,
            plan=None,
            error="",
            asked_by=change.by,
            asked_at=self._wall(),
        )
        with self._store.write() as tx:
            incident = incident_rows.get(tx, change.incident_id, lock=True)
            if incident.closed_at is not None:
                raise UserError("This incident is closed: reopen it first with /incident reopen.")
            if rows.add(tx, run):
                sync.enqueue(self._durable, tx, change.incident_id, f"run/{run.id}/asked")
                self._durable.enqueue(
                    tx, PLAN, key=f"{PLAN}/{run.id}", partition_key=f"run/{run.id}", args=[run.id]
                )
        return run

    def confirm(self, run_id: str, by: str) -> Run:
        """Have the plan carried out; the person must have been authorised.

        Raises:
            UserError: the plan was decided on already, is too old, or its hub is busy.
        """
        with self._store.write() as tx:
            run = self._undecided(tx, run_id)
            if incident_rows.get(tx, run.incident_id).closed_at is not None:
                raise UserError("This incident is closed: reopen it first with /incident reopen.")
            expired = self._wall() - run.asked_at > EXPIRES_AFTER
            busy = not expired and rows.is_hub_busy(tx, run.hub)
            if busy:
                raise UserError(f"Another runbook is running on {run.hub}: wait until it is done.")
            self._decide(tx, run, by, RunState.EXPIRED if expired else RunState.RUNNING)
            if not expired:
                self._durable.enqueue(
                    tx,
                    EXECUTE,
                    key=f"{EXECUTE}/{run.id}",
                    partition_key=f"hub/{run.hub}",
                    args=[run.id],
                )
        if expired:
            minutes = int(EXPIRES_AFTER.total_seconds() // 60)
            raise UserError(
                f"This plan is over {minutes} minutes old: ask for a new one, /incident run."
            )
        return run

    def cancel(self, run_id: str, by: str) -> None:
        """Drop the plan.

        Raises:
            UserError: it was decided on already.
        """
        with self._store.write() as tx:
            run = self._undecided(tx, run_id)
            self._decide(tx, run, by, RunState.CANCELLED)

    def under_way(self, incident_id: str) -> list[Run]:
        """The runs of an incident that are being carried out just now."""
        with self._store.read() as tx:
            return rows.running(tx, incident_id)

    def incident_of(self, run_id: str) -> str:
        """The incident that a run belongs to.

        Raises:
            UserError: there is no such run.
        """
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise UserError(
                "mayday does not know this plan any more: ask for a new one, /incident run."
            )
        return run.incident_id

    def end_lost(self) -> int:
        """End the runs whose workflow ended by an error that nobody foresaw; return how many.

        What had begun may have acted, so a human has to look.
        """
        with self._store.read() as tx:
            under_way = rows.under_way(tx)
        lost = [run for run in under_way if self._durable.has_failed(_workflow_key(run))]
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
            rows.change(tx, run.id, state=state.value, plan=plan, error=error)
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run.id}/planned")
        return {"state": state.value}

    def _count(self, run_id: str) -> dict[str, Any]:
        return {"steps": len(Plan.from_json(self._run(run_id).plan or {}).steps)}

    def _step(self, run_id: str, number: int) -> dict[str, Any]:
        run = self._run(run_id)
        plan = Plan.from_json(run.plan or {})
        step = plan.steps[number - 1]
        with self._store.write() as tx:
            if self._has_expired(tx, run, number):
                return {"stop": True}
            first = rows.begin_step(tx, run_id, number, now=self._now())
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run_id}/{number}/begun")
            begun = next(s for s in rows.steps(tx, run_id) if s.number == number)
        if begun.finished_at is not None:
            return _stops(step, Result.from_json(begun.seen))
        site = self._sites[run.hub]
        if not first and step.destructive:
            result, before = self._after_a_kill(step, site), plan.before
        else:
            result, before = self._attempt(run, step, site)
        if result.outcome is Outcome.DONE:
            verified = verify(step.measure, lambda: self._facts(run), self._wait, before)
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
        if self._wall() - decided <= EXPIRES_AFTER or any(
            step.number == number for step in rows.steps(tx, run.id)
        ):
            return False
        minutes = int(EXPIRES_AFTER.total_seconds() // 60)
        rows.change(tx, run.id, error=APPROVAL_EXPIRED.format(minutes=minutes, number=number))
        return True

    def _attempt(self, run: Run, step: Step, site: Site) -> tuple[Result, dict[str, Any]]:
        """How the step went, and what was counted just before it."""
        for tries in range(1, MOST_TRIES + 1):
            fresh = self._fresh(run)
            result = attempt(step, site, fresh)
            if result.outcome is not Outcome.RETRY or tries == MOST_TRIES:
                break
            if result.after > LONGEST_WAIT:
                break  # people watch, and nothing else may run on this hub meanwhile
            self._wait(result.after)
        if result.outcome is Outcome.RETRY:
            result = Result(outcome=Outcome.FAILED, seen=result.seen, error=result.error)
        return result, fresh.before

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
            elif StepState.FAILED in states:
                state = RunState.FAILED
            elif run.error:
                state = RunState.EXPIRED
            else:
                state = RunState.DONE if StepState.DONE in states else RunState.NOTHING_TO_DO
            rows.change(tx, run_id, state=state.value, finished_at=self._wall())
            sync.enqueue(self._durable, tx, run.incident_id, f"run/{run_id}/finished")
        return {"state": state.value}

    def _fresh(self, run: Run, *, rights: bool = False) -> Plan:
        parameters = Parameters(users=frozenset(run.options.get("users") or ()))
        return self._runbooks[run.runbook].plan(self._facts(run, rights=rights), parameters)

    def _facts(self, run: Run, *, rights: bool = False) -> HubFacts:
        with self._store.read() as tx:
            resynced_at = rows.last_done(
                tx, incident_id=run.incident_id, hub=run.hub, runbook=RESYNC
            )
        now = self._wall()
        return read_facts(
            self._sites[run.hub],
            now,
            since=lambda servers: self._sightings.of(run.hub, servers, now),
            named=run.options.get("users") or (),
            rights=rights,
            resynced_at=resynced_at,
        )

    def _run(self, run_id: str) -> Run:
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise LookupError(run_id)
        return run

    def _undecided(self, tx: Tx, run_id: str) -> Run:
        run = rows.get(tx, run_id, lock=True)
        if run is None:
            raise UserError(
                "mayday does not know this plan any more: ask for a new one, /incident run."
            )
        if run.state is not RunState.PLANNED:
            whom = f" by <@{run.decided_by}>" if run.decided_by else ""
            raise UserError(
                f"This plan was decided on already{whom}: ask for a new one, /incident run."
            )
        return run

    def _decide(self, tx: Tx, run: Run, by: str, state: RunState) -> None:
        rows.change(tx, run.id, state=state.value, decided_by=by, decided_at=self._wall())
        sync.enqueue(self._durable, tx, run.incident_id, f"run/{run.id}/{state.value}")


def _stops(step: Step, result: Result) -> dict[str, Any]:
    """Whether the steps after this one are pointless: a proxy that did not restart takes no routes,
    while stuck servers have nothing to do with each other."""
    failed = result.outcome in (Outcome.FAILED, Outcome.UNCLEAR, Outcome.RETRY)
    return {"stop": failed and step.verb is StepVerb.RESTART_PROXY}


def _workflow_key(run: Run) -> str:
    return f"{PLAN if run.state is RunState.PLANNING else EXECUTE}/{run.id}"
