"""Systems that fail while a run is under way, kills, and a replica that loses its lease.

Each test looks at what is left of hub and cluster, and at what the run says of each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from bot.domain.runs import RunState, StepState
from bot.errors import LeaseLost, RetryLater, UserError
from bot.services import run_stage
from bot.services.run_posts import posts_of
from bot.store import runs as rows
from bot.store.engine import Tx
from bot.store.runs import Run
from tests.support.leases import AlwaysHeld
from tests.support.room import BOOKS, Killed, Room, room
from tests.support.stuck_crowd import Crowd, crowd

__all__ = ["room"]

STUCK = {"stuck_stop": 4, "lost_node": 1, "stale_record": 3}
FINE = [f"fine-{number:03}" for number in range(3)]
DONE, FAILED, UNCLEAR = StepState.DONE, StepState.FAILED, StepState.UNCLEAR
AWAY = RetryLater("The cluster doesn't answer.", after=5, maybe_done=False)
LOST = RetryLater("The answer was lost.", after=5)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps of a stage one after the other, so that what comes between two is the same each time."""
    monkeypatch.setattr(run_stage, "SIDE_BY_SIDE", 1)


def planned(room: Room) -> tuple[Run, Crowd]:
    party = crowd(STUCK, fine=3)
    room.party = party
    return room.planned(), party


def left(party: Crowd) -> set[str]:
    """Who still has a pod, or a record without one, of those who are stuck."""
    users = {each.user for each in (*party.live, *party.records)} - set(FINE)
    return {user for user in users if not user.startswith("lost-node")}


def from_then_on(call: str, number: int, error: Exception) -> Callable[[str, str], None]:
    """This call fails from its n-th time on."""
    count = 0

    def fault(name: str, _target: str) -> None:
        nonlocal count
        count += name == call
        if name == call and count >= number:
            raise error

    return fault


def once(call: str, number: int, error: Exception) -> Callable[[str, str], None]:
    """This call fails at its n-th time only."""
    count = 0

    def fault(name: str, _target: str) -> None:
        nonlocal count
        count += name == call
        if name == call and count == number:
            raise error

    return fault


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault and what comes of it: the state of the run, and of the eight steps in order.

    ``pauses`` are waited for, in seconds, as often as they are there.
    """

    fault: Callable[[Crowd], Callable[[str, str], None]]
    state: RunState
    steps: list[StepState]
    left: set[str]
    pauses: tuple[float, ...] = ()


def lost_behind(party: Crowd) -> Callable[[str, str], None]:
    """The first deletion happens, and its answer is lost."""

    def fault(name: str, target: str) -> None:
        if name == "delete" and target == "jupyter-stuck-stop-000":
            party.fault = lambda _call, _target: None
            party._gone(next(one.uid for one in party.live if one.name == target))
            raise LOST

    return fault


def dead_proxy(party: Crowd) -> Callable[[str, str], None]:
    """From the second deletion on, the hub can't read the routes."""

    def fault(name: str, target: str) -> None:
        if name == "delete" and target == "jupyter-stuck-stop-001":
            party.fails = {"routes": RetryLater("The hub's proxy doesn't answer.")}

    return fault


def cut_off(party: Crowd) -> Callable[[str, str], None]:
    """From the third deletion on no answer comes any more, of this call or of another."""

    def fault(name: str, target: str) -> None:
        if name == "delete" and target == "jupyter-stuck-stop-002":
            party.fails = dict.fromkeys(("look", "servers", "access", "routes"), LOST)
        if "look" in party.fails:
            raise LOST

    return fault


STOPS = {f"stuck-stop-{n:03}" for n in range(4)}
RECORDS = {f"stale-record-{n:03}" for n in range(3)}
FAULTS = {
    "API server gone from the third deletion on": Case(
        fault=lambda _party: from_then_on("delete", 3, AWAY),
        state=RunState.FAILED,
        steps=[DONE, DONE, FAILED, FAILED, FAILED, DONE, DONE, DONE],
        left={"stuck-stop-002", "stuck-stop-003"},
    ),
    "429 once": Case(
        fault=lambda _party: once("delete", 2, RetryLater("Too many requests.", maybe_done=False)),
        state=RunState.DONE,
        steps=[DONE] * 8,
        left=set(),
    ),
    "429 with Retry-After": Case(
        fault=lambda _party: once(
            "delete", 2, RetryLater("Too many requests.", after=7.5, maybe_done=False)
        ),
        state=RunState.DONE,
        steps=[DONE] * 8,
        left=set(),
        pauses=(7.5,),
    ),
    "429 for longer than people wait": Case(
        fault=lambda _party: once(
            "delete", 2, RetryLater("Too many requests.", after=61, maybe_done=False)
        ),
        state=RunState.FAILED,
        steps=[DONE, FAILED, *[DONE] * 6],
        left={"stuck-stop-001"},
    ),
    "409, changed at the same moment": Case(
        fault=lambda _party: once("delete", 2, UserError("The pod has changed.", code="409")),
        state=RunState.FAILED,
        steps=[DONE, FAILED, *[DONE] * 6],
        left={"stuck-stop-001"},
    ),
    "410 while looking": Case(
        fault=lambda _party: once("pod", 2, RetryLater("The list is too old.", after=1)),
        state=RunState.DONE,
        steps=[DONE] * 8,
        left=set(),
    ),
    "answer lost, not deleted": Case(
        fault=lambda _party: once("delete", 1, LOST),
        state=RunState.NEEDS_HUMAN,
        steps=[UNCLEAR, *[DONE] * 7],
        left={"stuck-stop-000"},
    ),
    "answer lost, deleted": Case(
        fault=lost_behind, state=RunState.DONE, steps=[DONE] * 8, left=set()
    ),
    "network cut from the third deletion on": Case(
        fault=cut_off,
        state=RunState.NEEDS_HUMAN,
        steps=[DONE, DONE, UNCLEAR, UNCLEAR, FAILED, FAILED, FAILED, FAILED],
        left={"stuck-stop-002", "stuck-stop-003", *RECORDS},
    ),
    "proxy dead": Case(fault=dead_proxy, state=RunState.DONE, steps=[DONE] * 8, left=set()),
    "token of the cluster expired": Case(
        fault=lambda _party: from_then_on("delete", 3, UserError("Unauthorized.", code="401")),
        state=RunState.FAILED,
        steps=[DONE, DONE, FAILED, FAILED, FAILED, DONE, DONE, DONE],
        left={"stuck-stop-002", "stuck-stop-003"},
    ),
    "hub restarting, back at the third look": Case(
        fault=lambda _party: once("server", 3, RetryLater("The hub is starting.", after=2)),
        state=RunState.DONE,
        steps=[DONE] * 8,
        left=set(),
    ),
    "hub gone for good": Case(
        fault=lambda _party: from_then_on(
            "stop", 1, RetryLater("The hub is away.", maybe_done=False)
        ),
        state=RunState.FAILED,
        steps=[*[DONE] * 5, FAILED, FAILED, FAILED],
        left=RECORDS,
    ),
    "token expired": Case(
        fault=lambda _party: from_then_on(
            "stop", 2, UserError("The token is invalid.", code="401")
        ),
        state=RunState.FAILED,
        steps=[*[DONE] * 6, FAILED, FAILED],
        left={"stale-record-001", "stale-record-002"},
    ),
}


@pytest.mark.parametrize("case", FAULTS.values(), ids=FAULTS)
def test_a_system_fails_mid_run(room: Room, one_at_a_time: None, case: Case) -> None:
    run, party = planned(room)
    fine = party.listed(*FINE)
    party.fault = case.fault(party)
    ended = room.carry_out(run)
    assert (ended.state, room.steps(run)) == (case.state, case.steps)
    assert left(party) == case.left
    assert party.listed(*FINE) == fine
    assert [each for each in room.waited if each in case.pauses] == list(case.pauses)
    assert room.locks() == []
    assert len(room.told()) == 1
    if ended.state is not RunState.DONE:
        assert_says_what_is_left(room, ended, case.steps)


def assert_says_what_is_left(room: Room, run: Run, steps: list[StepState]) -> None:
    with room.store.read() as tx:
        own, *_ = posts_of(BOOKS)(run, rows.steps(tx, run.id))
    said = str(own.blocks)
    assert f"Of 8 steps: {steps.count(DONE)} done" in said
    assert "ask for a new plan" in said


class Forever(Crowd):
    """A cluster that takes deletions and a hub that answers 202, and nothing comes of either."""

    def _gone(self, uid: str) -> None:
        pass


def test_what_is_accepted_and_never_done_has_failed(room: Room, one_at_a_time: None) -> None:
    run, before = planned(room)
    party = Forever(records=before.records, live=before.live, known=before.known)
    room.party = party
    fine = party.listed(*FINE)
    ended = room.carry_out(run)
    assert ended.state is RunState.FAILED
    assert room.steps(run) == [*[FAILED] * 5, DONE, DONE, DONE]
    assert left(party) >= STOPS
    assert party.listed(*FINE) == fine


def test_a_pod_that_was_replaced_under_its_name_is_not_the_target(
    room: Room, one_at_a_time: None
) -> None:
    """The cluster answers 409 to a deletion by another uid, and the adapter deletes nothing."""
    run, party = planned(room)
    first = next(one for one in party.live if one.user == "stuck-stop-003")

    def replaced(call: str, target: str) -> None:
        if call == "delete" and target == first.name:
            party.live = [one for one in party.live if one.uid != first.uid]
            party.live.append(replace(first, uid="another", deleting_since=None, ready=True))
            party.records = [r for r in party.records if r.user != first.user]

    party.fault = replaced
    assert room.carry_out(run).state is RunState.DONE
    assert [one.uid for one in party.live if one.user == first.user] == ["another"]


@pytest.mark.parametrize("takes_effect", [True, False], ids=["after the act", "before it"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_kill_during_any_step_of_a_stage(
    room: Room, one_at_a_time: None, number: int, takes_effect: bool
) -> None:
    run, party = planned(room)
    fine = party.listed(*FINE)
    count = 0

    def kill(call: str, target: str) -> None:
        nonlocal count
        if call not in ("delete", "stop"):
            return
        count += 1
        if count == number:
            if takes_effect:
                party.live = [one for one in party.live if one.name != target]
                party.records = [
                    r
                    for r in party.records
                    if r.user not in (target, target.removeprefix("jupyter-")) or not r.pending
                    if not (call == "stop" and r.user == target)
                ]
            raise Killed

    party.fault = kill
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    assert room.steps(run) == [*[DONE] * (number - 1), StepState.ATTEMPTING]
    party.fault = lambda _call, _target: None
    room.workflows.execute(run.id)

    ended = room.row(run.id)
    acted = [DONE if takes_effect else UNCLEAR]
    assert room.steps(run) == [*[DONE] * (number - 1), *acted, *[DONE] * (8 - number)]
    assert ended.state is (RunState.DONE if takes_effect else RunState.NEEDS_HUMAN)
    assert count == number, "the fault counts no call after the kill"
    assert party.listed(*FINE) == fine
    assert len(room.told()) == 1


@pytest.mark.parametrize("number", range(1, 9))
def test_a_kill_between_two_steps_goes_on_with_the_next(
    room: Room, one_at_a_time: None, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    run, party = planned(room)
    ended = run_stage.Stages._ended
    count = 0

    def kill(*args: object) -> None:
        nonlocal count
        ended(*args)  # type: ignore[arg-type]
        count += 1
        if count == number:
            raise Killed

    monkeypatch.setattr(run_stage.Stages, "_ended", kill)
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.workflows.execute(run.id)
    assert room.steps(run) == [DONE] * number
    deletions = party.requests["delete"]
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE
    assert room.steps(run) == [DONE] * 8
    to_delete = max(0, 5 - number)
    assert party.requests["delete"] - deletions == 2 * to_delete, "what had ended is not repeated"
    assert (left(party), room.locks(), len(room.told())) == (set(), [], 1)


class Losing(AlwaysHeld):
    """A lease that another replica takes over before the fourth step begins."""

    begun = 0

    def check(self, tx: Tx) -> None:
        self.begun += 1
        if self.begun > 3:
            raise LeaseLost


def test_another_replica_goes_on_where_this_one_lost_its_lease(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, party = planned(room)
    fine = party.listed(*FINE)
    room.runs.confirm(run.id, "U0BEN")
    first = room.workflows
    monkeypatch.setattr(first._stages, "_lease", Losing(room.store))
    with pytest.raises(LeaseLost):
        first.execute(run.id)
    assert len(room.steps(run)) == 3
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE
    assert sorted(room.steps(run)) == [DONE] * 8
    assert (left(party), party.listed(*FINE)) == (set(), fine)


def test_a_run_stops_before_its_next_step_when_a_person_asks(
    room: Room, one_at_a_time: None
) -> None:
    run, party = planned(room)

    def stop(call: str, target: str) -> None:
        if (call, target) == ("delete", "jupyter-stuck-stop-002"):
            room.runs.stop(run.id, "U0CY")

    party.fault = stop
    ended = room.carry_out(run)
    assert (ended.state, ended.stop_asked_by) == (RunState.CANCELLED, "U0CY")
    assert room.steps(run) == [DONE] * 3
    assert left(party) == {"stuck-stop-003", *RECORDS}
    with room.store.read() as tx:
        own, reply = posts_of(BOOKS)(ended, rows.steps(tx, run.id))
    assert "Stopped by <@U0CY>. Of 8 steps: 3 done, 5 not begun." in str(own.blocks)
    assert "Force-delete 3 users' pods" in reply.text
