"""What our adapter reads beside pods, on both clusters: nodes, volumes, limits, events, workloads, logs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from kubernetes import client

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.cluster import PodMemory, Quota
from bot.errors import UserError
from sandbox.cluster.waiting import wait_for
from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import contract, deployment, on_node, pod
from tests.contracts.kubernetes.systems import NODE, REAL, Apps, Core, Grant, System

Mayday = Callable[..., KubernetesCluster]
AT = "2026-11-22T12:00:00Z"
TIME = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def core_node(core: Core) -> Iterator[str]:
    """A cordoned node of the core pool whose kubelet stopped reporting."""
    labels = {"hub.jupyter.org/node-purpose": "core", "cloud.google.com/gke-nodepool": "core-a"}
    taints = [
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": AT},
        {"key": "hub.jupyter.org/dedicated", "value": "core", "effect": "NoSchedule"},
    ]
    meta = {"name": "core-1", "labels": labels, "annotations": {"mayday/cordoned-by": "U1"}}
    core.create_node({"metadata": meta, "spec": {"unschedulable": True, "taints": taints}})
    conditions = [
        {
            "type": "Ready",
            "status": "Unknown",
            "reason": "NodeStatusUnknown",
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": AT,
        },
        {"type": "MemoryPressure", "status": "True"},
        {"type": "DiskPressure", "status": "False"},
    ]
    core.patch_node_status("core-1", {"status": {"conditions": conditions}})
    yield "core-1"
    core.delete_node("core-1")


@contract("adapter: a node with its readiness, pressures, cordon, taints and pool")
def test_nodes(mayday: Mayday, core_node: str) -> None:
    found = mayday().node(core_node)
    assert found is not None
    assert (found.ready, found.since) == (None, TIME)
    assert found.why == "NodeStatusUnknown: Kubelet stopped posting node status."
    assert found.pressures == ("MemoryPressure",)
    assert (found.is_cordoned, found.cordoned_at) == (True, TIME)
    assert (found.purpose, found.pool) == ("core", "core-a")
    assert found.annotations["mayday/cordoned-by"] == "U1"
    assert "hub.jupyter.org/dedicated=core:NoSchedule" in found.taints
    assert found.uid and found.created_at is not None
    others = {each.name: each for each in mayday().nodes()}
    assert others[core_node] == found
    assert (others[NODE].ready, others[NODE].is_cordoned) == (True, False)
    assert mayday().node("none") is None


@contract("adapter: nodes are refused with the rule that grants them")
def test_forbidden_nodes(system: System, ns: str, mayday: Mayday) -> None:
    _, token = system.user(ns, Grant(verbs=("list",)))
    with pytest.raises(UserError, match="isn't allowed to list nodes") as refused:
        mayday(token).nodes()
    assert 'apiGroups: [""], resources: [nodes], verbs: [list]' in str(refused.value)


@contract("adapter: one pod by its name, or None")
def test_one_pod(core: Core, ns: str, mayday: Mayday) -> None:
    made = core.create_namespaced_pod(ns, pod("a"))
    core.create_namespaced_pod(ns, pod("b", labels={"app": "x"}))
    found = mayday().pod(ns, "a")
    assert found is not None
    assert (found.name, found.uid) == ("a", made.metadata.uid)
    assert mayday().pod(ns, "none") is None
    assert [each.name for each in mayday().all_pods(ns)] == ["a", "b"]


@contract("adapter: a claim with its size, and whether its class lets it grow")
def test_claims(api: client.ApiClient, core: Core, ns: str, mayday: Mayday) -> None:
    storage: Any = client.StorageV1Api(api)
    for name, grows in (("fast", True), ("slow", None)):
        kind = {"metadata": {"name": f"{ns}-{name}"}, "provisioner": "example.org/disk"}
        storage.create_storage_class(kind | ({"allowVolumeExpansion": grows} if grows else {}))
    for name, kind in (("hub-db-dir", "fast"), ("home", "slow"), ("old", "gone")):
        spec = {
            "storageClassName": f"{ns}-{kind}",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "2Gi"}},
        }
        core.create_namespaced_persistent_volume_claim(
            ns, {"metadata": {"name": name}, "spec": spec}
        )
    status = {
        "phase": "Bound",
        "capacity": {"storage": "1G"},
        "conditions": [{"type": "FileSystemResizePending", "status": "True"}],
    }
    core.patch_namespaced_persistent_volume_claim_status("hub-db-dir", ns, {"status": status})
    found = {each.name: each for each in mayday().claims(ns)}
    assert {name: each.can_grow for name, each in found.items()} == {
        "hub-db-dir": True,
        "home": False,
        "old": None,
    }
    first = found["hub-db-dir"]
    assert (first.phase, first.capacity, first.requested) == ("Bound", 10**9, 2 * 1024**3)
    assert first.access_modes == ("ReadWriteOnce",)
    assert first.conditions == ("FileSystemResizePending",)
    assert first.storage_class == f"{ns}-fast"


@contract("adapter: whether a claim can grow is unknown where StorageClasses may not be listed")
def test_claims_without_classes(system: System, core: Core, ns: str, mayday: Mayday) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body = {"metadata": {"name": "home"}, "spec": spec | {"storageClassName": "fast"}}
    core.create_namespaced_persistent_volume_claim(ns, body)
    _, token = system.user(ns, Grant(verbs=("list",), resources=("persistentvolumeclaims",)))
    (found,) = mayday(token).claims(ns)
    assert found.can_grow is None


@contract("adapter: events of all kinds with their times and counts, those of nodes apart")
def test_events(core: Core, ns: str, mayday: Mayday) -> None:
    def event(namespace: str, kind: str, name: str, **more: Any) -> None:
        involved = {"kind": kind, "name": name, "uid": f"uid-{name}"}
        involved |= {"namespace": namespace} if kind != "Node" else {}
        body = {"metadata": {"generateName": "e"}, "involvedObject": involved, "reason": "Because"}
        core.create_namespaced_event(namespace, body | more)

    event(
        ns,
        "PersistentVolumeClaim",
        "home",
        type="Warning",
        message="no space",
        count=3,
        firstTimestamp="2026-11-22T11:00:00Z",
        lastTimestamp=AT,
        source={"component": "kubelet"},
    )
    event("default", "Node", f"node-{ns}", type="Normal", firstTimestamp=AT, lastTimestamp=AT)
    (found,) = mayday().events(ns)
    assert (found.kind, found.name, found.uid) == ("PersistentVolumeClaim", "home", "uid-home")
    assert (found.reason, found.message, found.source) == ("Because", "no space", "kubelet")
    assert (found.at, found.count, found.is_warning) == (TIME, 3, True)
    assert found.first_at == datetime(2026, 11, 22, 11, tzinfo=UTC)
    nodes = mayday().node_events()
    (mine,) = (each for each in nodes if each.name == f"node-{ns}")
    assert (mine.kind, mine.at, mine.count, mine.is_warning) == ("Node", TIME, 1, False)


@contract("adapter: a cluster without metrics-server says so, to whoever may read memory use")
def test_no_memory(system: System, ns: str, mayday: Mayday) -> None:
    with pytest.raises(UserError, match="has no metrics-server") as absent:
        mayday().memory(ns, "component=proxy")
    assert absent.value.code == "404"
    _, token = system.user(ns, Grant(verbs=("list",)))
    with pytest.raises(UserError, match=r"isn't allowed to list pods\.metrics\.k8s\.io") as refused:
        mayday(token).memory(ns, "component=proxy")
    assert "apiGroups: [metrics.k8s.io], resources: [pods], verbs: [list]" in str(refused.value)


@contract("adapter: the memory that pods use, by their labels")
def test_memory(system: System, api: client.ApiClient, ns: str, mayday: Mayday) -> None:
    if system.name == REAL:
        pytest.skip("no metrics-server runs beside this API server; the other contract has its 404")
    objects: Any = client.CustomObjectsApi(api)
    where = ("metrics.k8s.io", "v1beta1", ns, "pods")
    usages = {"proxy-1": ("400Mi", "1048576"), "proxy-2": (), "hub-1": ("1Gi",)}
    for name, used in usages.items():
        meta = {"name": name, "labels": {"component": name.partition("-")[0]}}
        containers = [{"name": "c", "usage": {"cpu": "7m", "memory": each}} for each in used]
        body = {"metadata": meta, "timestamp": AT, "window": "15s", "containers": containers}
        objects.create_namespaced_custom_object(*where, body)
    try:
        assert mayday().memory(ns, "component=proxy") == (
            PodMemory(pod="proxy-1", used=401 * 2**20, at=TIME),
            PodMemory(pod="proxy-2", used=None, at=TIME),
        )
    finally:
        for name in usages:
            objects.delete_namespaced_custom_object(*where, name)


@contract("adapter: a quota's limits and what is used of them")
def test_quotas(core: Core, ns: str, mayday: Mayday) -> None:
    hard = {"requests.memory": "10Gi", "pods": "20"}
    core.create_namespaced_resource_quota(
        ns, {"metadata": {"name": "team"}, "spec": {"hard": hard}}
    )
    used = {"requests.memory": "9Gi", "pods": "20"}
    status = {"status": {"hard": hard, "used": used}}
    core.patch_namespaced_resource_quota_status("team", ns, status)
    assert mayday().quotas(ns) == (Quota(name="team", hard=hard, used=used),)


@contract("adapter: a disruption budget, by the version of the API that the cluster serves")
def test_budgets(system: System, api: client.ApiClient, ns: str, mayday: Mayday) -> None:
    version = min(system.policy, key=len)
    objects: Any = client.CustomObjectsApi(api)
    where = ("policy", version, ns, "poddisruptionbudgets")
    body = {
        "apiVersion": f"policy/{version}",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "hub"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"component": "hub"}}},
    }
    made = objects.create_namespaced_custom_object(*where, body)
    counts = {"currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1, "disruptionsAllowed": 0}
    counts["observedGeneration"] = made["metadata"].get("generation", 1)
    objects.patch_namespaced_custom_object_status(*where, "hub", {"status": counts})
    (found,) = mayday().budgets(ns)
    # A controller may have counted the pods, of which there are none.
    assert (found.name, found.allowed, found.desired) == ("hub", 0, 1)
    assert found.selector == {"component": "hub"}


@contract("adapter: a Deployment's revisions, by its ReplicaSets")
def test_revisions(system: System, apps: Apps, ns: str, mayday: Mayday) -> None:
    if not system.has_controllers:
        pytest.skip("revisions are made by the controller of Deployments")
    apps.create_namespaced_deployment(ns, deployment("proxy", replicas=0))
    wait_for(lambda: mayday().revisions(ns), "the first revision")
    container = {"name": "main", "image": "example.org/main:2"}
    notes = {"kubernetes.io/change-cause": "helm upgrade"}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_deployment("proxy", ns, change | {"metadata": {"annotations": notes}})
    wait_for(lambda: len(mayday().revisions(ns)) == 2, "the second revision")
    spec = deployment("x")["spec"] | {"replicas": 0}
    spec.pop("strategy")
    apps.create_namespaced_replica_set(ns, {"metadata": {"name": "nobodys"}, "spec": spec})
    first, second = sorted(mayday().revisions(ns), key=lambda each: each.number)
    assert [(each.deployment, each.number) for each in (first, second)] == [
        ("proxy", 1),
        ("proxy", 2),
    ]
    assert (first.images, second.images) == (("example.org/main:1",), ("example.org/main:2",))
    assert second.name.startswith("proxy-")
    assert second.created_at is not None
    assert second.template["spec"]["containers"][0]["image"] == "example.org/main:2"


@contract("adapter: StatefulSets and DaemonSets with their replicas, and all Deployments")
def test_workloads(apps: Apps, ns: str, mayday: Mayday) -> None:
    template = deployment("x")["spec"]["template"]
    selector = {"matchLabels": {"app": "x"}}
    body = {
        "metadata": {"name": "user-placeholder", "annotations": {"mayday/scaled-by": "U1"}},
        "spec": {"replicas": 0, "serviceName": "x", "selector": selector, "template": template},
    }
    made = apps.create_namespaced_stateful_set(ns, body)
    body = {"metadata": {"name": "puller"}, "spec": {"selector": selector, "template": template}}
    apps.create_namespaced_daemon_set(ns, body)
    apps.create_namespaced_deployment(ns, deployment("proxy"))
    found = {each.name: each for each in mayday().workloads(ns)}
    placeholder = found["user-placeholder"]
    assert (placeholder.kind, placeholder.uid) == ("StatefulSet", made.metadata.uid)
    assert (placeholder.replicas, placeholder.ready, placeholder.generation) == (0, 0, 1)
    assert placeholder.annotations == {"mayday/scaled-by": "U1"}
    assert found["puller"].kind == "DaemonSet"
    assert [each.name for each in mayday().deployments(ns)] == ["proxy"]


@contract("adapter: the last lines of a log, and those before a restart")
def test_log(system: System, core: Core, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    made = kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    system.say(made, "one\ntwo\nthree\n")
    lines = mayday().log(ns, "a", lines=2).splitlines()
    assert [line.split()[-1] for line in lines] == ["two", "three"]
    assert mayday().log(ns, "a", previous=True) == ""
    with pytest.raises(UserError) as missing:
        mayday().log(ns, "none")
    assert missing.value.code == "404"


@contract("adapter: in what is empty there is nothing")
def test_nothing(ns: str, mayday: Mayday) -> None:
    api = mayday()
    for read in (api.all_pods, api.claims, api.budgets, api.quotas, api.workloads):
        assert read(ns) == ()
    assert api.deployments(ns) == api.revisions(ns) == api.events(ns) == ()
