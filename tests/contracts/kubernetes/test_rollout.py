"""Rollouts in the restart runbooks, with real controllers and a simulated kubelet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from sandbox.cluster.waiting import wait_for
from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import contract, deployment
from tests.contracts.kubernetes.systems import NODE, Apps, Core, Live, System

Mayday = Callable[..., KubernetesCluster]
AT = "2026-11-22T12:00:00+00:00"


@pytest.fixture(autouse=True)
def _controllers(system: System) -> None:
    if not system.has_controllers:
        pytest.skip("KUBEBUILDER_ASSETS has no kube-controller-manager")


def pods(core: Core, ns: str, name: str = "proxy") -> list[Live]:
    """The Deployment's pods."""
    found: list[Live] = core.list_namespaced_pod(ns, label_selector=f"app={name}").items
    return found


def place(core: Core, kubelet: Kubelet, pod: Live) -> Live:
    """Act as scheduler and kubelet: run the pod on the node."""
    meta = pod.metadata
    target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
    binding = {"metadata": {"name": meta.name}, "target": target}
    core.create_namespaced_pod_binding(meta.name, meta.namespace, binding, _preload_content=False)
    return kubelet.runs(core.read_namespaced_pod(meta.name, meta.namespace))


def started(core: Core, apps: Apps, ns: str, kubelet: Kubelet, strategy: str) -> Live:
    """A Deployment ``proxy`` with a running pod."""
    apps.create_namespaced_deployment(ns, deployment("proxy", strategy=strategy))
    wait_for(lambda: len(pods(core, ns)) == 1, "a pod")
    return place(core, kubelet, pods(core, ns)[0])


@contract("a pod of a Deployment belongs to a ReplicaSet of its template, by generated name")
def test_owners(core: Core, apps: Apps, ns: str, kubelet: Kubelet) -> None:
    meta = started(core, apps, ns, kubelet, "Recreate").metadata
    (owner,) = meta.owner_references
    assert (owner.kind, owner.controller) == ("ReplicaSet", True)
    assert owner.name == f"proxy-{meta.labels['pod-template-hash']}"
    assert meta.generate_name == f"{owner.name}-"
    assert meta.name.startswith(meta.generate_name)
    found = apps.read_namespaced_deployment("proxy", ns)
    assert found.metadata.annotations["deployment.kubernetes.io/revision"] == "1"


@contract("a Deployment's counts follow its pods; a count of none is left out")
def test_counts(core: Core, apps: Apps, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    apps.create_namespaced_deployment(ns, deployment("proxy"))
    wait_for(lambda: len(pods(core, ns)) == 1, "a pod")
    hub = mayday()
    wait_for(lambda: hub.deployment(ns, "proxy").updated == 1, "the pod to be counted")
    before = apps.read_namespaced_deployment("proxy", ns).status
    assert (before.replicas, before.ready_replicas, before.unavailable_replicas) == (1, None, 1)
    assert not hub.deployment(ns, "proxy").rolled_out
    place(core, kubelet, pods(core, ns)[0])
    wait_for(lambda: hub.deployment(ns, "proxy").rolled_out, "the rollout")
    status = apps.read_namespaced_deployment("proxy", ns).status
    assert (status.ready_replicas, status.available_replicas) == (1, 1)
    assert status.unavailable_replicas is None
    told = {found.type: (found.status, found.reason) for found in status.conditions}
    assert told["Available"] == ("True", "MinimumReplicasAvailable")
    assert told["Progressing"] == ("True", "NewReplicaSetAvailable")


@contract(
    "restart patch, Recreate: the old pod goes first; a pod stuck terminating hangs the rollout"
)
def test_restart_recreate(
    core: Core, apps: Apps, ns: str, kubelet: Kubelet, mayday: Mayday
) -> None:
    old = started(core, apps, ns, kubelet, "Recreate")
    hub = mayday()
    wait_for(lambda: hub.deployment(ns, "proxy").rolled_out, "the first rollout")
    hub.restart_deployment(ns, "proxy", AT)
    after = hub.deployment(ns, "proxy")
    assert (after.generation, after.restarted_at) == (2, AT)

    def terminating() -> bool:
        found = pods(core, ns)
        return [item.metadata.uid for item in found] == [old.metadata.uid] and bool(
            found[0].metadata.deletion_timestamp
        )

    wait_for(terminating, "the old pod to be deleted")
    wait_for(lambda: hub.deployment(ns, "proxy").observed_generation == 2, "the controller")
    assert terminating(), "no new pod may come while the old one is there"
    assert not hub.deployment(ns, "proxy").rolled_out
    kubelet.let_go(old)
    wait_for(lambda: len(pods(core, ns)) == 1, "the new pod")
    (new,) = pods(core, ns)
    assert new.metadata.uid != old.metadata.uid
    assert new.metadata.annotations["kubectl.kubernetes.io/restartedAt"] == AT
    assert not hub.deployment(ns, "proxy").rolled_out
    place(core, kubelet, new)
    wait_for(lambda: hub.deployment(ns, "proxy").rolled_out, "the second rollout")


@contract("restart patch, RollingUpdate: the new pod comes first, the old goes when it is ready")
def test_restart_rolling(core: Core, apps: Apps, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    old = started(core, apps, ns, kubelet, "RollingUpdate")
    hub = mayday()
    wait_for(lambda: hub.deployment(ns, "proxy").rolled_out, "the first rollout")
    hub.restart_deployment(ns, "proxy", AT)
    wait_for(lambda: len(pods(core, ns)) == 2, "the new pod")
    assert not any(item.metadata.deletion_timestamp for item in pods(core, ns))
    (new,) = (item for item in pods(core, ns) if item.metadata.uid != old.metadata.uid)
    place(core, kubelet, new)

    def old_is_going() -> bool:
        found = core.read_namespaced_pod(old.metadata.name, ns)
        return found.metadata.deletion_timestamp is not None

    wait_for(old_is_going, "the old pod to be deleted")
    kubelet.let_go(old)
    wait_for(lambda: hub.deployment(ns, "proxy").rolled_out, "the second rollout")
    assert [item.metadata.uid for item in pods(core, ns)] == [new.metadata.uid]


@contract("the same restart patch again changes nothing: no generation, no pod")
def test_restart_twice(core: Core, apps: Apps, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    started(core, apps, ns, kubelet, "RollingUpdate")
    hub = mayday()
    hub.restart_deployment(ns, "proxy", AT)
    wait_for(lambda: len(pods(core, ns)) == 2, "the new pod")
    hub.restart_deployment(ns, "proxy", AT)
    assert hub.deployment(ns, "proxy").generation == 2
    assert len(apps.list_namespaced_replica_set(ns).items) == 2


@contract("a pod that a ReplicaSet loses is replaced by one of another name and uid")
def test_replacement(core: Core, apps: Apps, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    old = started(core, apps, ns, kubelet, "Recreate").metadata
    mayday().delete_pod(ns, old.name, old.uid)
    wait_for(lambda: any(item.metadata.uid != old.uid for item in pods(core, ns)), "a replacement")
    assert old.name in [item.metadata.name for item in pods(core, ns)]


@contract("an evicted pod stays as Failed beside its replacement")
def test_evicted_stays(core: Core, apps: Apps, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    old = started(core, apps, ns, kubelet, "Recreate")
    kubelet.failed(old, "Evicted")
    wait_for(lambda: len(pods(core, ns)) == 2, "a replacement")
    by_phase = {found.phase: found.reason for found in mayday().pods(ns, "app=proxy")}
    assert by_phase == {"Failed": "Evicted", "Pending": ""}


@contract("scaling to 0 takes the pods away, and back to 1 brings one")
def test_scaling(core: Core, apps: Apps, ns: str, kubelet: Kubelet) -> None:
    old = started(core, apps, ns, kubelet, "RollingUpdate")
    apps.patch_namespaced_deployment_scale("proxy", ns, {"spec": {"replicas": 0}})
    wait_for(lambda: bool(pods(core, ns)[0].metadata.deletion_timestamp), "the pod to be deleted")
    kubelet.let_go(old)
    apps.patch_namespaced_deployment_scale("proxy", ns, {"spec": {"replicas": 1}})
    wait_for(lambda: len(pods(core, ns)) == 1, "a pod")
    assert pods(core, ns)[0].metadata.uid != old.metadata.uid
