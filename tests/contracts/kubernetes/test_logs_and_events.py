"""Pod logs and the cluster's events about its objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kubernetes.client.exceptions import ApiException

from sandbox.cluster.waiting import wait_for
from tests.contracts.kubernetes.node import STARTED, Kubelet
from tests.contracts.kubernetes.objects import contract, deployment, on_node, pod, refusal
from tests.contracts.kubernetes.systems import Apps, Core, System


@contract("a log is the container's output, or its last lines")
def test_log(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    made = kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    system.say(made, "one\ntwo\nthree\n")
    assert core.read_namespaced_pod_log("a", ns) == "one\ntwo\nthree\n"
    assert core.read_namespaced_pod_log("a", ns, container="main", tail_lines=1) == "three\n"


@contract("the log of the container before a restart is kept apart; without a restart it is 400")
def test_previous_log(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    made = kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    system.say(made, "first\n")
    told = refused(core, ns, previous=True)
    assert told == (400, 'previous terminated container "main" in pod "a" not found')
    again = kubelet.runs(made, restarts=1)
    system.say(again, "first\n", previous=True)
    system.say(again, "second\n")
    assert core.read_namespaced_pod_log("a", ns, previous=True) == "first\n"
    assert core.read_namespaced_pod_log("a", ns) == "second\n"


def refused(core: Core, ns: str, **asked: Any) -> tuple[int, str]:
    """The status and message of a log error; the kubelet's message is plain text."""
    with pytest.raises(ApiException) as caught:
        core.read_namespaced_pod_log("a", ns, **asked)
    body = str(caught.value.body)
    told = json.loads(body) if body.startswith("{") else {"message": body}
    return int(caught.value.status), str(told["message"])


@contract("the log of no pod is 404; of a container that the pod has not, 400")
def test_no_log(core: Core, ns: str) -> None:
    told = refusal(core.read_namespaced_pod_log, "none", ns)
    assert (told.status, told.message) == (404, 'pods "none" not found')
    core.create_namespaced_pod(ns, on_node("a"))
    told = refusal(core.read_namespaced_pod_log, "a", ns, container="other")
    assert (told.status, told.message) == (400, "container other is not valid for pod a")


@contract("with several containers a log needs the name of one: 400")
def test_which_log(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    body = on_node("a")
    body["spec"]["containers"].append({"name": "side", "image": "example.org/side:1"})
    core.create_namespaced_pod(ns, body)
    told = refusal(core.read_namespaced_pod_log, "a", ns)
    assert told.status == 400
    assert told.message == (
        "a container name must be specified for pod a, choose one of: [main side]"
    )


@contract("the log of a pod that no node holds yet is empty")
def test_log_before_a_node(core: Core, ns: str) -> None:
    core.create_namespaced_pod(ns, pod("a"))
    assert not core.read_namespaced_pod_log("a", ns)


@contract("events of an object are found by its uid, reason and type")
def test_events(core: Core, ns: str) -> None:
    made = core.create_namespaced_pod(ns, on_node("a"))
    for name, reason, kind in (("x", "Evicted", "Warning"), ("y", "Started", "Normal")):
        body = {
            "metadata": {"name": f"a.{name}"},
            "involvedObject": {
                "kind": "Pod",
                "name": "a",
                "namespace": ns,
                "uid": made.metadata.uid,
            },
            "reason": reason,
            "message": "The node was low on resource: memory.",
            "type": kind,
            "source": {"component": "kubelet"},
            "firstTimestamp": STARTED,
            "lastTimestamp": STARTED,
            "count": 1,
        }
        core.create_namespaced_event(ns, body)
    for selector, reasons in {
        f"involvedObject.uid={made.metadata.uid}": ["Evicted", "Started"],
        "involvedObject.name=a,type=Warning": ["Evicted"],
        "reason=Started": ["Started"],
        "involvedObject.kind=Node": [],
        "source=kubelet": ["Evicted", "Started"],
    }.items():
        found = core.list_namespaced_event(ns, field_selector=selector).items
        assert (selector, [item.reason for item in found]) == (selector, reasons)
    assert found[0].last_timestamp.isoformat() == "2026-11-22T10:00:00+00:00"


@contract("controllers say what they do: ScalingReplicaSet, SuccessfulCreate")
def test_controllers_events(system: System, core: Core, apps: Apps, ns: str) -> None:
    if not system.has_controllers:
        pytest.skip("KUBEBUILDER_ASSETS has no kube-controller-manager")
    apps.create_namespaced_deployment(ns, deployment("hub"))
    wait_for(lambda: bool(core.list_namespaced_pod(ns).items), "a pod")
    wait_for(lambda: len(core.list_namespaced_event(ns).items) >= 2, "the events")
    (made,) = core.list_namespaced_pod(ns).items
    owner = made.metadata.owner_references[0].name
    told = {
        (item.reason, item.involved_object.kind): (item.message, item.source.component, item.type)
        for item in core.list_namespaced_event(ns).items
    }
    assert told[("ScalingReplicaSet", "Deployment")] == (
        f"Scaled up replica set {owner} to 1",
        "deployment-controller",
        "Normal",
    )
    assert told[("SuccessfulCreate", "ReplicaSet")] == (
        f"Created pod: {made.metadata.name}",
        "replicaset-controller",
        "Normal",
    )
