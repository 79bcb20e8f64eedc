"""Runs of runbooks and the steps they have begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.exc import IntegrityError

from bot.domain.runs import RunState, StepState
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.run_tables import run, run_step


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


@dataclass(frozen=True, kw_only=True)
class RunStep:
    """A step that was begun, by its number in the plan, from 1.

    ``attempted_at`` is when it was about to act, by the database's clock.
    """

    run_id: str
    number: int
    state: StepState
    started_at: datetime
    finished_at: datetime | None
    seen: Mapping[str, Any]
    attempted_at: datetime | None = None


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
    """Change columns of a run."""
    if state is not None:
        values["state"] = state.value
    tx.execute(update(run).where(run.c.id == run_id).values(**values))


def start(tx: Tx, run_id: str) -> bool:
    """Record that a run is being carried out; False when another one is on its hub.

    A unique index decides, so that two that are confirmed at once cannot both run.
    """
    try:
        with tx.begin_nested():
            change(tx, run_id, state=RunState.RUNNING)
    except IntegrityError:
        return False
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


def begin_step(tx: Tx, run_id: str, number: int, *, now: datetime, attempted_at: datetime) -> bool:
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
    return next((each for each in steps(tx, run_id) if each.number == number), None)


def steps(tx: Tx, run_id: str) -> list[RunStep]:
    """The steps that were begun, in order."""
    rows = tx.execute(
        select(run_step).where(run_step.c.run_id == run_id).order_by(run_step.c.number)
    ).mappings()
    return [_step(row) for row in rows]


def _run(row: RowMapping) -> Run:
    return Run(**{**row, "state": RunState(row["state"])})


def _step(row: RowMapping) -> RunStep:
    return RunStep(**{**row, "state": StepState(row["state"])})
