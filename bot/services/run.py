"""What people decide about a runbook: ask for a plan, approve it, cancel it.

A plan starts once, in the transaction of the approval that was still missing; afterwards its buttons are
dead. What follows from a decision is work for :mod:`bot.services.run_workflows`, enqueued in the transaction
that stores the decision.
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
from bot.domain.run_policy import Where
from bot.domain.runs import RunState
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.runbook import Runbook
from bot.runbook.plan import Plan, UnreadablePlan
from bot.runbook.site import Site
from bot.services import run_rules, sync
from bot.services.run_rules import (
    APPROVED_ALREADY,
    DRY_RUN,
    NO_RUNBOOK_NOW,
    NOT_THE_ASKER,
    people,
)
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from bot.store.engine import Store, Tx
from bot.store.runs import Run

PLAN = "plan"
EXECUTE = "execute"
"""The workflows, and the first part of their keys."""

EXPIRES_AFTER = timedelta(minutes=15)
"""The lifetime of a plan whose runbook does not exist any more."""

NEEDS_INCIDENT = "needs_incident"
"""The code of the refusal of a runbook that runs only in incidents."""

NO_RUNBOOK = "There is no runbook “{runbook}”. Known: {known}."
NO_HUBS = "No hub is configured: add hubs and clusters to mayday.yaml."
NO_HUB = "There is no hub “{hub}”. Known: {known}."
NO_HUB_NOW = "Hub {hub} is no longer in mayday.yaml, so the plan can't be run."
EXPIRED = f"This plan is more than {{age}} old. Ask for a new one with {COMMAND} run."
DECIDED = (
    f"This plan was already confirmed or cancelled{{whom}}. Ask for a new one with {COMMAND} run."
)
CHANGED = "The plan has changed since you saw it. Read the plan that is shown now, then decide."
NOT_RUNNING = "This run has ended already, so there is nothing to stop."
GONE = f"mayday no longer has this plan. Ask for a new one with {COMMAND} run."
IN_INCIDENTS = "{runbook} runs only in the channel of an open incident."
NO_CHANNEL = "mayday can't tell which channel this is. Use the command in a channel."


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

    def has_notices(self, hub: str) -> bool:
        """Whether a hub's page can show a notice."""
        return hub in self._sites and self._sites[hub].notices is not None

    def request_plan(
        self,
        change: StateChange,
        *,
        runbook: str,
        hub: str,
        arguments: Mapping[str, Any],
        channel: str = "",
    ) -> Run:
        """Have a plan made; the person must have been authorised. ``arguments`` are stored ones.

        Outside of incidents, ``channel`` is where it is asked for and shown.

        Raises:
            UserError: no such runbook or hub, the incident is closed, or the runbook needs an incident.
        """
        if runbook not in self._runbooks:
            raise UserError(NO_RUNBOOK.format(runbook=runbook, known=", ".join(self._runbooks)))
        if not self._sites:
            raise UserError(NO_HUBS)
        if hub not in self._sites:
            raise UserError(NO_HUB.format(hub=hub, known=", ".join(self._sites)))
        if not change.incident_id:
            if self._runbooks[runbook].policy.where is Where.INCIDENT:
                raise UserError(IN_INCIDENTS.format(runbook=runbook), code=NEEDS_INCIDENT)
            if not channel:
                raise UserError(NO_CHANNEL)
        asked_in = change.incident_id or channel
        run = Run(
            id=hashlib.sha256(f"{asked_in}/{change.idempotency_key}".encode()).hexdigest()[:12],
            incident_id=change.incident_id or None,
            channel_id="" if change.incident_id else channel,
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
            _lock_open(tx, run.incident_id)
            if rows.add(tx, run):
                asked = {"runbook": runbook, "hub": hub, **run.options}
                audit.add(tx, change.line("run.plan", target=f"run/{run.id}", after=asked))
                sync.enqueue(self._durable, tx, run.owner, f"run/{run.id}/asked")
                self._durable.enqueue(
                    tx, PLAN, key=f"{PLAN}/{run.id}", partition_key=f"run/{run.id}", args=[run.id]
                )
        return run

    def confirm(self, run_id: str, by: str, *, of_round: int = 1, origin: str = "") -> Run:
        """Approve the plan, and have it carried out unless others must approve it, too.

        The person must have been authorised. ``of_round`` is the round of the plan that they saw.

        Raises:
            UserError: the plan was decided on already, has changed, is too old, unreadable or a dry run, the
                person's approval does not count, or another run or a cooldown forbids it now.
        """
        incident_id = self.get(run_id).incident_id
        with self._store.write() as tx:
            # Locked before the run, as elsewhere, and so that it isn't closed at the same moment.
            _lock_open(tx, incident_id)
            run = self._undecided(tx, run_id)
            if of_round != max(run.round, 1):
                raise UserError(CHANGED)
            refusal = self._refuse(tx, run, by, origin)
            if not refusal:
                plan = Plan.from_json(run.plan or {})
                if self._is_approved(tx, run, plan, by, origin):
                    self._start(tx, run, plan, by, origin)
        if refusal:  # raised after the commit, which ends the run
            raise UserError(refusal)
        return run

    def _is_approved(self, tx: Tx, run: Run, plan: Plan, by: str, origin: str) -> bool:
        """Record an approval where others must approve; return whether none is missing now."""
        runbook = self._runbooks[run.runbook]
        if runbook.policy.is_dry_run:
            raise UserError(DRY_RUN.format(runbook=run.runbook))
        needed = run_rules.needed(runbook, plan)
        if not needed:
            return True
        missing = needed - len(rows.approved_by(tx, run))
        if by == run.asked_by:
            raise UserError(NOT_THE_ASKER.format(count=missing, people=people(missing)))
        if not rows.approve(tx, run, by=by, at=self._wall()):
            raise UserError(APPROVED_ALREADY.format(missing=missing, people=people(missing)))
        missing -= 1
        audit.add(
            tx,
            AuditLine(
                actor=by,
                act="run.approve",
                outcome=AuditOutcome.DONE,
                target=f"run/{run.id}",
                incident_id=run.incident_id,
                origin=origin,
                after={"runbook": run.runbook, "hub": run.hub, "missing": missing},
                source=f"run.approve/{_round(run)}/{by}",
            ),
        )
        key = f"run/{_round(run)}/approved/{by}"
        sync.enqueue(self._durable, tx, run.owner, key)
        return missing <= 0

    def _start(self, tx: Tx, run: Run, plan: Plan, by: str, origin: str) -> None:
        """Take the locks and have the plan carried out.

        Raises:
            UserError: another run has one of the locks, or a cooldown has not ended.
        """
        refused = run_rules.refuse_to_start(tx, run, plan, self._runbooks, self._wall())
        if refused:
            raise UserError(refused)
        self._decide(tx, run, by, RunState.RUNNING, origin)
        holds_hub = f"hub/{run.hub}" in run_rules.locks(self._runbooks[run.runbook], plan)
        self._durable.enqueue(
            tx,
            EXECUTE,
            key=execute_key(run),
            partition_key=f"hub/{run.hub}" if holds_hub else f"execute/{run.id}",
            args=[run.id],
        )

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

    def get(self, run_id: str) -> Run:
        """A run.

        Raises:
            UserError: there is no such run.
        """
        with self._store.read() as tx:
            run = rows.get(tx, run_id)
        if run is None:
            raise UserError(GONE)
        return run

    def _refuse(self, tx: Tx, run: Run, by: str, origin: str) -> str:
        """Why this plan can never be carried out any more, and end its run; empty where it can be."""
        known = self._runbooks.get(run.runbook)
        lifetime = known.policy.lifetime if known else EXPIRES_AFTER
        if self._wall() - (run.planned_at or run.asked_at) > lifetime:
            said = EXPIRED.format(age=run_rules.words(lifetime))
            self._decide(tx, run, by, RunState.EXPIRED, origin, reason=said)
            return said
        try:
            Plan.from_json(run.plan or {})
        except UnreadablePlan as exc:
            rows.change(tx, run.id, error=str(exc))
            self._decide(tx, run, by, RunState.FAILED, origin, reason=str(exc))
            return str(exc)
        site = self._sites.get(run.hub)
        said = "" if known else NO_RUNBOOK_NOW.format(runbook=run.runbook)
        said = said or (
            run_rules.has_moved(run, site.place) if site else NO_HUB_NOW.format(hub=run.hub)
        )
        if said:
            rows.change(tx, run.id, error=said)
            self._decide(tx, run, by, RunState.FAILED, origin, reason=said)
            return said
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
        plan: dict[str, Any] = {
            "runbook": run.runbook,
            "hub": run.hub,
            "plan": digest(run.plan),
        }
        if approved := rows.approved_by(tx, run):
            plan["approved_by"] = list(approved)
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


def _lock_open(tx: Tx, incident_id: str | None) -> None:
    """Lock the incident, if there is one.

    Raises:
        UserError: it is closed.
    """
    if incident_id and incident_rows.get(tx, incident_id, lock=True).closed_at is not None:
        raise UserError(IS_CLOSED)


def minutes(span: timedelta) -> int:
    """Whole minutes, for sentences."""
    return int(span.total_seconds() // 60)
