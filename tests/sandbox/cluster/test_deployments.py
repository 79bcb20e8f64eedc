"""Deployments: pods, status, rollout restarts, and what blocks a rollout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubernetes import client

from sandbox.cluster import ClusterDouble
from sandbox.cluster.waiting import wait_for

NS = "hub-prod"
Builder = Callable[..., dict[str, Any]]
RESTART = {
    "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "1"}}}}
}


def pods(core: client.CoreV1Api) -> list[Any]:
    found: list[Any] = core.list_namespaced_pod(NS, label_selector="app=proxy").items
    return found


def settled(apps: client.AppsV1Api, replicas: int = 1) -> bool:
    """kubectl's check for "successfully rolled out"."""
    found = apps.read_namespaced_deployment("proxy", NS)
    status = found.status
    return bool(
        (status.observed_generation or 0) >= found.metadata.generation
        and (status.updated_replicas or 0) == replicas
        and (status.replicas or 0) == replicas
        and (status.available_replicas or 0) == replicas
    )


def test_pods_carry_their_deployments_marks(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy", replicas=2))
    wait_for(lambda: settled(apps, 2), "the rollout")
    one, two = pods(core)
    (replica_set,) = apps.list_namespaced_replica_set(NS).items
    for pod in (one, two):
        name, digest, suffix = pod.metadata.name.split("-")
        assert (name, len(suffix)) == ("proxy", 5)
        assert pod.metadata.labels == {"app": "proxy", "pod-template-hash": digest}
        (owner,) = pod.metadata.owner_references
        assert (owner.kind, owner.uid, owner.controller) == (
            "ReplicaSet",
            replica_set.metadata.uid,
            True,
        )
    assert replica_set.metadata.owner_references[0].kind == "Deployment"
    status = apps.read_namespaced_deployment("proxy", NS).status
    assert (status.ready_replicas, status.unavailable_replicas) == (2, None)
    assert {c.type: c.status for c in status.conditions} == {
        "Available": "True",
        "Progressing": "True",
    }


def test_a_restart_replaces_the_pod_after_it_is_gone(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy"))
    wait_for(lambda: settled(apps), "the rollout")
    (old,) = pods(core)
    patched = apps.patch_namespaced_deployment("proxy", NS, RESTART)
    assert patched.metadata.generation == 2
    most = 1

    def done() -> bool:
        nonlocal most
        most = max(most, len(pods(core)))
        return settled(apps) and pods(core)[0].metadata.uid != old.metadata.uid

    wait_for(done, "the restart")
    assert most == 1
    again = apps.patch_namespaced_deployment("proxy", NS, RESTART)
    assert again.metadata.generation == 2


def test_a_pod_stuck_terminating_hangs_the_restart(
    cluster: ClusterDouble, core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy"))
    wait_for(lambda: settled(apps), "the rollout")
    (old,) = pods(core)
    cluster.kubelet.freeze(old.metadata.uid)
    apps.patch_namespaced_deployment("proxy", NS, RESTART)
    wait_for(lambda: pods(core)[0].metadata.deletion_timestamp is not None, "the deletion")
    wait_for(
        lambda: apps.read_namespaced_deployment("proxy", NS).status.observed_generation == 2,
        "the controller to see the restart",
    )
    assert [p.metadata.uid for p in pods(core)] == [old.metadata.uid]
    assert not settled(apps)
    core.delete_namespaced_pod(old.metadata.name, NS, grace_period_seconds=0)
    wait_for(lambda: settled(apps), "the restart")
    assert pods(core)[0].metadata.uid != old.metadata.uid


def test_an_evicted_pod_is_replaced_and_stays_to_be_seen(
    cluster: ClusterDouble, core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy"))
    wait_for(lambda: settled(apps), "the rollout")
    (old,) = pods(core)
    cluster.kubelet.evict(NS, old.metadata.name, "The node was low on resource: memory.")
    wait_for(lambda: len(pods(core)) == 2 and settled(apps), "the new pod")
    evicted = core.read_namespaced_pod(old.metadata.name, NS)
    assert (evicted.status.phase, evicted.status.reason) == ("Failed", "Evicted")
    (event,) = core.list_namespaced_event(NS, field_selector="reason=Evicted").items
    assert (event.type, event.involved_object.uid) == ("Warning", old.metadata.uid)


def test_scaling_by_its_subresource(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    apps.create_namespaced_deployment(NS, deployment("proxy"))
    scale = apps.read_namespaced_deployment_scale("proxy", NS)
    assert (scale.spec.replicas, scale.status.selector) == (1, "app=proxy")
    apps.patch_namespaced_deployment_scale("proxy", NS, {"spec": {"replicas": 3}})
    wait_for(lambda: settled(apps, 3), "three pods")
    apps.patch_namespaced_deployment_scale("proxy", NS, {"spec": {"replicas": 0}})
    wait_for(lambda: not pods(core), "no pods")


def test_a_rolling_update_never_goes_below_its_count(
    core: client.CoreV1Api, apps: client.AppsV1Api, deployment: Builder
) -> None:
    body = deployment("proxy", replicas=2)
    body["spec"]["strategy"] = {"type": "RollingUpdate"}
    apps.create_namespaced_deployment(NS, body)
    wait_for(lambda: settled(apps, 2), "the rollout")
    old = {p.metadata.uid for p in pods(core)}
    apps.patch_namespaced_deployment("proxy", NS, RESTART)
    fewest = 2

    def done() -> bool:
        nonlocal fewest
        going = [p for p in pods(core) if p.metadata.deletion_timestamp is None]
        fewest = min(fewest, len(going))
        return settled(apps, 2) and not old & {p.metadata.uid for p in pods(core)}

    wait_for(done, "the rollout")
    assert fewest == 2
