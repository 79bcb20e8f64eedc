"""Pods as processes: phases, logs, failures and restarts."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from sandbox.cluster import ClusterDouble
from sandbox.cluster.resources import PODS
from sandbox.cluster.waiting import wait_for

NS = "hub-prod"
Builder = Callable[..., dict[str, Any]]


def state(core: client.CoreV1Api, name: str) -> Any:
    statuses = core.read_namespaced_pod(name, NS).status.container_statuses
    return statuses[0] if statuses else None


def reasons(core: client.CoreV1Api, name: str) -> set[str]:
    events = core.list_namespaced_event(NS, field_selector=f"involvedObject.name={name}").items
    return {event.reason for event in events}


def test_a_running_pod_listens_where_it_says(core: client.CoreV1Api, pod: Builder) -> None:
    body = pod("web", "web")
    probe = {"httpGet": {"path": "/", "port": 80}}
    body["spec"]["containers"][0] |= {
        "readinessProbe": probe,
        "ports": [{"containerPort": 8888}],
    }
    core.create_namespaced_pod(NS, body)
    wait_for(lambda: bool((s := state(core, "web")) and s.ready), "the pod to be ready")
    found = core.read_namespaced_pod("web", NS)
    assert (found.status.phase, found.spec.node_name) == ("Running", "core-1")
    assert {c.type: c.status for c in found.status.conditions}["Ready"] == "True"
    with socket.create_connection((found.status.pod_ip, 8888), timeout=5):
        pass
    assert {"Scheduled", "Started"} <= reasons(core, "web")


def test_each_pod_has_an_address_of_its_own(core: client.CoreV1Api, pod: Builder) -> None:
    for name in ("one", "two"):
        core.create_namespaced_pod(NS, pod(name))
        wait_for(lambda name=name: state(core, name) is not None, "the pod")
    found = core.list_namespaced_pod(NS).items
    addresses = {item.status.pod_ip for item in found}
    assert len(addresses) == 2
    assert all(address.startswith("127.1.") for address in addresses)


def test_a_pod_whose_node_does_not_answer_is_marked_unready_until_it_does(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    def conditions() -> dict[str, str]:
        found = core.read_namespaced_pod("a", NS).status.conditions or ()
        return {condition.type: condition.status for condition in found}

    uid = core.create_namespaced_pod(NS, pod("a")).metadata.uid
    wait_for(lambda: conditions().get("Ready") == "True", "the pod")
    cluster.kubelet.freeze(uid)
    assert (conditions()["Ready"], conditions()["ContainersReady"]) == ("False", "True")
    assert state(core, "a").ready
    cluster.kubelet.thaw()
    wait_for(lambda: conditions()["Ready"] == "True", "the node to answer")


def test_a_killed_process_is_started_again(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    uid = core.create_namespaced_pod(NS, pod("a")).metadata.uid
    wait_for(lambda: bool((s := state(core, "a")) and s.ready), "the pod")
    assert cluster.kubelet.kill(uid)
    wait_for(lambda: state(core, "a").restart_count == 1 and state(core, "a").ready, "the restart")
    found = core.read_namespaced_pod("a", NS)
    assert found.metadata.uid == uid
    assert state(core, "a").last_state.terminated.exit_code == 137


def test_a_pod_that_keeps_failing_backs_off(core: client.CoreV1Api, pod: Builder) -> None:
    core.create_namespaced_pod(NS, pod("a", "failing"))

    def backing_off() -> bool:
        waiting = s.state.waiting if (s := state(core, "a")) else None
        return waiting is not None and waiting.reason == "CrashLoopBackOff"

    wait_for(backing_off, "the back-off")
    assert state(core, "a").last_state.terminated.exit_code == 3
    assert "BackOff" in reasons(core, "a")
    previous = core.read_namespaced_pod_log("a", NS, previous=True)
    assert previous == "one\ntwo\nthree\n"


@pytest.mark.parametrize(("image", "phase"), [("failing", "Failed"), ("finishing", "Succeeded")])
def test_a_pod_that_is_not_restarted_ends(
    core: client.CoreV1Api, pod: Builder, image: str, phase: str
) -> None:
    core.create_namespaced_pod(NS, pod("a", image, restartPolicy="Never"))
    wait_for(lambda: core.read_namespaced_pod("a", NS).status.phase == phase, phase)
    core.delete_namespaced_pod("a", NS)
    assert core.list_namespaced_pod(NS).items == []


def test_logs_are_cut_as_asked(core: client.CoreV1Api, pod: Builder) -> None:
    core.create_namespaced_pod(NS, pod("a", "failing", restartPolicy="Never"))
    wait_for(lambda: core.read_namespaced_pod("a", NS).status.phase == "Failed", "the end")
    assert core.read_namespaced_pod_log("a", NS) == "one\ntwo\nthree\n"
    assert core.read_namespaced_pod_log("a", NS, tail_lines=2) == "two\nthree\n"
    assert core.read_namespaced_pod_log("a", NS, container="main", limit_bytes=3) == "one"
    for wrong in ({"container": "other"}, {"previous": True}):
        with pytest.raises(ApiException) as exc:
            core.read_namespaced_pod_log("a", NS, **wrong)
        assert exc.value.status == 400


def test_an_image_that_is_not_there_keeps_a_pod_pending(
    core: client.CoreV1Api, pod: Builder
) -> None:
    core.create_namespaced_pod(NS, pod("a", "nothing"))
    wait_for(lambda: state(core, "a") is not None, "the status")
    assert state(core, "a").state.waiting.reason == "ImagePullBackOff"
    assert core.read_namespaced_pod("a", NS).status.phase == "Pending"
    assert "Failed" in reasons(core, "a")


def test_a_pod_waits_for_a_node_that_fits(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    core.create_namespaced_pod(NS, pod("a", nodeSelector={"purpose": "user"}))
    wait_for(lambda: "FailedScheduling" in reasons(core, "a"), "the scheduler's complaint")
    cluster.add_node("user-1", {"purpose": "user"})
    wait_for(lambda: core.read_namespaced_pod("a", NS).spec.node_name == "user-1", "the node")


def test_a_node_that_is_being_added_is_an_event_of_the_pod_that_waits(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    core.create_namespaced_pod(NS, pod("a", nodeSelector={"purpose": "user"}))
    waiting = cluster.storage.get(PODS, NS, "a")
    said = "pod triggered scale-up: [{user-pool 1->2 (max: 9)}]"
    cluster.journal.write(waiting, "TriggeredScaleUp", said, component="cluster-autoscaler")
    assert "TriggeredScaleUp" in reasons(core, "a")


def test_a_pod_on_a_virtual_node_runs_without_a_process(
    cluster: ClusterDouble, core: client.CoreV1Api, pod: Builder
) -> None:
    cluster.kubelet.virtual.add("core-1")
    core.create_namespaced_pod(NS, pod("a"))
    wait_for(lambda: core.read_namespaced_pod("a", NS).spec.node_name == "core-1", "the node")
    core.create_namespaced_pod(NS, pod("b", nodeName="elsewhere"))
    wait_for(lambda: state(core, "b") is not None, "a round of the kubelet")
    assert state(core, "a") is None
    core.delete_namespaced_pod("a", NS)
    wait_for(lambda: cluster.storage.find(PODS, NS, "a") is None, "the end of the pod")


def test_nothing_is_placed_on_a_cordoned_node(core: client.CoreV1Api, pod: Builder) -> None:
    core.patch_node("core-1", {"spec": {"unschedulable": True}})
    core.create_namespaced_pod(NS, pod("a"))
    wait_for(lambda: "FailedScheduling" in reasons(core, "a"), "the scheduler's complaint")
    core.patch_node("core-1", {"spec": {"unschedulable": False}})
    wait_for(lambda: core.read_namespaced_pod("a", NS).status.phase == "Running", "the pod")
