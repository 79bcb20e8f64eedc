"""A plan that changed is decided on by people who saw it, and what comes late changes no decision."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.domain.hubs import Place
from bot.domain.runs import RunState, StepState, approval_value, approved_plan
from bot.errors import UserError
from bot.services.run_posts import posts_of
from bot.store import runs as rows
from bot.store.runs import Run
from tests.support.hubs import PLACE, server, terminating
from tests.support.room import RESYNC, Killed, Room, room
from tests.support.rows import Checkpoints

__all__ = ["room"]
BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def ben_is_stuck_too(room: Room) -> None:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))


def asks_again(room: Room) -> Run:
    """A run whose confirmed plan changed before its first step."""
    run = room.planned()
    ben_is_stuck_too(room)
    found = room.carry_out(run)
    assert (found.state, found.round) == (RunState.PLANNED, 2)
    return found


def button(room: Room, run: Run) -> str:
    """What the button that approves the run's plan carries."""
    with room.store.read() as tx:
        found = rows.with_own_steps(tx, run.id)
    assert found is not None
    own, *_ = posts_of(room.books)(*found)
    values = re.findall(r"'action_id': 'run.confirm'.*?'value': '([^']*)'", str(own.blocks))
    assert len(values) == 1
    return str(values[0])


@BOTH
def test_a_press_on_the_plan_of_before_does_not_approve_the_one_that_asks_again(
    room: Room,
) -> None:
    run = room.planned()
    seen_first = button(room, run)
    ben_is_stuck_too(room)
    again = room.carry_out(run)
    run_id, seen = approved_plan(seen_first)
    with pytest.raises(UserError, match="has changed since you saw it"):
        room.runs.confirm(run_id, "U0CARA", of_round=seen)
    assert (room.row(run.id).state, room.locks()) == (RunState.PLANNED, [])

    run_id, seen = approved_plan(button(room, again))
    room.runs.confirm(run_id, "U0CARA", of_round=seen)
    assert room.row(run.id).state is RunState.RUNNING


def test_a_plan_of_the_version_before_keeps_its_button(room: Room) -> None:
    assert button(room, room.planned()) == room.planned().id
    assert approved_plan(approval_value("abc", 3)) == ("abc", 3)


@BOTH
def test_making_the_plan_again_after_a_kill_takes_back_no_decision(room: Room) -> None:
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    held = room.locks()
    room.work = Checkpoints()  # the process ended before it noted that the plan was made
    room.workflows.plan(run.id)
    started = room.row(run.id)
    assert (started.state, started.decided_by) == (RunState.RUNNING, "U0BEN")
    assert (room.locks(), bool(held)) == (held, True)


@BOTH
def test_a_run_that_is_to_stop_does_not_ask_again(room: Room) -> None:
    run = room.planned()
    ben_is_stuck_too(room)
    room.runs.confirm(run.id, "U0BEN")
    room.runs.stop(run.id, "U0ANA")
    before = list(room.party.live)
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert (ended.state, ended.round, ended.stop_asked_by) == (RunState.CANCELLED, 1, "U0ANA")
    assert (room.steps(run), room.party.live, room.locks()) == ([], before, [])
    with pytest.raises(UserError, match="has ended already"):
        room.runs.stop(run.id, "U0ANA")


@BOTH
def test_a_stop_during_the_second_reading_ends_the_run(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = room.planned()
    ben_is_stuck_too(room)
    room.runs.confirm(run.id, "U0BEN")
    workflows = room.workflows
    read = workflows._plans.shared

    def shared(of: Run, **within: float) -> object:
        found = read(of, **within)
        room.runs.stop(of.id, "U0ANA")
        return found

    monkeypatch.setattr(workflows._plans, "shared", shared)
    workflows.execute(run.id)
    assert (room.row(run.id).state, room.row(run.id).round) == (RunState.CANCELLED, 1)
    assert room.steps(run) == []


# --- the hub's place, which a restart may change ---------------------------------------------------

ELSEWHERE = replace(PLACE, cluster="research")


@pytest.mark.parametrize(("place", "says"), [(ELSEWHERE, "research"), (None, "no longer in")])
def test_a_plan_for_another_place_is_not_carried_out(
    room: Room, place: Place | None, says: str
) -> None:
    room.party.known = []
    run = room.planned(RESYNC)
    room.place = place
    with pytest.raises(UserError, match=says):
        room.runs.confirm(run.id, "U0BEN")
    assert (room.row(run.id).state, room.locks()) == (RunState.FAILED, [])


def test_a_run_goes_on_in_no_other_place(room: Room) -> None:
    room.party.known = []
    run = room.planned(RESYNC)
    room.runs.confirm(run.id, "U0BEN")
    room.place = ELSEWHERE
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert (ended.state, room.steps(run), room.locks()) == (RunState.EXPIRED, [], [])
    assert "research" in ended.error
    assert room.party.known == []


def test_a_step_that_was_interrupted_is_not_looked_at_in_another_place(room: Room) -> None:
    run = room.planned()
    room.party.fails = {"delete": Killed()}
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    room.party.fails, room.place = {}, ELSEWHERE
    room.workflows.execute(run.id)
    assert (room.row(run.id).state, room.steps(run)) == (
        RunState.NEEDS_HUMAN,
        [StepState.ATTEMPTING],
    )
