"""Runs: confirmed once, only what still holds, and nothing destructive repeated after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.hubs import Right
from bot.domain.plans import Plan, StepVerb
from bot.domain.timeline import EntryKind
from bot.errors import Retry, Tell
from bot.ports import Stopped
from bot.services.change import Act
from bot.services.run import Runs
from bot.store import incidents as incident_rows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.runs import Run, RunState, StepState
from runbooks import RUNBOOKS
from tests.support.hubs import NOW, PLACE, late_spawn, pod, route, server, terminating
from tests.support.rows import Checkpoints, Hands, incident, stored
from tests.support.scripted import Scripted, hung, site

FORCE = "force-delete-stuck-servers"
RESYNC = "resync-routes"
INCIDENT = "abc123abc123"


class Killed(BaseException):
    """The process ends here."""


@dataclass(kw_only=True)
class Living(Scripted):
    """A hub that notices what was done to it; ``after`` comes after each act."""

    after: Callable[[float], None] = field(default=lambda _seconds: None)

    def _act(self, name: str, effect: Callable[[], None]) -> None:
        super()._act(name, effect)
        self.after(0)

    def stop_server(self, user: str, name: str) -> Stopped:
        def stopped() -> None:
            self.records = [record for record in self.records if record.user != user]
            self.live = [pod for pod in self.live if pod.user != user]

        self._act("stop", stopped)
        return Stopped.GONE

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        def gone() -> None:
            users = {pod.user for pod in self.live if pod.uid == uid}
            self.live = [pod for pod in self.live if pod.uid != uid]
            self.records = [record for record in self.records if record.user not in users]

        self._act("delete", gone)

    def resync_routes(self) -> None:
        def routed() -> None:
            self.known = [route(record.user) for record in self.records if record.ready]

        self._act("resync", routed)


@dataclass(kw_only=True)
class Room:
    """A hub as it is, and the runs on it."""

    store: Store
    clock: Hands
    work: Checkpoints
    party: Scripted
    waited: list[float] = field(default_factory=list)

    @property
    def runs(self) -> Runs:
        """The service, as after a start."""
        return Runs(
            self.store,
            self.work,
            self.clock,
            books={book.name: book for book in RUNBOOKS},
            sites={PLACE.hub: site(self.party)},
            wall=self.clock,
            wait=self.waited.append,
        )

    def planned(self, runbook: str = FORCE, cause: str = "command/1", **ask: Any) -> Run:
        """Ask for a plan and make it."""
        act = Act(incident_id=INCIDENT, by="U0ANA", cause=cause)
        users = frozenset(ask.get("users", ()))
        run = self.runs.ask(act, runbook=runbook, hub=PLACE.hub, users=users)
        self.runs.plan_workflow(run.id)
        return self.row(run.id)

    def carry_out(self, run: Run) -> Run:
        """Confirm and execute."""
        self.runs.confirm(run.id, "U0BEN")
        self.runs.execute_workflow(run.id)
        return self.row(run.id)

    def row(self, run_id: str) -> Run:
        """The run as it is stored."""
        with self.store.read() as tx:
            found = rows.get(tx, run_id)
        assert found is not None
        return found

    def steps(self, run: Run) -> list[StepState]:
        """How far its steps have come."""
        with self.store.read() as tx:
            return [step.state for step in rows.steps(tx, run.id)]

    def told(self) -> list[tuple[str, str]]:
        """What the timeline says of runbooks: target and outcome."""
        with self.store.read() as tx:
            entries = timeline_rows.entries(tx, INCIDENT)
        found = [e.data for e in entries if e.kind is EntryKind.RUNBOOK]
        return [(data["target"], data["outcome"]) for data in found]


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    """Ana's server hangs while stopping; Zoe works."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    party = Living(records=hung().records, live=hung().live, known=hung().known)
    yield Room(store=store, clock=Hands(NOW), work=Checkpoints(), party=party)
    store.close()


def killed_at_the_act(room: Room, run: Run, *, takes_effect: bool) -> None:
    """Begin to carry it out; the process ends in the middle of the destructive call."""
    room.party.fails = {"delete": Killed()}
    room.party.takes_effect = takes_effect
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.runs.execute_workflow(run.id)
    room.party.fails = {}


def test_a_plan_is_carried_out_and_written_down(room: Room) -> None:
    run = room.planned()
    assert run.state is RunState.PLANNED
    assert room.party.live, "nothing happens before somebody says yes"

    done = room.carry_out(run)

    assert done.state is RunState.DONE
    assert (done.asked_by, done.decided_by) == ("U0ANA", "U0BEN")
    assert room.party.live == [pod("zoe")]
    assert [outcome for _, outcome in room.told()] == ["done"]


def test_each_step_is_counted_from_where_the_one_before_it_ended(room: Room) -> None:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    done = room.carry_out(room.planned())
    assert done.state is RunState.DONE
    with room.store.read() as tx:
        seen = [step.seen["seen"] for step in rows.steps(tx, done.id)]
    assert [(s["stuck_before"], s["stuck_after"]) for s in seen] == [(2, 1), (1, 0)]


def test_the_same_request_twice_is_one_run(room: Room) -> None:
    assert room.planned().id == room.planned().id
    with room.store.read() as tx:
        assert len(rows.of_incident(tx, INCIDENT)) == 1


def test_a_kill_after_the_act_is_found_to_have_done_it(room: Room) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=True)
    assert room.steps(run) == [StepState.ATTEMPTING]

    room.runs.execute_workflow(run.id)

    assert room.row(run.id).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE]
    assert [outcome for _, outcome in room.told()] == ["done"]


def test_a_kill_before_the_act_is_not_repeated_but_needs_a_human(room: Room) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=False)

    room.runs.execute_workflow(run.id)

    assert terminating("ana") in room.party.live, "it was not deleted"
    assert room.row(run.id).state is RunState.NEEDS_HUMAN
    assert room.steps(run) == [StepState.UNCLEAR]
    assert [outcome for _, outcome in room.told()] == ["unclear"]

    with pytest.raises(Tell, match="decided on already"):
        room.runs.confirm(run.id, "U0BEN")
    assert room.carry_out(room.planned(cause="command/2")).state is RunState.DONE


def test_a_kill_in_a_harmless_step_repeats_it(room: Room) -> None:
    room.party = Living(records=[server("ana")], live=[pod("ana")])
    run = room.planned(RESYNC)
    room.party.fails = {"resync": Killed()}
    room.runs.confirm(run.id, "U0BEN")
    with pytest.raises(Killed):
        room.runs.execute_workflow(run.id)
    room.party.fails = {}

    room.runs.execute_workflow(run.id)

    assert room.row(run.id).state is RunState.DONE
    assert [r.user for r in room.party.known] == ["ana"]


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


def test_a_start_that_was_begun_meanwhile_is_not_cancelled(room: Room) -> None:
    """Ben's start hangs when the plan is made; before his step comes, he has begun another one."""
    waiting = replace(pod("ben", phase="Pending"), uid="uid-ben-2")
    afresh = replace(server("ben", pending="spawn"), started=NOW - timedelta(seconds=5))
    room.party.records.append(late_spawn("ben"))
    room.party.live.append(pod("ben", phase="Pending"))

    def begins_anew(_seconds: float) -> None:
        room.party.records = [r for r in room.party.records if r.user != "ben"] + [afresh]
        room.party.live = [p for p in room.party.live if p.user != "ben"] + [waiting]

    run = room.planned()
    assert len(Plan.from_json(run.plan or {}).steps) == 2
    room.runs.confirm(run.id, "U0BEN")
    room.party.after = begins_anew
    room.runs.execute_workflow(run.id)

    assert room.row(run.id).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE, StepState.SKIPPED]
    assert afresh in room.party.records and waiting in room.party.live


@pytest.mark.parametrize("late", [timedelta(minutes=16), timedelta(hours=9)])
def test_an_approval_does_not_outlive_the_plan(room: Room, late: timedelta) -> None:
    """Confirmed, then mayday was down over night: nobody means that any more in the morning."""
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    room.clock.at += late
    room.runs.execute_workflow(run.id)
    ended = room.row(run.id)
    assert ended.state is RunState.EXPIRED
    assert "over 15 minutes" in ended.error
    assert terminating("ana") in room.party.live
    assert room.steps(run) == []
    again = room.planned(cause="command/2")
    assert room.carry_out(again).state is RunState.DONE


def test_an_approval_that_expires_between_two_steps_leaves_the_second_out(room: Room) -> None:
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")

    def long(_seconds: float) -> None:
        room.clock.at += timedelta(minutes=16)

    room.party.after = long
    room.runs.execute_workflow(run.id)
    ended = room.row(run.id)
    assert (ended.state, room.steps(run)) == (RunState.EXPIRED, [StepState.DONE])
    assert [p.user for p in room.party.live] == ["zoe", "ben"]


def test_a_step_that_was_begun_before_the_kill_is_looked_at_however_late(room: Room) -> None:
    run = room.planned()
    killed_at_the_act(room, run, takes_effect=True)
    room.clock.at += timedelta(hours=9)
    room.runs.execute_workflow(run.id)
    assert room.row(run.id).state is RunState.DONE


def test_what_cannot_be_read_before_a_step_is_looked_at_again_and_then_left_alone(
    room: Room,
) -> None:
    run = room.planned()
    room.party.fails = {"servers": Retry("The hub did not answer.")}
    ended = room.carry_out(run)
    assert ended.state is RunState.FAILED
    assert terminating("ana") in room.party.live
    assert room.waited == [10.0, 10.0]
    with room.store.read() as tx:
        (step,) = rows.steps(tx, run.id)
    assert step.seen["error"] == "The hub did not answer."


def test_a_right_that_is_missing_is_said_before_anybody_confirms(room: Room) -> None:
    room.party.refused = {Right.DELETE_PODS}
    run = room.planned()
    assert run.state is RunState.NOTHING_TO_DO
    (why,) = Plan.from_json(run.plan or {}).undecided
    assert "delete pods" in why.why


def test_a_resync_counts_in_its_own_incident_only(room: Room) -> None:
    room.party = Living(records=[server("ana")], live=[pod("ana")])
    with room.store.write() as tx:
        incident_rows.add(tx, incident(id="another", channel_id="C2", channel_name="inc-2"))
    room.planned(RESYNC)
    room.carry_out(room.planned(RESYNC, cause="command/2"))
    room.party.known = []
    mine = Plan.from_json(room.planned("restart-proxy", cause="command/3").plan or {})
    assert not any("no resync was tried" in caution for caution in mine.cautions)
    act = Act(incident_id="another", by="U0ANA", cause="command/4")
    other = room.runs.ask(act, runbook="restart-proxy", hub=PLACE.hub, users=frozenset())
    room.runs.plan_workflow(other.id)
    theirs = Plan.from_json(room.row(other.id).plan or {})
    assert any("no resync was tried" in caution for caution in theirs.cautions)


def test_a_stop_is_old_by_what_mayday_has_seen_of_it(room: Room) -> None:
    """The hub does not say since when a stop is pending; that its pod runs on may be a moment's."""
    room.party.live = [pod("ana"), pod("zoe")]
    assert room.planned().state is RunState.NOTHING_TO_DO
    room.clock.at += timedelta(minutes=3)
    stuck = room.planned(cause="command/2")
    (step,) = Plan.from_json(stuck.plan or {}).steps
    assert step.verb is StepVerb.DELETE_POD, "in its own grace time, never forced"
    room.clock.at += timedelta(minutes=16)
    assert room.planned(cause="command/3").state is RunState.NOTHING_TO_DO, "it may be another stop"


def test_nothing_is_done_that_nobody_confirmed(room: Room) -> None:
    run = room.planned()
    room.party.records.append(server("ben", pending="stop"))
    room.party.live.append(terminating("ben"))
    room.carry_out(run)
    assert [target for target, _ in room.told()] == ["jupyter-ana"]
    assert [p.user for p in room.party.live] == ["zoe", "ben"]


def test_a_plan_is_decided_on_once(room: Room) -> None:
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    for again in (room.runs.confirm, room.runs.cancel):
        with pytest.raises(Tell, match="decided on already by <@U0BEN>"):
            again(run.id, "U0ANA")
    assert room.work.keys.count(f"execute/{run.id}") == 1


def test_a_cancelled_plan_stays_one(room: Room) -> None:
    run = room.planned()
    room.runs.cancel(run.id, "U0ANA")
    with pytest.raises(Tell, match="decided on already"):
        room.runs.confirm(run.id, "U0BEN")
    assert f"execute/{run.id}" not in room.work.keys


def test_an_old_plan_cannot_be_confirmed(room: Room) -> None:
    run = room.planned()
    room.clock.at += timedelta(minutes=16)
    with pytest.raises(Tell, match="over 15 minutes old"):
        room.runs.confirm(run.id, "U0BEN")
    assert room.row(run.id).state is RunState.EXPIRED
    assert f"execute/{run.id}" not in room.work.keys


def test_one_runbook_at_a_time_on_a_hub(room: Room) -> None:
    first, second = room.planned(), room.planned(cause="command/2")
    room.runs.confirm(first.id, "U0BEN")
    with pytest.raises(Tell, match="Another runbook is running"):
        room.runs.confirm(second.id, "U0BEN")
    room.runs.execute_workflow(first.id)
    assert room.carry_out(second).state is RunState.NOTHING_TO_DO


def test_a_hub_that_cannot_be_read_gives_no_plan(room: Room) -> None:
    room.party.fails = {"look": Retry("The cluster did not answer.")}
    run = room.planned()
    assert run.state is RunState.NOTHING_TO_DO
    assert Plan.from_json(run.plan or {}).undecided
    with pytest.raises(Tell):
        room.runs.confirm(run.id, "U0BEN")


def test_a_hub_that_cannot_be_read_any_more_is_left_alone(room: Room) -> None:
    run = room.planned()
    room.party.fails = {"look": Retry("The cluster did not answer.")}
    done = room.carry_out(run)
    assert done.state is RunState.FAILED
    assert terminating("ana") in room.party.live
    assert room.told() == [("jupyter-ana", "failed")]


def test_a_hub_that_asks_for_an_hour_holds_nobody_up(room: Room) -> None:
    run = room.planned()
    room.party.fails = {"delete": Retry("The cluster asks to wait.", after=3600, maybe_done=False)}
    assert room.carry_out(run).state is RunState.FAILED
    assert sum(room.waited) < 3600
    room.party.fails = {"delete": Retry("The cluster asks to wait.", after=7, maybe_done=False)}
    again = room.planned(cause="command/2")
    assert room.carry_out(again).state is RunState.FAILED
    assert room.waited[-2:] == [7, 7]


def test_a_run_whose_workflow_was_lost_is_ended(room: Room) -> None:
    begun, untouched = room.planned(), room.planned(cause="command/2")
    killed_at_the_act(room, begun, takes_effect=False)
    assert room.runs.end_lost() == 0, "it goes on"

    room.work.lost.add(f"execute/{begun.id}")
    assert room.runs.end_lost() == 1
    ended = room.row(begun.id)
    assert ended.state is RunState.NEEDS_HUMAN
    assert ended.error
    assert room.row(untouched.id).state is RunState.PLANNED
    assert room.runs.end_lost() == 0
    assert room.carry_out(untouched).state is RunState.DONE, "the hub is free again"


def test_a_plan_whose_workflow_was_lost_has_failed(room: Room) -> None:
    act = Act(incident_id=INCIDENT, by="U0ANA", cause="command/1")
    run = room.runs.ask(act, runbook=FORCE, hub=PLACE.hub, users=frozenset())
    room.work.lost.add(f"plan/{run.id}")
    assert room.runs.end_lost() == 1
    assert room.row(run.id).state is RunState.FAILED


@pytest.mark.parametrize(
    ("runbook", "hub", "say"),
    [("reboot-the-moon", PLACE.hub, "There is no runbook"), (FORCE, "moonhub", "knows no hub")],
)
def test_what_there_is_not_is_named(room: Room, runbook: str, hub: str, say: str) -> None:
    act = Act(incident_id=INCIDENT, by="U0ANA", cause="command/1")
    with pytest.raises(Tell, match=say):
        room.runs.ask(act, runbook=runbook, hub=hub, users=frozenset())


def test_nothing_is_run_for_an_incident_that_is_over(room: Room) -> None:
    with room.store.write() as tx:
        found = incident_rows.get(tx, INCIDENT)
        incident_rows.save(tx, _closed(found))
    act = Act(incident_id=INCIDENT, by="U0ANA", cause="command/1")
    with pytest.raises(Tell, match="reopen it first"):
        room.runs.ask(act, runbook=FORCE, hub=PLACE.hub, users=frozenset())


def _closed(incident: Any) -> Any:
    return replace(incident, status="closed", closed_at=NOW)
