"""A stored plan with a step that this version does not know never runs and is never “done”."""

from __future__ import annotations

import pytest

from bot.domain.command import COMMAND
from bot.domain.runs import RunState, StepState
from bot.errors import UserError
from bot.render.run_progress import UNREADABLE_STEP
from bot.runbook import ServerStep
from bot.services import run_stage
from bot.services.run_posts import posts_of
from bot.store import runs as rows
from bot.store.runs import Run
from tests.support.hubs import server, terminating
from tests.support.room import BOOKS, Room, killed_at_the_act, room

__all__ = ["room"]

SAID = (
    "This plan has a step “clean_disk” that this version of mayday doesn't know. Check the hub, then "
    f"ask for a new plan with {COMMAND} run."
)


def rewrite(room: Room, run: Run, number: int) -> None:
    """Replace this step with one from another version."""
    plan = {**(run.plan or {})}
    plan["steps"] = [*plan["steps"]]
    plan["steps"][number - 1] = {"verb": "clean_disk", "node": "n1"}
    with room.store.write() as tx:
        rows.change(tx, run.id, plan=plan)


def shown(room: Room, run: Run) -> list[str]:
    """The texts of the run's messages."""
    with room.store.read() as tx:
        steps = rows.steps(tx, run.id)
    return [post.text for post in posts_of(BOOKS)(room.row(run.id), steps)]


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of a stage one after the other, so that a kill comes between two."""
    monkeypatch.setattr(run_stage, "SIDE_BY_SIDE", 1)


def two_stuck(room: Room) -> Run:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    return room.planned()


def test_it_cannot_be_confirmed(room: Room) -> None:
    run = room.planned()
    rewrite(room, run, 1)
    with pytest.raises(UserError, match="“clean_disk”"):
        room.runs.confirm(run.id, "U0BEN")
    ended = room.row(run.id)
    assert (ended.state, ended.error, ended.decided_by) == (RunState.FAILED, SAID, "U0BEN")
    assert f"execute/{run.id}" not in room.work.keys
    assert shown(room, run) == [f"*Clear stuck servers*: ❌ {SAID}"]


def test_nothing_of_it_is_carried_out(room: Room) -> None:
    """mayday is replaced between confirmation and the first step."""
    run = two_stuck(room)
    room.runs.confirm(run.id, "U0BEN")
    rewrite(room, run, 2)
    before = list(room.party.live)
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert (ended.state, ended.error) == (RunState.FAILED, SAID)
    assert (room.steps(run), room.told(), room.party.live) == ([], [], before)


def test_what_had_begun_needs_a_human(room: Room) -> None:
    """mayday is killed in the first step and replaced. The step's result is unknown."""
    run = two_stuck(room)
    killed_at_the_act(room, run, takes_effect=False)
    rewrite(room, run, 2)
    before = list(room.party.live)
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert (ended.state, ended.error) == (RunState.NEEDS_HUMAN, SAID)
    assert room.steps(run) == [StepState.ATTEMPTING]
    assert room.party.live == before
    assert shown(room, run) == [
        f"*Clear stuck servers*: ❌ {SAID}",
        UNREADABLE_STEP.format(number=1),
    ]


def test_a_run_that_did_some_of_it_is_not_done(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """mayday is replaced between the first and second stage."""
    monkeypatch.setattr(ServerStep, "is_independent", False)
    run = two_stuck(room)
    room.runs.confirm(run.id, "U0BEN")
    room.party.after = lambda _seconds: rewrite(room, run, 2)  # type: ignore[attr-defined]
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert (ended.state, ended.error) == (RunState.NEEDS_HUMAN, SAID)
    assert room.steps(run) == [StepState.DONE]
    assert [p.user for p in room.party.live] == ["zoe", "ben"]


def test_an_old_run_with_it_is_still_shown(room: Room) -> None:
    run = room.carry_out(room.planned())
    rewrite(room, run, 1)
    assert room.row(run.id).state is RunState.DONE
    assert shown(room, run) == [
        f"*Clear stuck servers*: ❌ {SAID}",
        UNREADABLE_STEP.format(number=1),
    ]
