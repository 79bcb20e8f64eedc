"""Runs of runbooks and the steps they have begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, func, select, update

from bot.domain.runs import RunState, StepState
from bot.store.engine import Tx
from bot.store.incidents import insert_new
from bot.store.run_tables import approval, run, run_lock, run_step

ALONE = "run:"
"""The beginning of :attr:`Run.owner` for a run outside of incidents; the run's id follows."""

SAME_LOOKED_AT = 20
"""Among how many of the latest runs of a runbook one with the same arguments is looked for."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One use of a runbook: what was asked, planned and decided.

    ``RunStep`` records how each step of ``plan`` ended. ``round`` counts the plans that were shown for
    approval, made at ``planned_at``; ``difference`` says how this plan differs from the one before.
    A run outside of incidents has no ``incident_id``: it is shown in ``channel_id``, or in ``dm_id``, the
    direct message to the one who asked, where mayday can't post there. ``stop_asked_by`` asked to stop it
    between two steps. ``approved_by`` are the people who approved this round, the first one first, as
    :func:`with_steps` reads them.
    """

    id: str
    incident_id: str | None
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
    dm_id: str = ""
    approved_by: tuple[str, ...] = ()

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
    return _with_steps(tx, of_incident(tx, incident_id))


def with_own_steps(tx: Tx, run_id: str) -> tuple[Run, list[RunStep]] | None:
    """One run with the steps that were begun."""
    found = get(tx, run_id)
    return _with_steps(tx, [found])[0] if found else None


def _with_steps(tx: Tx, runs: Sequence[Run]) -> list[tuple[Run, list[RunStep]]]:
    begun: dict[str, list[RunStep]] = {each.id: [] for each in runs}
    if runs:
        steps_of = select(run_step).where(run_step.c.run_id.in_(begun)).order_by(run_step.c.number)
        for row in tx.execute(steps_of).mappings():
            begun[row["run_id"]].append(_step(row))
    approved = _approved(tx, runs)
    return [
        (replace(each, approved_by=tuple(approved.get(_plan_of(each), ()))), begun[each.id])
        for each in runs
    ]


def _approved(tx: Tx, runs: Sequence[Run]) -> dict[tuple[str, int], list[str]]:
    """Who approved each round of these runs."""
    found: dict[tuple[str, int], list[str]] = {}
    if runs:
        of_runs = select(approval).where(approval.c.run_id.in_([each.id for each in runs]))
        for row in tx.execute(of_runs.order_by(approval.c.at, approval.c.by)).mappings():
            found.setdefault((row["run_id"], row["round"]), []).append(row["by"])
    return found


def approved_by(tx: Tx, value: Run) -> tuple[str, ...]:
    """Who approved this round of a run, the first one first."""
    return tuple(_approved(tx, [value]).get(_plan_of(value), ()))


def approve(tx: Tx, value: Run, *, by: str, at: datetime) -> bool:
    """Record that somebody approves this round of a run; False if they did before."""
    run_id, round_ = _plan_of(value)
    return insert_new(tx, "approval", {"run_id": run_id, "round": round_, "by": by, "at": at})


def _plan_of(value: Run) -> tuple[str, int]:
    """The run and its round, which is 1 for the first plan before and after it starts."""
    return value.id, max(value.round, 1)


def change(tx: Tx, run_id: str, *, state: RunState | None = None, **values: Any) -> None:
    """Change columns of a run. One that stops running, for whatever reason, gives up its locks."""
    if state is not None:
        values["state"] = state.value
        if state is not RunState.RUNNING:
            tx.execute(delete(run_lock).where(run_lock.c.run_id == run_id))
    tx.execute(update(run).where(run.c.id == run_id).values(**values))


def start(tx: Tx, value: Run, locks: Iterable[str]) -> Run | None:
    """Record that a run is being carried out with these locks; return the run that has one of them.

    A primary key decides, so that two that are confirmed at once cannot both run. A run of the version
    before, which has no round and no locks, has its whole hub. The caller rolls back where this returns a
    run.
    """
    names = sorted(locks)
    ended = select(run.c.id).where(run.c.state != RunState.RUNNING.value)
    tx.execute(delete(run_lock).where(run_lock.c.name.in_(names), run_lock.c.run_id.in_(ended)))
    before = select(run).where(
        run.c.hub == value.hub, run.c.state == RunState.RUNNING.value, run.c.round == 0
    )
    if (row := tx.execute(before).mappings().first()) is not None:
        return _run(row)
    for name in names:  # in one order, so that two that start at once don't wait for each other
        holds = select(run).join(run_lock, run_lock.c.run_id == run.c.id)
        while not insert_new(tx, "run_lock", {"name": name, "run_id": value.id}):
            # None where the other one has ended since.
            if (
                row := tx.execute(holds.where(run_lock.c.name == name)).mappings().first()
            ) is not None:
                return _run(row)
    change(tx, value.id, state=RunState.RUNNING, round=max(value.round, 1))
    return None


def ended_since(tx: Tx, runbook: str, since: datetime) -> list[Run]:
    """The runs of a runbook that may have acted and ended after this moment, the latest first."""
    acted = select(run_step.c.run_id).where(run_step.c.state != StepState.SKIPPED.value)
    found = tx.execute(
        select(run)
        .where(run.c.runbook == runbook, run.c.finished_at > since, run.c.id.in_(acted))
        .order_by(run.c.finished_at.desc())
    )
    return [_run(row) for row in found.mappings()]


def outside_of_incidents(tx: Tx, *, since: datetime) -> list[Run]:
    """The runs outside of incidents that were asked for or ended after this moment, or are under way."""
    under_way = run.c.state.in_((RunState.PLANNING.value, RunState.RUNNING.value))
    lately = (run.c.asked_at > since) | (run.c.finished_at > since)
    found = select(run).where(run.c.incident_id.is_(None), under_way | lately)
    return [_run(row) for row in tx.execute(found.order_by(run.c.asked_at)).mappings()]


def last_done(tx: Tx, *, incident_id: str | None, hub: str) -> dict[str, datetime]:
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


def same_done(tx: Tx, asked: Run) -> datetime | None:
    """When a run of the same runbook with the same arguments was last done on this hub.

    In the same incident; outside of incidents, for the same person.
    """
    found = tx.execute(
        select(run.c.options, run.c.finished_at)
        .where(
            run.c.runbook == asked.runbook,
            run.c.hub == asked.hub,
            run.c.incident_id == asked.incident_id,
            run.c.id != asked.id,
            *([] if asked.incident_id else [run.c.asked_by == asked.asked_by]),
            run.c.state == RunState.DONE.value,
            run.c.finished_at.is_not(None),
        )
        .order_by(run.c.finished_at.desc())
        .limit(SAME_LOOKED_AT)
    )
    return next((row.finished_at for row in found if row.options == dict(asked.options)), None)


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
