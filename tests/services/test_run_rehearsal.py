"""Runs whose policy asks for a rehearsal."""

from __future__ import annotations

import pytest

from bot.domain.run_policy import RunPolicy
from bot.domain.runs import RunState
from bot.errors import UserError
from bot.services.hub_model import HubModel
from bot.services.run_posts import posts_of
from bot.store import runs as rows
from bot.store.runs import Run
from tests.support.hubs import server, terminating
from tests.support.room import FORCE, Room, room

__all__ = ["room"]


def shown(room: Room, run: Run) -> str:
    """The blocks of the run's own message."""
    with room.store.read() as tx:
        found = rows.with_own_steps(tx, run.id)
    assert found is not None
    own, *_ = posts_of(room.books)(*found)
    return str(own.blocks)


def test_a_plan_is_shown_with_its_rehearsal_and_can_be_run(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(is_rehearsed=True)
    before = (list(room.party.live), list(room.party.records))
    run = room.planned()
    assert "not on the hub:* 1 of 1 steps succeeded." in shown(room, run)
    assert (room.party.live, room.party.records) == before
    assert room.carry_out(run).state is RunState.DONE


def test_a_rehearsal_that_fails_is_shown_and_people_decide(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_args: object) -> None:
        raise UserError("It has finalizers.")

    monkeypatch.setattr(HubModel, "force_delete_pod", refused)
    room.policies[FORCE] = RunPolicy(is_rehearsed=True)
    run = room.planned()
    said = shown(room, run)
    assert "*The rehearsal failed* on a model made from the facts of this plan" in said
    assert "It has finalizers." in said and "run.confirm" in said
    assert room.carry_out(run).state is RunState.DONE


def test_a_plan_that_changed_is_rehearsed_again(room: Room) -> None:
    room.policies[FORCE] = RunPolicy(is_rehearsed=True)
    run = room.planned()
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    again = room.carry_out(run)
    assert (again.state, again.round) == (RunState.PLANNED, 2)
    assert "not on the hub:* 2 of 2 steps succeeded." in shown(room, again)


def test_an_error_of_the_model_costs_no_plan(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise LookupError("x")

    monkeypatch.setattr(HubModel, "force_delete_pod", broken)
    room.policies[FORCE] = RunPolicy(is_rehearsed=True)
    said = shown(room, room.planned())
    assert "couldn't be rehearsed:* an error in mayday (LookupError)" in said
    assert "run.confirm" in said
