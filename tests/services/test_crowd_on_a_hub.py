"""Five servers stuck in each way on a real hub, proxy and cluster double are cleared, and nothing else.

These are all conditions that a step clears. Events that the hub lost and a check that hangs are cleared by a
restart of the hub; KubeSpawner's check reads its own memory, so it can't hang here.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from bot.domain.facts import BlastRadius
from bot.domain.hubs import Condition
from bot.domain.limits import Limits
from bot.domain.runs import RunState, StepState
from bot.errors import UserError
from bot.runbook import ServerStep
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.services.run import Runs
from bot.services.run_workflows import RunWorkflows
from bot.store.engine import Store
from bot.store.runs import Run
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers
from sandbox.cluster.resources import PODS
from sandbox.cluster.storage import Obj
from sandbox.cluster.waiting import wait_for
from sandbox.faults import says
from sandbox.hub import HubSandbox
from sandbox.hub.steps import delete_now
from sandbox.rules import on_request
from tests.support.hub import Lab, opened
from tests.support.leases import AlwaysHeld
from tests.support.room import BOOKS, Room
from tests.support.rows import Checkpoints, Hands, stored
from tests.support.scripted import Scripted

EACH = 5


def users(kind: str) -> list[str]:
    return [f"{kind}-{number}" for number in range(EACH)]


FINE = users("fine")
STUCK = {
    Condition.STUCK_STOP: users("stopping"),
    Condition.LOST_NODE: users("lost"),
    Condition.UNSENT_STOP: users("unsent"),
    Condition.STUCK_SPAWN: users("spawning"),
    Condition.STALE_RECORD: users("stale"),
    Condition.ORPHAN: users("orphan"),
    Condition.STUCK_ORPHAN: users("undead"),
}
GONE = ("absent", "none", False)


@dataclass(kw_only=True)
class RealRoom(Room):
    """A room around a real hub, in real time."""

    lab: Lab

    @property
    def sites(self) -> dict[str, Site]:
        return {self.lab.place.hub: replace(self.lab.site, limit=BlastRadius(servers=10))}

    @property
    def runs(self) -> Runs:
        return Runs(self.store, self.work, runbooks=BOOKS, sites=self.sites, wall=now)

    @property
    def workflows(self) -> RunWorkflows:
        return RunWorkflows(
            self.store,
            self.work,
            now,
            runbooks=BOOKS,
            sites=self.sites,
            wall=now,
            wait=self.lab.wait,
            lease=AlwaysHeld(self.store),
            limits=Limits(),
        )


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def real_room(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRoom]:
    """The hub with healthy servers, of which none is stuck yet."""
    store = Store(database_url)
    store.migrate()
    stored(store)
    everybody = [*FINE, *(user for kind in STUCK.values() for user in kind)]
    running = [user for user in everybody if not user.startswith("spawning")]
    with opened(tmp_path_factory.mktemp("hub"), everybody, running=running) as lab:
        yield RealRoom(store=store, clock=Hands(), work=Checkpoints(), party=Scripted(), lab=lab)
    store.close()


def side_by_side(act: object, whom: Sequence[str]) -> None:
    with ThreadPoolExecutor(max_workers=len(whom)) as pool:
        list(pool.map(act, whom))  # type: ignore[arg-type]


def pod_of(box: HubSandbox, user: str) -> Obj:
    found = box.user_pod(user)
    assert found is not None
    return found


def relabel(box: HubSandbox, user: str, component: str) -> None:
    def relabelled(pod: Obj) -> None:
        pod["metadata"]["labels"]["component"] = component

    box.cluster.storage.mutate(
        PODS, box.namespace, pod_of(box, user)["metadata"]["name"], relabelled
    )


def never_ends(box: HubSandbox, user: str) -> None:
    """The node of the user's pod is gone, and the cluster deletes the pod."""
    meta = pod_of(box, user)["metadata"]
    box.cluster.kubelet.freeze(meta["uid"])
    box.cluster.verbs.delete(PODS, box.namespace, meta["name"], {"gracePeriodSeconds": 1})


def get_stuck(box: HubSandbox) -> None:
    """Break the servers of everybody but the healthy ones."""
    side_by_side(box.hang_stop, STUCK[Condition.STUCK_STOP])
    for user in STUCK[Condition.LOST_NODE]:
        never_ends(box, user)
    for user in STUCK[Condition.STALE_RECORD]:
        delete_now(box, pod_of(box, user))
    for user in STUCK[Condition.STUCK_SPAWN]:
        box.hang_spawn(user)
    forgotten = [*STUCK[Condition.ORPHAN], *STUCK[Condition.STUCK_ORPHAN]]
    # The hub's deletion is lost on its way; it sees at once that a hidden pod is gone, and waits for another.
    box.spawning.faults = [on_request("DELETE", ".*/pods/", says(404))]
    for user in forgotten:
        relabel(box, user, "hidden")
    side_by_side(box.rest.stop_server, forgotten)
    side_by_side(lambda user: box.rest.begin("DELETE", user), STUCK[Condition.UNSENT_STOP])
    wait_for(
        lambda: (
            {row.hub for row in box.rows() if row.user in forgotten} == {"absent"}
            and {row.hub for row in box.rows() if row.user.startswith("unsent")} == {"pending stop"}
        ),
        "the hub to forget servers and to wait for others",
    )
    box.spawning.faults.clear()
    for user in forgotten:
        relabel(box, user, "singleuser-server")
    for user in STUCK[Condition.STUCK_ORPHAN]:
        never_ends(box, user)


def plan_of(room: RealRoom, steps: int) -> Run:
    """The plan once it has this many steps: a stop is old by what mayday has seen of it."""
    deadline = time.monotonic() + 30
    for number in itertools.count():
        run = room.planned(idempotency_key=f"plan/{steps}/{number}")
        plan = Plan.from_json(run.plan or {})
        if len(plan.steps) == steps:
            return run
        assert time.monotonic() < deadline, plan
        time.sleep(0.5)
    raise AssertionError


def test_five_stuck_in_each_way_are_cleared_and_the_others_work_on(real_room: RealRoom) -> None:
    room, lab, box = real_room, real_room.lab, real_room.lab.sandbox
    work = {user: box.work_done(user) for user in FINE}
    uids = {user: pod_of(box, user)["metadata"]["uid"] for user in FINE}
    get_stuck(box)
    run = plan_of(room, 35)
    plan = Plan.from_json(run.plan or {})
    found: dict[Condition, list[str]] = {kind: [] for kind in STUCK}
    for step in plan.steps:
        assert isinstance(step, ServerStep)
        found[step.condition].append(step.user)
    assert found == STUCK
    assert "second person" in plan.over_limit
    with pytest.raises(UserError, match="1 other person"):
        room.runs.confirm(run.id, "U0ANA")

    assert room.carry_out(run).state is RunState.DONE
    assert room.steps(run) == [StepState.DONE] * 35

    wait_for(
        lambda: not any(row.hub.startswith("pending") for row in box.rows()),
        "the hub to see that the pods of its stops are gone",
    )
    rows = {row.user: (row.hub, row.pod, row.route) for row in box.rows()}
    # The hub notices at its next poll that these are gone, here in a day: they are cleared as stale records.
    lost = STUCK[Condition.LOST_NODE]
    assert {user: rows.pop(user) for user in lost} == dict.fromkeys(lost, ("ready", "none", True))
    assert {user: rows.pop(user) for user in FINE} == dict.fromkeys(
        FINE, ("ready", "Running", True)
    )
    assert set(rows.values()) == {GONE}
    assert {user: pod_of(box, user)["metadata"]["uid"] for user in FINE} == uids
    assert {user: box.visit(user) for user in FINE} == dict.fromkeys(FINE, 200)
    assert {user: box.work_done(user) for user in FINE} == {u: n + 1 for u, n in work.items()}

    again = plan_of(room, len(lost))
    assert room.carry_out(again).state is RunState.DONE
    assert {row.user for row in box.rows() if row.hub != "absent" or row.route} == set(FINE)
    assert "No server is stuck" in lab.plan(force_delete_stuck_servers).nothing_to_do
