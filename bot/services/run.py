"""What people decide about a runbook: ask for a plan, confirm it, cancel it.

A plan is confirmed once; afterwards its buttons are dead. What follows from a decision is work for
:mod:`bot.services.run_workflows`, enqueued in the transaction that stores the decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.command import COMMAND
from bot.domain.incident import IS_CLOSED
from bot.domain.resources import digest
from bot.domain.runs import RunState
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.runbook import Runbook
from bot.runbook.plan import Plan, UnreadablePlan
from bot.runbook.site import Site
from bot.services import sync
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run

PLAN = "plan"
EXECUTE = "execute"
"""The workflows, and the first part of their keys."""

EXPIRES_AFTER = timedelta(minutes=15)
"""The lifetime of a plan until it is confirmed, and of the approval until each of its steps."""

NO_RUNBOOK = "There is no runbook “{runbook}”: use one of {known}."
NO_HUBS = "No hub is configured: add hubs and clusters to mayday.yaml."
NO_HUB = "There is no hub “{hub}”: use one of {known}."
BUSY = "Another runbook is running on {hub}. Wait until it has finished."
EXPIRED = f"This plan is more than {{minutes}} minutes old. Ask for a new one with {COMMAND} run."
DECIDED = (
    f"This plan was already confirmed or cancelled{{whom}}. Ask for a new one with {COMMAND} run."
)
NOT_RUNNING = "This run has ended already, so there is nothing to stop."
GONE = f"mayday no longer has this plan. Ask for a new one with {COMMAND} run."


class Runs:
    """The runs of runbooks. ``wall`` is real time, by which a plan ages."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        *,
        runbooks: Mapping[str, Runbook],
        sites: Mapping[str, Site],
        wall: Clock,
    ) -> None:
        self._store = store
        self._durable = durable
        self._runbooks = runbooks
        self._sites = sites
        self._wall = wall

    @property
    def runbooks(self) -> Mapping[str, Runbook]:
        """The runbooks on offer, by name."""
        return self._runbooks

    @property
    def hubs(self) -> list[str]:
        """The hubs that they can be run on."""
        return list(self._sites)

    def request_plan(
        self, change: StateChange, *, runbook: str, hub: str, arguments: Mapping[str, Any]
    ) -> Run:
        """Have a plan made; the person must have been authorised. ``arguments`` are stored ones.

        Raises:
            UserError: no such runbook or hub, or the incident is closed.
        """
        if runbook not in self._runbooks:
            raise UserError(NO_RUNBOOK.format(runbook=runbook, known=", ".join(self._runbooks)))
        if not self._sites:
            raise UserError(NO_HUBS)
        if hub not in self._sites:
            raise UserError(NO_HUB.format(hub=hub, known=", ".join(self._sites)))
        run = Run(
            id=hashlib.sha256(
                f"{change.incident_id}/{change.idempotency_key}".encode()
            ).hexdigest()[:12],
            incident_id=change.incident_id,
            runbook=runbook,
            hub=hub,
            options=dict(arguments),
            state=RunState.PLANNING,
            plan=None,
            error="",
            asked_by=change.by,
            asked_at=self._wall(),
        )
        with self._store.write() as tx:
            if incident_rows.get(tx, change.incident_id, lock=True).closed_at is not None:
                raise UserError(IS_CLOSED)
            if rows.add(tx, run):
                asked = {"runbook": runbook, "hub": hub, **run.options}
                audit.add(tx, change.line("run.plan", target=f"run/{run.id}", after=asked))
                sync.enqueue(self._durable, tx, change.incident_id, f"run/{run.id}/asked")
                self._durable.enqueue(
                    tx, PLAN, key=f"{PLAN}/{run.id}", partition_key=f"run/{run.id}", args=[run.id]
                )
        return run

    def confirm(self, run_id: str, by: str, *, origin: str = "") -> Run:
        """Have the plan carried out; the person must have been authorised.

        Raises:
            UserError: the plan was decided on already, is too old or unreadable, or its hub is busy.
        """
        incident_id = self.incident_of(run_id)
        with self._store.write() as tx:
            # Locked before the run, as elsewhere, and so that it isn't closed at the same moment.
            if incident_rows.get(tx, incident_id, lock=True).closed_at is not None:
                raise UserError(IS_CLOSED)
            run = self._undecided(tx, run_id)
            refusal = self._refuse(tx, run, by, origin)
            if not refusal:
                if not rows.start(tx, run.id):
                    raise UserError(BUSY.format(hub=run.hub))
                self._decide(tx, run, by, RunState.RUNNING, origin)
                self._durable.enqueue(
                    tx,
                    EXECUTE,
                    key=execute_key(run),
                    partition_key=f"hub/{run.hub}",
                    args=[run.id],
                )
        if refusal:  # raised after the commit, which ends the run
            raise UserError(refusal)
        return run

    def cancel(self, run_id: str, by: str, *, origin: str = "") -> None:
        """Drop the plan.

        Raises:
            UserError: it was decided on already.
        """
        with self._store.write() as tx:
            run = self._undecided(tx, run_id)
            self._decide(tx, run, by, RunState.CANCELLED, origin)

    def stop(self, run_id: str, by: str, *, origin: str = "") -> None:
        """Begin no further step of a run; those under way end as they would.

        Raises:
            UserError: it is not under way any more.
        """
        with self._store.write() as tx:
            run = rows.get(tx, run_id, lock=True)
            if run is None:
                raise UserError(GONE)
            if run.state is not RunState.RUNNING:
                raise UserError(NOT_RUNNING)
            if run.stop_asked_by:
                return
            rows.change(tx, run_id, stop_asked_by=by)
            audit.add(
                tx,
                AuditLine(
                    actor=by,
                    act="run.stop",
                    outcome=AuditOutcome.DONE,
                    target=f"run/{run.id}",
                    incident_id=run.incident_id,
                    origin=origin,
                    after={"runbook": run.runbook, "hub": run.hub},
                    source=f"run.stop/{run.id}",
                ),
            )
            sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/stop")

    def under_way(self, incident_id: str) -> list[Run]:
        """The runs of an incident that are being carried out now."""
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
            raise UserError(GONE)
        return run.incident_id

    def _refuse(self, tx: Tx, run: Run, by: str, origin: str) -> str:
        """Why this plan can never be carried out any more, and end its run; empty where it can be."""
        known = self._runbooks.get(run.runbook)
        lifetime = known.policy.lifetime if known else EXPIRES_AFTER
        if self._wall() - (run.planned_at or run.asked_at) > lifetime:
            said = EXPIRED.format(minutes=minutes(lifetime))
            self._decide(tx, run, by, RunState.EXPIRED, origin, reason=said)
            return said
        try:
            Plan.from_json(run.plan or {})
        except UnreadablePlan as exc:
            rows.change(tx, run.id, error=str(exc))
            self._decide(tx, run, by, RunState.FAILED, origin, reason=str(exc))
            return str(exc)
        return ""

    def _undecided(self, tx: Tx, run_id: str) -> Run:
        run = rows.get(tx, run_id, lock=True)
        if run is None:
            raise UserError(GONE)
        if run.state is not RunState.PLANNED:
            whom = f" by <@{run.decided_by}>" if run.decided_by else ""
            raise UserError(DECIDED.format(whom=whom))
        return run

    def _decide(
        self, tx: Tx, run: Run, by: str, state: RunState, origin: str, *, reason: str = ""
    ) -> None:
        rows.change(tx, run.id, state=state, decided_by=by, decided_at=self._wall())
        plan = {"runbook": run.runbook, "hub": run.hub, "plan": digest(run.plan)}
        audit.add(
            tx,
            AuditLine(
                actor=by,
                act="run.cancel" if state is RunState.CANCELLED else "run.confirm",
                outcome=AuditOutcome.FAILED if reason else AuditOutcome.DONE,
                target=f"run/{run.id}",
                incident_id=run.incident_id,
                origin=origin,
                reason=reason,
                before={"state": run.state.value},
                after={"state": state.value, **plan},
                source=f"run.decide/{_round(run)}",
            ),
        )
        sync.enqueue(self._durable, tx, run.owner, f"run/{_round(run)}/{state.value}")


def execute_key(run: Run) -> str:
    """The key of the workflow that carries out the plan of this round."""
    return f"{EXECUTE}/{_round(run)}"


def _round(run: Run) -> str:
    """The run and, from the second plan on, its round: a plan that changed is decided on again."""
    return f"{run.id}/{run.round}" if run.round > 1 else run.id


def minutes(span: timedelta) -> int:
    """Whole minutes, for sentences."""
    return int(span.total_seconds() // 60)
