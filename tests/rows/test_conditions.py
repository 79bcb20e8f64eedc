"""Each server condition on a real hub: its name and its remedy, or none if none is safe."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.runs import Outcome
from bot.plan import Exit
from sandbox.cluster.resources import PODS
from sandbox.cluster.storage import Obj, now
from sandbox.cluster.waiting import wait_for
from sandbox.faults import hangs, says
from sandbox.hub import steps
from sandbox.hub.access import bot_may
from sandbox.hub.manifests import USER_NODE
from sandbox.rules import on_request
from tests.rows.desk import Desk
from tests.support.planning import LONG_AFTER, NOW, RESYNC

OTHERS = {"ben": "ok", "chidi": "ok", "dara": "ok", "kofi": "ok"}
MINUTES = timedelta(minutes=1)


def the_pod(desk: Desk, user: str) -> Obj:
    pod = desk.sandbox.user_pod(user)
    assert pod is not None
    return pod


def node_dies_while_it_goes(desk: Desk, user: str) -> Obj:
    """Delete a pod whose kubelet no longer answers; return the pod."""
    pod = the_pod(desk, user)
    desk.sandbox.cluster.kubelet.freeze(pod["metadata"]["uid"])
    desk.sandbox.cluster.verbs.delete(PODS, desk.sandbox.namespace, pod["metadata"]["name"], {})
    return pod


def cleared(desk: Desk, uid: str, *, later: timedelta = LONG_AFTER) -> None:
    """Run the plan's one step; assert that only this pod is gone."""
    before = desk.pods()
    (result,) = desk.carry_out(later=later)
    assert result.outcome is Outcome.DONE, result
    assert desk.pods() == before - {uid}


# --- ready but dead ----------------------------------------------------------------------------


def test_a_pod_whose_deletion_never_ends_is_forced(desk: Desk) -> None:
    pod = node_dies_while_it_goes(desk, "ana")
    told = desk.plan()
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.conditions == {"ana": "stopping", **OTHERS}
    told = desk.plan(later=LONG_AFTER)
    assert told.exit is Exit.STEPS
    assert told.steps == [("force_delete_pod", pod["metadata"]["name"])]
    assert told.conditions == {"ana": "lost_node", **OTHERS}
    assert any("ana as ready until its next poll" in text for text in told.json["cautions"])
    cleared(desk, pod["metadata"]["uid"])
    assert desk.plan(later=LONG_AFTER).steps == [("stop_server", "ana")], (
        "the hub has not polled yet"
    )


def test_a_pod_that_should_be_gone_and_is_ready_cannot_be_judged(desk: Desk) -> None:
    pod = node_dies_while_it_goes(desk, "ana")
    ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]
    desk.write(pod, {"conditions": ready})
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.conditions == {"ana": "unknown", **OTHERS}
    assert "1 cannot be judged: ana" in told.unknown


def test_a_server_that_crashes_again_and_again_is_neither_well_nor_deleted(desk: Desk) -> None:
    pod = the_pod(desk, "ana")
    for restarts in (1, 2, 3):
        wait_for(
            lambda: desk.sandbox.cluster.kubelet.kill(pod["metadata"]["uid"]),
            "a process to be killed",
        )
        wait_for(
            lambda wanted=restarts: _container(desk, "ana")["restartCount"] == wanted,  # type: ignore[misc]
            "the container to be restarted",
        )
    wait_for(lambda: _container(desk, "ana")["ready"], "the server to be ready again")
    told = desk.plan()
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.conditions == {"ana": "crashing", **OTHERS}
    assert told.why("ana") == "Error, restarted 3 times"
    assert "Crashing repeatedly: ana. Nothing is deleted" in told.json["nothing_to_do"]
    assert desk.plan(later=LONG_AFTER).conditions == {"ana": "ok", **OTHERS}, "it is long over"


def _container(desk: Desk, user: str) -> Any:
    return the_pod(desk, user)["status"]["containerStatuses"][0]


def test_a_container_that_waits_for_its_next_crash_is_no_well_one(desk: Desk) -> None:
    pod = the_pod(desk, "ana")
    desk.sandbox.cluster.kubelet.freeze(pod["metadata"]["uid"])
    ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": now()}
    container = _container(desk, "ana") | {
        "ready": False,
        "restartCount": 12,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }
    desk.write(pod, {"containerStatuses": [container]})
    told = desk.plan()
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.conditions == {"ana": "crashing", **OTHERS}
    assert told.why("ana") == "OOMKilled, restarted 12 times"


@pytest.mark.parametrize("phase", ["Unknown", "Pending"])
def test_a_ready_server_whose_pod_is_in_no_good_phase_cannot_be_judged(
    desk: Desk, phase: str
) -> None:
    pod = the_pod(desk, "ana")
    desk.sandbox.cluster.kubelet.freeze(pod["metadata"]["uid"])
    desk.write(pod, {"phase": phase})
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.conditions == {"ana": "unknown", **OTHERS}
    assert f"its pod is {phase}" in told.why("ana")


def test_a_node_that_does_not_answer_proves_no_death(desk: Desk) -> None:
    pod = the_pod(desk, "ana")
    desk.sandbox.cluster.kubelet.freeze(pod["metadata"]["uid"])
    told = desk.plan(later=LONG_AFTER)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "its pod is not ready" in told.why("ana")
    assert desk.sandbox.visit("ana") == 200, "she works on"


# --- pending stop and check --------------------------------------------------------------------


def test_a_stop_that_hangs_on_a_dead_node_is_forced(desk: Desk) -> None:
    desk.sandbox.hang_stop("ana")
    assert desk.plan().conditions["ana"] == "stopping"
    told = desk.plan(later=LONG_AFTER)
    assert told.steps == [("force_delete_pod", the_pod(desk, "ana")["metadata"]["name"])]
    cleared(desk, the_pod(desk, "ana")["metadata"]["uid"])
    assert desk.sandbox.row("ana").hub == "absent"


def test_a_pending_stop_whose_pod_was_evicted_is_stuck(desk: Desk) -> None:
    """The hub's deletion is lost, and two hours later the node evicts the pod."""
    pod = lose_the_stop(desk, "ana")
    desk.sandbox.cluster.kubelet.evict(
        desk.sandbox.namespace, pod["metadata"]["name"], "The node was low on resource: memory."
    )
    told = desk.plan(later=2 * 60 * MINUTES)
    assert told.exit is Exit.STEPS
    assert told.steps == [("force_delete_pod", pod["metadata"]["name"])]
    assert told.conditions == {"ana": "stuck_stop", **OTHERS}
    assert told.json["steps"][0]["loses"] == [], "nothing runs in an evicted pod"
    cleared(desk, pod["metadata"]["uid"])
    assert desk.sandbox.row("ana").hub == "absent"


def test_a_stop_that_never_reached_the_cluster_is_deleted_in_its_own_grace(desk: Desk) -> None:
    pod = lose_the_stop(desk, "ana")
    told = desk.plan()
    assert (told.exit, told.conditions["ana"]) == (Exit.NOTHING_TO_DO, "stopping")
    told = desk.plan(later=MINUTES)
    assert told.conditions["ana"] == "stopping"
    told = desk.plan(later=3 * MINUTES)
    assert told.exit is Exit.STEPS
    assert told.steps == [("delete_pod", pod["metadata"]["name"])]
    assert told.conditions == {"ana": "unsent_stop", **OTHERS}
    desk.sandbox.spawning.faults = []
    cleared(desk, pod["metadata"]["uid"], later=3 * MINUTES)
    wait_for(lambda: desk.sandbox.row("ana").hub == "absent", "the hub to see it")


def lose_the_stop(desk: Desk, user: str) -> Obj:
    """Drop the hub's deletion of a pod while it stops the server."""
    pod = the_pod(desk, user)
    desk.sandbox.spawning.faults = [
        on_request("DELETE", ".*/pods/", says(200, answer={"kind": "Status", "status": "Success"}))
    ]
    desk.sandbox.rest.begin("DELETE", user)
    steps.wait_row(desk.sandbox, user, said="pending stop", pod="Running")
    return pod


def test_a_stop_whose_pod_is_gone_waits_for_the_hub(desk: Desk) -> None:
    """The hub's watch is silent, so it misses the deletion.

    Takes about ten seconds, until the hub opens its next watch.
    """
    desk.sandbox.spawning.faults = [on_request("GET", ".*/pods?", hangs())]
    silent = desk.sandbox.spawning.faults
    wait_for(lambda: silent.standing()[0].struck > 0, "the hub's next watch")
    desk.sandbox.rest.begin("DELETE", "ana")
    steps.wait_row(desk.sandbox, "ana", said="pending stop", pod="none")
    assert desk.plan().conditions == {"ana": "stopping", **OTHERS}
    told = desk.plan(later=3 * MINUTES)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.conditions == {"ana": "lost_events", **OTHERS}
    assert "Pending stop without a pod: ana." in told.json["nothing_to_do"]
    assert "restart the hub" in told.json["nothing_to_do"]


def test_a_check_that_does_not_end_has_its_own_word(desk: Desk) -> None:
    """The hub restarts, and the cluster does not list its pods.

    Takes about fifteen seconds to restart a real hub.
    """
    desk.sandbox.hub_down()
    desk.sandbox.spawning.faults = [on_request("GET", ".*/pods?", hangs())]
    desk.sandbox.hub_up()
    assert set(desk.plan().conditions.values()) == {"checking"}
    told = desk.plan(later=3 * MINUTES)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert set(told.conditions.values()) == {"hung_check"}
    assert "ana, ben, chidi, dara, kofi. Restart the hub" in told.json["nothing_to_do"]


# --- orphans -----------------------------------------------------------------------------------


def test_an_orphan_whose_deletion_never_ends_is_forced(desk: Desk) -> None:
    desk.sandbox.orphan_pod("chidi")
    pod = node_dies_while_it_goes(desk, "chidi")
    assert desk.plan().conditions["chidi"] == "stopping"
    told = desk.plan(later=LONG_AFTER)
    assert told.exit is Exit.STEPS
    assert told.steps == [("force_delete_pod", pod["metadata"]["name"])]
    assert told.conditions["chidi"] == "stuck_orphan"
    cleared(desk, pod["metadata"]["uid"])


# --- starts ------------------------------------------------------------------------------------


def test_no_age_is_told_by_a_clock_that_is_wrong(desk: Desk) -> None:
    desk.sandbox.hang_spawn("ana")
    told = desk.plan(later=11 * MINUTES, clock_of_hub=NOW)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert "The clocks of mayday and of hub datahub differ by 11 min" in told.unknown


def test_a_start_of_six_minutes_is_a_start(desk: Desk) -> None:
    desk.sandbox.hang_spawn("ana")
    told = desk.plan(later=6 * MINUTES)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.conditions == {"ana": "starting", **OTHERS}
    told = desk.plan(later=11 * MINUTES)
    assert told.steps == [("stop_server", "ana")]
    assert told.json["steps"][0]["loses"] == []
    assert desk.plan(later=11 * MINUTES, start_timeout=1200).steps == []
    uid = the_pod(desk, "ana")["metadata"]["uid"]
    cleared(desk, uid)
    assert desk.sandbox.row("ana").hub == "absent"


def waits_for_a_node(desk: Desk, user: str) -> Obj:
    """Start a server without a free node."""
    sandbox = desk.sandbox
    sandbox.rest.stop_server(user)
    steps.wait_row(sandbox, user, said="absent", pod="none")
    sandbox.cluster.set_node_ready(USER_NODE, ready=False)
    sandbox.rest.begin("POST", user)
    steps.wait_row(sandbox, user, said="pending spawn", pod="Pending")
    wait_for(lambda: bool(the_pod(desk, user)["status"].get("conditions")), "the scheduler")
    return the_pod(desk, user)


def test_a_late_start_for_which_a_node_is_added_is_left_alone(desk: Desk) -> None:
    pod = waits_for_a_node(desk, "ana")
    told = desk.plan(later=11 * MINUTES)
    assert told.steps == [("stop_server", "ana")], "nobody adds a node"
    desk.sandbox.cluster.journal.write(
        pod,
        "TriggeredScaleUp",
        "pod triggered scale-up: [{user-pool 1->2 (max: 9)}]",
        component="cluster-autoscaler",
    )
    told = desk.plan(later=11 * MINUTES)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert told.conditions == {"ana": "starting", **OTHERS}
    assert told.why("ana") == "a node is being added for it"


def test_without_events_no_start_is_stuck(desk: Desk) -> None:
    waits_for_a_node(desk, "ana")
    desk.sandbox.cluster.tokens.restrict(
        "mayday", lambda wanted: bot_may(wanted) and wanted.resource != "events"
    )
    told = desk.plan(later=11 * MINUTES)
    assert (told.exit, told.steps) == (Exit.UNKNOWN, [])
    assert told.conditions == {"ana": "unknown", **OTHERS}
    assert "isn't allowed to list events in namespace datahub-prod" in told.unknown
    assert desk.plan(later=6 * MINUTES).exit is Exit.NOTHING_TO_DO


# --- routes ------------------------------------------------------------------------------------


def test_a_route_to_a_dead_address_is_mended_by_a_resync(desk: Desk) -> None:
    target = desk.routes()["/user/ana"]["target"]
    desk.lead("ana", "http://127.9.9.9:8888")
    assert desk.sandbox.visit("ana") != 200
    told = desk.plan(RESYNC)
    assert (told.exit, told.steps) == (Exit.STEPS, [("resync_routes", "routes")])
    assert told.conditions == {"ana": "stale_route", **OTHERS}
    assert told.json["diagnosis"] == "routes_missing"
    stuck = desk.plan()
    assert (stuck.exit, stuck.steps) == (Exit.NOTHING_TO_DO, [])
    (result,) = desk.carry_out(RESYNC)
    assert result.outcome is Outcome.DONE
    assert desk.routes()["/user/ana"]["target"] == target
    assert desk.sandbox.visit("ana") == 200
    assert desk.plan(RESYNC).exit is Exit.NOTHING_TO_DO


def test_a_route_to_somebody_elses_pod_is_mended_by_a_resync(desk: Desk) -> None:
    routes = desk.routes()
    desk.lead("ana", routes["/user/ben"]["target"])
    told = desk.plan(RESYNC)
    assert (told.exit, told.conditions) == (Exit.STEPS, {"ana": "stale_route", **OTHERS})
    (result,) = desk.carry_out(RESYNC)
    assert result.outcome is Outcome.DONE
    assert {path: route["target"] for path, route in desk.routes().items()} == {
        path: route["target"] for path, route in routes.items()
    }


def test_a_route_to_a_name_is_never_called_stale(desk: Desk) -> None:
    desk.lead("ana", "http://jupyter-ana.datahub-prod.svc:8888")
    told = desk.plan(RESYNC)
    assert (told.exit, told.conditions) == (Exit.NOTHING_TO_DO, {"ana": "ok", **OTHERS})
    desk.sandbox.rest.resync()


def test_an_evicted_proxy_is_a_resync_and_no_reason_to_delete(desk: Desk) -> None:
    desk.sandbox.evict_proxy()
    told = desk.plan(later=NOW + 24 * 60 * MINUTES)
    assert (told.exit, told.steps) == (Exit.NOTHING_TO_DO, [])
    assert "5 ready servers lack only a route" in told.json["nothing_to_do"]
    assert desk.plan(RESYNC).steps == [("resync_routes", "routes")]
