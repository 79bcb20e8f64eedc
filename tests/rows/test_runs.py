"""Runs on a real hub: each approved step runs as approved, or is skipped with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from bot.bootstrap import sites
from bot.domain.limits import Limits
from bot.domain.runs import RunState, StepState
from bot.domain.state_change import StateChange
from bot.domain.timeline import EntryKind
from bot.runbook.plan import Plan
from bot.services import run_stage
from bot.services.run import Runs
from bot.services.run_workflows import RunWorkflows
from bot.store import runs as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from bot.store.runs import Run
from sandbox.cluster.resources import PODS
from sandbox.hub import steps
from tests.rows.desk import Desk
from tests.support.books import RUNBOOKS
from tests.support.leases import AlwaysHeld
from tests.support.planning import FORCE, LONG_AFTER, RESTART, RESYNC, hubs_clock
from tests.support.rows import Checkpoints, incident, stored

INCIDENT = incident().id
BOOKS = {book.name: book for book in RUNBOOKS}
LATE = {"start_timeout": 1}
"""Every start is late at once: the tests cover which start it is."""


@dataclass(kw_only=True)
class Room:
    """The runs of one incident on the sandbox's hub, with an adjustable clock."""

    desk: Desk
    store: Store
    ahead: timedelta = timedelta()
    work: Checkpoints = field(default_factory=Checkpoints)

    @property
    def runs(self) -> Runs:
        """A newly started service."""
        return Runs(
            self.store,
            self.work,
            runbooks=BOOKS,
            sites=sites(self.desk.config(**LATE)),
            wall=self.now,
        )

    @property
    def workflows(self) -> RunWorkflows:
        """Newly started run workflows."""
        return RunWorkflows(
            self.store,
            self.work,
            self.now,
            runbooks=BOOKS,
            sites=sites(self.desk.config(**LATE)),
            wall=self.now,
            wait=lambda seconds: sleep(min(seconds, 0.2)),
            lease=AlwaysHeld(self.store),
            limits=Limits(),
        )

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def planned(self, runbook: str = FORCE, idempotency_key: str = "command/1") -> Run:
        """Request and make a plan."""
        change = StateChange(incident_id=INCIDENT, by="U0ANA", idempotency_key=idempotency_key)
        hub = self.desk.sandbox.name
        run = self.runs.request_plan(change, runbook=runbook, hub=hub, arguments={})
        self.workflows.plan(run.id)
        return self.row(run.id)

    def row(self, run_id: str) -> Run:
        """The stored run."""
        with self.store.read() as tx:
            found = rows.get(tx, run_id)
        assert found is not None
        return found

    def steps(self, run: Run) -> list[tuple[StepState, str]]:
        """Each started step's state and error."""
        with self.store.read() as tx:
            return [(step.state, step.seen.get("error", "")) for step in rows.steps(tx, run.id)]

    def told(self) -> list[tuple[str, str]]:
        """The timeline's runbook entries: target and outcome."""
        with self.store.read() as tx:
            entries = timeline_rows.entries(tx, INCIDENT)
        found = [e.data for e in entries if e.kind is EntryKind.RUNBOOK]
        return [(data.get("target", ""), data["outcome"]) for data in found]


@pytest.fixture
def room(desk: Desk) -> Iterator[Room]:
    store = Store(desk.database)
    store.migrate()
    stored(store)
    made = Room(desk=desk, store=store)
    with hubs_clock(lambda: made.ahead):
        yield made
    store.close()


def uid_of(desk: Desk, user: str) -> str:
    pod = desk.sandbox.user_pod(user)
    assert pod is not None
    return str(pod["metadata"]["uid"])


def test_a_start_that_was_begun_after_the_plan_is_not_cancelled(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ana's stop and Ben's start hang; Ben retries while Ana's is cleared."""
    monkeypatch.setattr(run_stage, "SIDE_BY_SIDE", 1)
    sandbox = room.desk.sandbox
    sandbox.hang_stop("ana")
    sandbox.hang_spawn("ben")
    room.ahead = LONG_AFTER
    run = room.planned()
    plan = Plan.from_json(run.plan or {})
    assert [step.verb for step in plan.steps] == ["force_delete_pod", "stop_server"]
    first_start = uid_of(room.desk, "ben")

    def deleted_while_ben_tries_again(cluster: KubernetesCluster, *pod: str) -> None:
        delete(cluster, *pod)
        sandbox.rest.stop_server("ben")
        steps.wait_row(sandbox, "ben", said="absent", pod="none")
        sandbox.rest.begin("POST", "ben")
        steps.wait_row(sandbox, "ben", said="pending spawn", pod="Pending")

    delete = KubernetesCluster.force_delete_pod
    monkeypatch.setattr(KubernetesCluster, "force_delete_pod", deleted_while_ben_tries_again)
    room.runs.confirm(run.id, "U0BEN")
    room.workflows.execute(run.id)

    done = room.row(run.id)
    assert done.state is RunState.DONE
    (ana, _), (ben, why) = room.steps(run)
    assert (ana, ben) == (StepState.DONE, StepState.SKIPPED)
    assert why
    assert sandbox.row("ben").hub == "pending spawn"
    assert uid_of(room.desk, "ben") != first_start
    assert done.plan == run.plan, "what was approved stays as it was approved"
    assert room.told() == [("", "done")]


def test_an_approval_is_worth_nothing_the_next_morning(room: Room) -> None:
    room.desk.sandbox.hang_stop("ana")
    room.ahead = LONG_AFTER
    run = room.planned()
    room.runs.confirm(run.id, "U0BEN")
    before = room.desk.state()
    room.ahead += timedelta(hours=9)
    room.workflows.execute(run.id)
    ended = room.row(run.id)
    assert ended.state is RunState.EXPIRED
    assert "expired after 15 minutes" in ended.error
    assert (room.steps(run), room.told()) == ([], [])
    assert room.desk.state() == before
    assert ended.plan == run.plan


def test_a_pod_that_was_replaced_since_is_left_alone(room: Room) -> None:
    """Ana's node recovers, the old pod ends, and she starts a new server."""
    sandbox = room.desk.sandbox
    pod = sandbox.user_pod("ana")
    assert pod is not None
    sandbox.cluster.kubelet.freeze(pod["metadata"]["uid"])
    sandbox.cluster.verbs.delete(PODS, sandbox.namespace, pod["metadata"]["name"], {})
    room.ahead = LONG_AFTER
    run = room.planned()
    assert run.state is RunState.PLANNED
    sandbox.heal()
    before = room.desk.state()
    room.runs.confirm(run.id, "U0BEN")
    room.workflows.execute(run.id)
    ((state, why),) = room.steps(run)
    assert (state, why) == (StepState.SKIPPED, "No server is stuck.")
    assert room.row(run.id).state is RunState.NOTHING_TO_DO
    assert room.desk.state() == before
    assert room.row(run.id).plan == run.plan


def test_a_route_that_came_back_saves_an_orphan(room: Room) -> None:
    target = room.desk.routes()["/user/chidi"]["target"]
    room.desk.sandbox.orphan_pod("chidi")
    room.ahead = LONG_AFTER
    run = room.planned()
    assert len(Plan.from_json(run.plan or {}).steps) == 1
    room.desk.lead("chidi", target)
    before = room.desk.state()
    room.runs.confirm(run.id, "U0BEN")
    room.workflows.execute(run.id)
    ((state, why),) = room.steps(run)
    assert state is StepState.FAILED
    assert "a route leads to it" in why
    assert room.desk.state() == before


def test_a_resync_is_remembered_for_a_while(room: Room) -> None:
    sandbox = room.desk.sandbox
    sandbox.drop_routes()
    run = room.planned(RESYNC)
    room.runs.confirm(run.id, "U0BEN")
    room.workflows.execute(run.id)
    assert room.row(run.id).state is RunState.DONE
    sandbox.drop_routes()
    soon = Plan.from_json(room.planned(RESTART, "command/2").plan or {})
    assert not any("Run resync-routes first" in text for text in soon.cautions)
    room.ahead = timedelta(days=60)
    late = Plan.from_json(room.planned(RESTART, "command/3").plan or {})
    assert any("Run resync-routes first" in text for text in late.cautions)
