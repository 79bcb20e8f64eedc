"""What a run leaves to be taken back is kept whatever becomes of the run, and never acts beside one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.cluster import CORDONED_AT, ClusterFacts
from bot.domain.evidence import View
from bot.domain.runs import RunState, StepState
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.store import obligations as rows
from bot.store.obligations import Obligation
from bot.store.runs import Run
from tests.support.fleet import PLACEHOLDER, USER_1
from tests.support.hubs import PLACE
from tests.support.room import INCIDENT, Killed, Room, room
from tests.support.rows import Checkpoints

__all__ = ["room"]
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
SLOW = RetryLater("The API server did not answer.", maybe_done=True)


def planned(room: Room, runbook: str = "pre-warm", key: str = "command/9") -> Run:
    if not room.party.around.workloads.items:
        room.party.around = ClusterFacts(
            nodes=View(items=(USER_1,)), workloads=View(items=(PLACEHOLDER,))
        )
    arguments = {
        "pre-warm": {"count": 20, "duration": 7200},
        "cordon-node": {"node": USER_1.name, "reason": "its disk is full", "duration": 7200},
    }[runbook]
    run = room.runs.request_plan(
        StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key=key),
        runbook=runbook,
        hub=PLACE.hub,
        arguments=arguments,
    )
    room.workflows.plan(run.id)
    assert room.row(run.id).state is RunState.PLANNED
    return room.row(run.id)


def left(room: Room) -> list[Obligation]:
    with room.store.read() as tx:
        return list(rows.unsettled(tx))


def replicas(room: Room) -> int:
    (found,) = room.party.around.workloads.items
    return found.replicas


@BOTH
def test_what_acted_without_an_answer_is_taken_back(room: Room) -> None:
    run = planned(room)
    room.party.fails, room.party.takes_effect = {"scale": SLOW}, True
    workflows = room.workflows

    def goes_away(_seconds: float) -> None:
        room.party.fails = {"look": SLOW}

    workflows._stages._wait = goes_away
    room.runs.confirm(run.id, "U0BEN")
    workflows.execute(run.id)
    assert (room.row(run.id).state, replicas(room)) == (RunState.FAILED, 20)
    assert [each.id for each in left(room)] == [f"{run.id}/1"]


@BOTH
@pytest.mark.parametrize("takes_effect", [True, False])
def test_a_kill_during_the_step_leaves_one(room: Room, takes_effect: bool) -> None:
    run = planned(room)
    room.party.fails, room.party.takes_effect = {"scale": Killed()}, takes_effect
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    assert len(left(room)) == 1
    room.party.fails = {}
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE
    (found,) = left(room)
    assert (found.id, found.due_at) == (f"{run.id}/1", room.clock.at + timedelta(hours=2))


def test_a_run_that_is_lost_in_the_step_leaves_one(room: Room) -> None:
    run = planned(room)
    room.party.fails, room.party.takes_effect = {"scale": Killed()}, True
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    room.work.lost.add(f"execute/{run.id}")
    assert room.end_lost() == 1
    assert room.row(run.id).state is RunState.NEEDS_HUMAN
    assert [each.id for each in left(room)] == [f"{run.id}/1"]


def test_what_was_refused_leaves_nothing(room: Room) -> None:
    run = planned(room)
    room.party.fails = {"scale": UserError("Forbidden.", code="403")}
    assert room.carry_out(run).state is RunState.FAILED
    assert left(room) == []


@BOTH
def test_nothing_is_taken_back_while_a_run_acts_on_the_hub(room: Room) -> None:
    room.carry_out(planned(room))
    due = room.clock.at + timedelta(hours=3)

    def claimed() -> Obligation | None:
        with room.store.write() as tx:
            now = room.store.now(tx)
            return rows.claim(tx, "replica", due=due, now=now, until=now)

    other = room.planned()
    room.runs.confirm(other.id, "U0BEN")
    assert claimed() is None
    room.work = Checkpoints()
    room.workflows.execute(other.id)
    assert claimed() is not None


def test_a_plan_whose_end_has_passed_asks_again(room: Room) -> None:
    room.policies["pre-warm"] = replace(room.books["pre-warm"].policy, lifetime=timedelta(hours=12))
    run = planned(room)
    room.clock.at += timedelta(hours=2, minutes=1)
    asks = room.carry_out(run)
    assert (asks.state, replicas(room)) == (RunState.PLANNED, 0)
    assert "has passed" in " ".join(asks.difference or ())
    room.work = Checkpoints()
    assert room.carry_out(asks).state is RunState.DONE
    (found,) = left(room)
    assert found.due_at > room.clock.at


def test_a_node_that_somebody_cordoned_meanwhile_keeps_their_cordon(room: Room) -> None:
    run = planned(room, "cordon-node")
    theirs = replace(USER_1, is_cordoned=True, annotations={CORDONED_AT: "yesterday"})
    room.party.around = replace(room.party.around, nodes=View(items=(theirs,)))
    ended = room.carry_out(run)
    assert (ended.state, room.steps(run)) == (RunState.NOTHING_TO_DO, [StepState.SKIPPED])
    assert room.party.around.nodes.items == (theirs,)
    assert left(room) == []


def test_a_cordon_is_found_again_after_a_kill(room: Room) -> None:
    run = planned(room, "cordon-node")
    room.party.fails, room.party.takes_effect = {"cordon": Killed()}, True
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    room.party.fails = {}
    room.workflows.execute(run.id)
    assert room.steps(run) == [StepState.DONE]
    assert len(left(room)) == 1
