"""Checks between an approval and its steps: evidence, rights, and time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.domain.hubs import Server
from bot.domain.runs import RunState, StepState
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.runbook.plan import Plan
from bot.services import run_stage
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from tests.support.hubs import NOW, PLACE, late_spawn, pod, route, server, terminating
from tests.support.rights import DELETE_PODS
from tests.support.room import (
    RESYNC,
    Living,
    Room,
    killed_at_the_act,
    room,
)
from tests.support.rows import incident

__all__ = ["room"]


def test_what_is_no_longer_so_is_left_alone_and_says_why(room: Room) -> None:
    run = room.planned()
    room.party.records, room.party.live = [server("ana")], [pod("ana")]
    room.party.known = [route("ana")]
    done = room.carry_out(run)
    assert done.state is RunState.NOTHING_TO_DO
    assert done.plan == run.plan, "what was approved can be seen afterwards"
    assert room.party.live == [pod("ana")]
    assert room.steps(run) == [StepState.SKIPPED]
    assert room.told() == [("jupyter-ana", "skipped")]
    with room.store.read() as tx:
        (step,) = rows.steps(tx, run.id)
    assert "No server is stuck." in step.seen["error"]


@dataclass(kw_only=True)
class Anew(Living):
    """Ben begins another start just before mayday looks at his server."""

    begins: Callable[[], None] = field(default=lambda: None)

    def server(self, user: str, name: str) -> Server | None:
        if user == "ben":
            self.begins()
        return super().server(user, name)


def test_a_start_that_was_begun_meanwhile_is_not_cancelled(room: Room) -> None:
    """Ben's start hangs at planning. He begins another one before his step runs."""
    waiting = replace(pod("ben", phase="Pending"), uid="uid-ben-2")
    afresh = replace(server("ben", pending="spawn"), started=NOW - timedelta(seconds=5))
    before = room.party
    room.party = party = Anew(records=before.records, live=before.live, known=before.known)
    party.records.append(late_spawn("ben"))
    party.live.append(pod("ben", phase="Pending"))

    def begins_anew() -> None:
        with party.guard:
            party.records = [r for r in party.records if r.user != "ben"] + [afresh]
            party.live = [p for p in party.live if p.user != "ben"] + [waiting]

    run = room.planned()
    assert len(Plan.from_json(run.plan or {}).steps) == 2
    room.runs.confirm(run.id, "U0BEN")
    party.begins = begins_anew
    room.workflows.execute(run.id)

    assert room.row(run.id).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE, StepState.SKIPPED]
    assert afresh in party.records and waiting in party.live


@pytest.mark.parametrize("late", [timedelta(minutes=16), timedelta(hours=9)])
def test_an_approval_does_not_outlive_the_plan(room: Room, late: timedelta) -> None:
    """An approval expires if mayday is down overnight after the confirmation."""
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    room.clock.at += late
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert ended.state is RunState.EXPIRED
    assert "expired after 15 minutes" in ended.error
    assert terminating("ana") in room.party.live
    assert room.steps(run) == []
    again = room.planned(idempotency_key="command/2")
    assert room.carry_out(again).state is RunState.DONE


def test_an_approval_that_expires_while_mayday_is_down_leaves_the_next_step_out(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stage, "SIDE_BY_SIDE", 1)
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=True)
    room.clock.at += timedelta(minutes=16)
    live = [terminating("ben"), pod("zoe")]
    room.party.live = list(live)
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert (ended.state, room.steps(run)) == (RunState.EXPIRED, [StepState.DONE])
    assert room.party.live == live


def test_an_approval_lives_on_with_each_completed_step(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stage, "SIDE_BY_SIDE", 1)
    for user in ("ben", "cy"):
        room.party.records.append(server(user, pending="stop"))
        room.party.live.append(terminating(user))
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")

    def long(_seconds: float) -> None:
        room.clock.at += timedelta(minutes=14)

    room.party.after = long
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE
    assert [p.user for p in room.party.live] == ["zoe"]


def test_a_step_that_was_begun_before_the_kill_is_looked_at_however_late(room: Room) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=True)
    room.clock.at += timedelta(hours=9)
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE


def test_what_cannot_be_read_before_a_step_is_looked_at_again_and_then_left_alone(
    room: Room,
) -> None:
    run = room.planned()
    room.party.fails = {"servers": RetryLater("The hub did not answer.")}
    ended = room.carry_out(run)
    assert ended.state is RunState.FAILED
    assert terminating("ana") in room.party.live
    assert room.waited == [10.0, 10.0]
    with room.store.read() as tx:
        (step,) = rows.steps(tx, run.id)
    assert step.seen["error"] == "The hub did not answer."


def test_a_right_that_is_missing_is_said_before_anybody_confirms(room: Room) -> None:
    room.party.refused = {DELETE_PODS}
    run = room.planned()
    assert run.state is RunState.NOTHING_TO_DO
    (why,) = Plan.from_json(run.plan or {}).undecided
    assert "delete pods" in why.why


def test_a_resync_counts_in_its_own_incident_only(room: Room) -> None:
    room.party = Living(records=[server("ana")], live=[pod("ana")])
    with room.store.write() as tx:
        incident_rows.add(tx, incident(id="another", channel_id="C2", channel_name="inc-2"))
    room.planned(RESYNC)
    room.carry_out(room.planned(RESYNC, idempotency_key="command/2"))
    room.party.known = []
    mine = Plan.from_json(room.planned("restart-proxy", idempotency_key="command/3").plan or {})
    assert not any("no resync was tried" in caution for caution in mine.cautions)
    change = StateChange(incident_id="another", by="U0ANA", idempotency_key="command/4")
    other = room.runs.request_plan(change, runbook="restart-proxy", hub=PLACE.hub, arguments={})
    room.workflows.plan(other.id)
    theirs = Plan.from_json(room.row(other.id).plan or {})
    assert any("no resync was tried" in caution for caution in theirs.cautions)


def test_a_stop_is_old_by_what_mayday_has_seen_of_it(room: Room) -> None:
    """The hub does not report when a stop began. A running pod may be about to end."""
    room.party.live = [pod("ana"), pod("zoe")]
    assert room.planned().state is RunState.NOTHING_TO_DO
    room.clock.at += timedelta(minutes=3)
    stuck = room.planned(idempotency_key="command/2")
    (step,) = Plan.from_json(stuck.plan or {}).steps
    assert step.verb == "delete_pod", "in its own grace time, never forced"
    room.clock.at += timedelta(minutes=16)
    assert room.planned(idempotency_key="command/3").state is RunState.NOTHING_TO_DO, (
        "it may be another stop"
    )


def test_after_a_restart_that_failed_no_routes_are_written(room: Room) -> None:
    room.party = Living(records=[server("ana")], live=[pod("ana")])
    room.party.fails = {"restart": UserError("mayday isn't allowed to.")}
    run = room.planned("restart-proxy")
    assert len(Plan.from_json(run.plan or {}).steps) == 2
    assert room.carry_out(run).state is RunState.FAILED
    assert room.steps(run) == [StepState.FAILED]
    assert room.party.known == []


def test_a_server_that_cannot_be_cleared_does_not_stop_the_next(room: Room) -> None:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    run = room.planned()
    room.party.fails = {"delete": UserError("mayday isn't allowed to.")}
    assert room.carry_out(run).state is RunState.FAILED
    assert room.steps(run) == [StepState.FAILED, StepState.FAILED]
