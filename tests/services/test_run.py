"""Runs: confirmed once, only steps still needed, no destructive step repeated after a kill."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from bot.domain.audit import AuditOutcome
from bot.domain.incident import IS_CLOSED
from bot.domain.runs import RunState, StepState
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.runbook.plan import Plan
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.run_tables import run_step
from bot.store.runs import Run
from tests.support.hubs import NOW, PLACE, pod, server, terminating
from tests.support.room import (
    FORCE,
    INCIDENT,
    RESYNC,
    Killed,
    Living,
    Room,
    killed_at_the_act,
    room,
)
from tests.support.rows import Checkpoints
from tests.support.waiting import wait_until

__all__ = ["room"]


def test_a_plan_is_carried_out_and_written_down(room: Room) -> None:
    run = room.planned()
    assert run.state is RunState.PLANNED
    assert room.party.live, "nothing happens before somebody says yes"

    done = room.carry_out(run)

    assert done.state is RunState.DONE
    assert (done.asked_by, done.decided_by) == ("U0ANA", "U0BEN")
    assert room.party.live == [pod("zoe")]
    assert [outcome for _, outcome in room.told()] == ["done"]


def test_steps_side_by_side_are_counted_together(room: Room) -> None:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    done = room.carry_out(room.planned())
    assert done.state is RunState.DONE
    with room.store.read() as tx:
        first, _ = (step.seen["seen"] for step in rows.steps(tx, done.id))
        (entry,) = (e for e in timeline_rows.entries(tx, INCIDENT) if e.kind is EntryKind.RUNBOOK)
    assert (first["stuck_before"], first["stuck_after"]) == (2, 0)
    assert entry.data["seen"]["stuck_after"] == 0
    assert entry.data["kinds"] == [{"step": "force_delete_pod", "outcomes": {"done": 2}}]


def test_the_same_request_twice_is_one_run(room: Room) -> None:
    assert room.planned().id == room.planned().id
    with room.store.read() as tx:
        assert len(rows.of_incident(tx, INCIDENT)) == 1


def test_a_kill_after_the_act_is_found_to_have_done_it(room: Room) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=True)
    assert room.steps(run) == [StepState.ATTEMPTING]

    room.workflows.execute(run.id)

    assert room.row(run.id).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE]
    assert [outcome for _, outcome in room.told()] == ["done"]


def test_a_kill_before_the_act_is_not_repeated_but_needs_a_human(room: Room) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=False)

    room.workflows.execute(run.id)

    assert terminating("ana") in room.party.live, "it was not deleted"
    assert room.row(run.id).state is RunState.NEEDS_HUMAN
    assert room.steps(run) == [StepState.UNCLEAR]
    assert [outcome for _, outcome in room.told()] == ["unclear"]

    with pytest.raises(UserError, match="already confirmed or cancelled"):
        room.runs.confirm(run.id, "U0BEN")
    assert room.carry_out(room.planned(idempotency_key="command/2")).state is RunState.DONE


@pytest.mark.parametrize(("ago", "waits"), [(0, 10), (4, 6), (11, 0)])
def test_the_interrupted_call_is_waited_for_before_the_look(
    room: Room, ago: float, waits: float
) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=True)
    with room.store.write() as tx:
        moment = room.store.now(tx) - timedelta(seconds=ago)
        tx.execute(update(run_step).values(attempted_at=moment))
    room.waited.clear()

    room.workflows.execute(run.id)

    assert sum(room.waited) == pytest.approx(waits, abs=3)
    assert room.steps(run) == [StepState.DONE]


def test_a_kill_in_a_harmless_step_repeats_it(room: Room) -> None:
    room.party = Living(records=[server("ana")], live=[pod("ana")])
    run = room.planned(RESYNC)
    room.party.fails = {"resync": Killed()}
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    room.party.fails = {}

    room.workflows.execute(run.id)

    assert room.row(run.id).state is RunState.DONE
    assert [r.user for r in room.party.known] == ["ana"]


def test_nothing_is_done_that_nobody_confirmed(room: Room) -> None:
    run = room.planned()
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    before = list(room.party.live)
    asks = room.carry_out(run)
    assert (asks.state, asks.round, asks.decided_by) == (RunState.PLANNED, 2, "")
    assert (room.told(), room.party.live) == ([], before)
    assert list(asks.difference or ()) == [
        "Steps that were not in the plan: force delete pod jupyter-ben.",
        "2 servers end with what is not saved, 1 before.",
        "2 of them were used in the last ten minutes, 1 before.",
    ]
    room.work = Checkpoints()  # the second round is another workflow
    assert room.carry_out(asks).state is RunState.DONE
    assert [p.user for p in room.party.live] == ["zoe"]


def test_what_is_left_of_a_plan_needs_no_second_approval(room: Room) -> None:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    run = room.planned()
    room.party.records = [record for record in room.party.records if record.user != "ben"]
    room.party.live = [one for one in room.party.live if one.user != "ben"]
    assert room.carry_out(run).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE, StepState.SKIPPED]


def test_a_plan_is_decided_on_once(room: Room) -> None:
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    for again in (room.runs.confirm, room.runs.cancel):
        with pytest.raises(UserError, match="already confirmed or cancelled by <@U0BEN>"):
            again(run.id, "U0ANA")
    assert room.work.keys.count(f"execute/{run.id}") == 1


def test_a_cancelled_plan_stays_one(room: Room) -> None:
    run = room.planned()
    room.runs.cancel(run.id, "U0ANA")
    with pytest.raises(UserError, match="already confirmed or cancelled"):
        room.runs.confirm(run.id, "U0BEN")
    assert f"execute/{run.id}" not in room.work.keys


def test_an_old_plan_cannot_be_confirmed(room: Room) -> None:
    run = room.planned()
    room.clock.at += timedelta(minutes=16)
    with pytest.raises(UserError, match="more than 15 minutes old"):
        room.runs.confirm(run.id, "U0BEN")
    assert room.row(run.id).state is RunState.EXPIRED
    assert f"execute/{run.id}" not in room.work.keys


def test_one_runbook_at_a_time_on_a_hub(room: Room) -> None:
    first, second = room.planned(), room.planned(idempotency_key="command/2")
    room.runs.confirm(first.id, "U0BEN")
    with pytest.raises(UserError, match="Another runbook is running"):
        room.runs.confirm(second.id, "U0BEN")
    room.workflows.execute(first.id)
    assert room.carry_out(second).state is RunState.NOTHING_TO_DO


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_of_two_confirmed_at_once_on_a_hub_one_runs(room: Room) -> None:
    plans = [room.planned(idempotency_key=f"command/{number}") for number in range(4)]
    barrier = threading.Barrier(len(plans))
    refused: list[str] = []

    def confirm(run: Run) -> None:
        barrier.wait(20)
        try:
            room.runs.confirm(run.id, "U0BEN")
        except UserError as exc:
            refused.append(str(exc))

    threads = [threading.Thread(target=confirm, args=[run]) for run in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [text.startswith("Another runbook is running") for text in refused] == [True] * 3
    states = sorted(room.row(run.id).state.value for run in plans)
    assert states == ["planned", "planned", "planned", "running"]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_a_plan_is_not_confirmed_while_its_incident_is_being_closed(room: Room) -> None:
    run = room.planned()
    refused: list[str] = []

    def confirm() -> None:
        try:
            room.runs.confirm(run.id, "U0BEN")
        except UserError as exc:
            refused.append(str(exc))

    thread = threading.Thread(target=confirm)
    with room.store.write() as tx:
        incident = incident_rows.get(tx, INCIDENT, lock=True)
        incident_rows.save(tx, replace(incident, status="closed", closed_at=NOW))
        thread.start()
        if not room.store.is_sqlite:  # there, one transaction at a time writes
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            wait_until(
                lambda: not thread.is_alive() or tx.execute(waiting).scalar(),
                "the confirmation waits for the incident",
            )
    thread.join(20)
    assert refused == [IS_CLOSED]
    assert room.row(run.id).state is RunState.PLANNED
    assert f"execute/{run.id}" not in room.work.keys


def test_a_hub_that_cannot_be_read_gives_no_plan(room: Room) -> None:
    room.party.fails = {"look": RetryLater("The cluster did not answer.")}
    run = room.planned()
    assert run.state is RunState.NOTHING_TO_DO
    assert Plan.from_json(run.plan or {}).undecided
    with pytest.raises(UserError):
        room.runs.confirm(run.id, "U0BEN")


def test_a_hub_that_cannot_be_read_any_more_is_left_alone(room: Room) -> None:
    run = room.planned()
    room.party.fails = {"look": RetryLater("The cluster did not answer.")}
    done = room.carry_out(run)
    assert done.state is RunState.FAILED
    assert terminating("ana") in room.party.live
    assert room.told() == [("jupyter-ana", "failed")]


def test_a_hub_that_asks_for_an_hour_holds_nobody_up(room: Room) -> None:
    run = room.planned()
    room.party.fails = {
        "delete": RetryLater("The cluster asks to wait.", after=3600, maybe_done=False)
    }
    assert room.carry_out(run).state is RunState.FAILED
    assert sum(room.waited) < 3600
    room.party.fails = {
        "delete": RetryLater("The cluster asks to wait.", after=7, maybe_done=False)
    }
    again = room.planned(idempotency_key="command/2")
    assert room.carry_out(again).state is RunState.FAILED
    assert room.waited[-2:] == [7, 7]


def test_a_run_whose_workflow_was_lost_is_ended(room: Room) -> None:
    begun, untouched = room.planned(), room.planned(idempotency_key="command/2")
    killed_at_the_act(room, begun, takes_effect=False)
    assert room.end_lost() == 0, "it goes on"

    room.work.lost.add(f"execute/{begun.id}")
    assert room.end_lost() == 1
    ended = room.row(begun.id)
    assert ended.state is RunState.NEEDS_HUMAN
    assert ended.error
    assert room.row(untouched.id).state is RunState.PLANNED
    assert room.end_lost() == 0
    assert room.carry_out(untouched).state is RunState.DONE, "the hub is free again"


def test_a_plan_whose_workflow_was_lost_has_failed(room: Room) -> None:
    change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key="command/1")
    run = room.runs.request_plan(change, runbook=FORCE, hub=PLACE.hub, arguments={})
    room.work.lost.add(f"plan/{run.id}")
    assert room.end_lost() == 1
    assert room.row(run.id).state is RunState.FAILED


@pytest.mark.parametrize(
    ("runbook", "hub", "say"),
    [("reboot-the-moon", PLACE.hub, "There is no runbook"), (FORCE, "moonhub", "There is no hub")],
)
def test_what_there_is_not_is_named(room: Room, runbook: str, hub: str, say: str) -> None:
    change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key="command/1")
    with pytest.raises(UserError, match=say):
        room.runs.request_plan(change, runbook=runbook, hub=hub, arguments={})


def test_nothing_is_run_for_an_incident_that_is_over(room: Room) -> None:
    with room.store.write() as tx:
        found = incident_rows.get(tx, INCIDENT)
        incident_rows.save(tx, _closed(found))
    change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key="command/1")
    with pytest.raises(UserError, match="reopen it first"):
        room.runs.request_plan(change, runbook=FORCE, hub=PLACE.hub, arguments={})


def _closed(incident: Any) -> Any:
    return replace(incident, status="closed", closed_at=NOW)


def test_what_a_run_does_is_in_the_audit_log(room: Room) -> None:
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN", origin="button run.confirm in C0INCIDENT")
    room.workflows.execute(run.id)
    with room.store.read() as tx:
        lines = [one.line for one in audit.latest(tx, limit=9)]
    assert [(line.act, line.actor, line.outcome) for line in lines] == [
        ("run.plan", "U0ANA", AuditOutcome.DONE),
        ("run.confirm", "U0BEN", AuditOutcome.DONE),
        ("run.attempt", "mayday", AuditOutcome.DONE),
        ("run.step", "mayday", AuditOutcome.DONE),
    ]
    assert lines[1].origin == "button run.confirm in C0INCIDENT"
    assert lines[2].target == lines[3].target
    assert lines[3].before == {"confirmed_by": "U0BEN"}
    assert lines[3].after["destructive"] is True


def test_a_step_whose_end_nobody_saw_is_in_the_audit_log_as_attempted_and_failed(
    room: Room,
) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=False)
    with room.store.read() as tx:
        assert audit.latest(tx, limit=1)[0].line.act == "run.attempt"
    room.workflows.execute(run.id)
    with room.store.read() as tx:
        attempt, step = (one.line for one in audit.latest(tx, limit=2))
    assert (attempt.act, step.act, step.outcome) == (
        "run.attempt",
        "run.step",
        AuditOutcome.FAILED,
    )
    assert step.reason
