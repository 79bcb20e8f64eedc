"""Runs of runbooks and the steps they have begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, update

from bot.domain.runs import RunState, StepState
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.run_tables import run, run_lock, run_step

ALONE = "run:"
"""The beginning of :attr:`Run.owner` for a run outside of incidents; the run's id follows."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One use of a runbook: what was asked, planned and decided.

    ``RunStep`` records how each step of ``plan`` ended. ``round`` counts the plans that were shown for
    approval, made at ``planned_at``; ``difference`` says how this plan differs from the one before.
    ``channel_id`` is where a run without an incident is shown; ``stop_asked_by`` asked to stop it between
    two steps.
    """

    id: str
    incident_id: str
    runbook: str
    hub: str
    options: Mapping[str, Any]
    state: RunState
    plan: Mapping[str, Any] | None
    error: str
    asked_by: str
    asked_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    finished_at: datetime | None = None
    channel_id: str = ""
    round: int = 0
    planned_at: datetime | None = None
    difference: Sequence[str] | None = None
    stop_asked_by: str = ""

    @property
    def owner(self) -> str:
        """What Slack shows it as a part of: the id of its incident, or the run itself."""
        return self.incident_id or f"{ALONE}{self.id}"


@dataclass(frozen=True, kw_only=True)
class RunStep:
    """A step that was begun, by its number in the plan, from 1.

    ``attempted_at`` is when it was about to act, by the database's clock. ``stage`` is the number of the
    first of the steps that run side by side with it, 0 in runs of the version before.
    """

    run_id: str
    number: int
    state: StepState
    started_at: datetime
    finished_at: datetime | None
    seen: Mapping[str, Any]
    attempted_at: datetime | None = None
    stage: int = 0


def add(tx: Tx, value: Run) -> bool:
    """Store a new run; False when its id is there already."""
    columns = {name: getattr(value, name) for name in run.c.keys()}  # noqa: SIM118
    return insert_new(tx, "run", {**columns, "state": value.state.value})


def get(tx: Tx, run_id: str, *, lock: bool = False) -> Run | None:
    """One run."""
    statement = select(run).where(run.c.id == run_id)
    row = tx.execute(statement.with_for_update() if lock else statement).mappings().first()
    return _run(row) if row else None


def under_way(tx: Tx) -> list[Run]:
    """Runs that a workflow should be at work on."""
    states = (RunState.PLANNING.value, RunState.RUNNING.value)
    rows = tx.execute(select(run).where(run.c.state.in_(states))).mappings()
    return [_run(row) for row in rows]


def of_incident(tx: Tx, incident_id: str) -> list[Run]:
    """All runs of an incident, oldest first."""
    rows = tx.execute(
        select(run).where(run.c.incident_id == incident_id).order_by(run.c.asked_at, run.c.id)
    ).mappings()
    return [_run(row) for row in rows]


def with_steps(tx: Tx, incident_id: str) -> list[tuple[Run, list[RunStep]]]:
    """All runs of an incident with the steps that were begun, oldest first."""
    runs = of_incident(tx, incident_id)
    begun: dict[str, list[RunStep]] = {each.id: [] for each in runs}
    if runs:
        steps_of = select(run_step).where(run_step.c.run_id.in_(begun)).order_by(run_step.c.number)
        for row in tx.execute(steps_of).mappings():
            begun[row["run_id"]].append(_step(row))
    return [(each, begun[each.id]) for each in runs]


def change(tx: Tx, run_id: str, *, state: RunState | None = None, **values: Any) -> None:
    """Change columns of a run. One that stops running, for whatever reason, gives up its locks."""
    if state is not None:
        values["state"] = state.value
        if state is not RunState.RUNNING:
            tx.execute(delete(run_lock).where(run_lock.c.run_id == run_id))
    tx.execute(update(run).where(run.c.id == run_id).values(**values))


def start(tx: Tx, run_id: str) -> bool:
    """Record that a run is being carried out; False when another one is on its hub.

    A primary key decides, so that two that are confirmed at once cannot both run.
    """
    hub, number = tx.execute(select(run.c.hub, run.c.round).where(run.c.id == run_id)).one()
    before = run.c.hub == hub, run.c.state == RunState.RUNNING.value, run.c.round == 0
    if tx.execute(select(run.c.id).where(*before)).first():
        return False
    if not insert_new(tx, "run_lock", {"name": f"hub/{hub}", "run_id": run_id}):
        return False
    change(tx, run_id, state=RunState.RUNNING, round=max(number, 1))
    return True


def last_done(tx: Tx, *, incident_id: str, hub: str) -> dict[str, datetime]:
    """When each runbook was last carried out on this hub in this incident, whatever came of it."""
    found = tx.execute(
        select(run.c.runbook, func.max(run.c.finished_at).label("at"))
        .where(
            run.c.incident_id == incident_id,
            run.c.hub == hub,
            run.c.state.in_((RunState.DONE.value, RunState.FAILED.value)),
            run.c.finished_at.is_not(None),
        )
        .group_by(run.c.runbook)
    )
    return {row.runbook: row.at for row in found}


def running(tx: Tx, incident_id: str) -> list[Run]:
    """The runs of an incident that are being carried out."""
    return [run for run in of_incident(tx, incident_id) if run.state is RunState.RUNNING]


def begin_step(
    tx: Tx, run_id: str, number: int, *, stage: int, now: datetime, attempted_at: datetime
) -> bool:
    """Commit that a step is about to act; False when it was begun before."""
    is_first = insert_new(
        tx,
        "run_step",
        {
            "run_id": run_id,
            "number": number,
            "state": StepState.ATTEMPTING.value,
            "started_at": now,
            "finished_at": None,
            "seen": {},
            "attempted_at": attempted_at,
            "stage": stage,
        },
    )
    if not is_first:
        tx.execute(
            update(run_step)
            .where(run_step.c.run_id == run_id, run_step.c.number == number)
            .values(attempted_at=attempted_at)
        )
    return is_first


def end_step(
    tx: Tx, run_id: str, number: int, *, state: StepState, seen: Mapping[str, Any], now: datetime
) -> None:
    """Record how a step ended, unless that is recorded already."""
    tx.execute(
        update(run_step)
        .where(
            run_step.c.run_id == run_id,
            run_step.c.number == number,
            run_step.c.finished_at.is_(None),
        )
        .values(state=state.value, seen=dict(seen), finished_at=now)
    )


def step(tx: Tx, run_id: str, number: int) -> RunStep | None:
    """A step, if it was begun."""
    found = select(run_step).where(run_step.c.run_id == run_id, run_step.c.number == number)
    row = tx.execute(found).mappings().first()
    return _step(row) if row else None


def steps(tx: Tx, run_id: str) -> list[RunStep]:
    """The steps that were begun, in order."""
    rows = tx.execute(
        select(run_step).where(run_step.c.run_id == run_id).order_by(run_step.c.number)
    ).mappings()
    return [_step(row) for row in rows]


def add_counts(tx: Tx, run_id: str, number: int, counts: Mapping[str, Any]) -> None:
    """Add to the result of a step what a stage, of which it is the first, changed."""
    found = step(tx, run_id, number)
    if found is None:
        return
    seen = {**found.seen, "seen": {**found.seen.get("seen", {}), **counts}}
    tx.execute(
        update(run_step)
        .where(run_step.c.run_id == run_id, run_step.c.number == number)
        .values(seen=seen)
    )


def stages(steps: Iterable[RunStep]) -> list[list[RunStep]]:
    """The steps by stage, in order; each step of a run of the version before is a stage of its own."""
    found: dict[int, list[RunStep]] = {}
    for each in steps:
        found.setdefault(each.stage or each.number, []).append(each)
    return list(found.values())


def stop_asked_by(tx: Tx, run_id: str) -> str:
    """Who asked to stop a run between two steps; empty if nobody did."""
    found = tx.execute(select(run.c.stop_asked_by).where(run.c.id == run_id)).scalar()
    return str(found or "")


def _run(row: RowMapping) -> Run:
    return Run(**{**row, "state": RunState(row["state"])})


def _step(row: RowMapping) -> RunStep:
    values = {**row, "state": StepState(row["state"]), "stage": row["stage"] or 0}
    return RunStep(**values)
