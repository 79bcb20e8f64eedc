"""Our adapter's verbs on both clusters: reads, writes and errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bot.adapters import kubernetes_api as adapter
from bot.adapters import kubernetes_objects as objects
from bot.adapters.kubernetes import KubernetesCluster
from bot.errors import RetryLater, UserError
from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import contract, deployment, exists, on_node, pod
from tests.contracts.kubernetes.systems import NODE, Apps, Core, Live, System

Mayday = Callable[..., KubernetesCluster]
AT = "2026-11-22T12:00:00+00:00"


@contract("adapter: a pod is read with its user, node, phase, readiness and age")
def test_a_running_pod(core: Core, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    body = on_node(
        "jupyter-ana",
        labels={"component": "singleuser-server"},
        annotations={"hub.jupyter.org/username": "Ana@x.org", "hub.jupyter.org/servername": "gpu"},
    )
    made = core.create_namespaced_pod(ns, body)
    kubelet.runs(made)
    (found,) = mayday().pods(ns, "component=singleuser-server")
    assert (found.name, found.uid, found.node) == ("jupyter-ana", made.metadata.uid, NODE)
    assert (found.user, found.server, found.component) == ("Ana@x.org", "gpu", "singleuser-server")
    assert (found.phase, found.reason, found.ready, found.restarts) == ("Running", "", True, 0)
    assert (found.ips, found.last_exit, found.message) == (("10.1.0.1",), "", "")
    assert found.started_at == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert found.created_at is not None
    assert found.created_at.tzinfo is not None
    assert found.deleting_since is None


@contract("adapter: why a pod does not run is read from pod, container or scheduler")
def test_reasons(core: Core, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    label = {"app": "x"}
    waiting = core.create_namespaced_pod(ns, on_node("waiting", labels=label))
    kubelet.waits(waiting, "ImagePullBackOff")
    kubelet.failed(core.create_namespaced_pod(ns, on_node("evicted", labels=label)), "Evicted")
    core.create_namespaced_pod(ns, pod("unplaced", labels=label))
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    core.patch_namespaced_pod_status("unplaced", ns, {"status": {"conditions": [refused]}})
    found = {item.name: (item.phase, item.reason) for item in mayday().pods(ns, "app=x")}
    assert found == {
        "waiting": ("Pending", "ImagePullBackOff"),
        "evicted": ("Failed", "Evicted"),
        "unplaced": ("Pending", "Unschedulable"),
    }


@contract("adapter: a pod whose node died is not ready, though its containers say so")
def test_a_dead_node(core: Core, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    made = core.create_namespaced_pod(ns, on_node("a", labels={"app": "x"}))
    kubelet.runs(made)
    kubelet.lost(made)
    (found,) = mayday().pods(ns, "app=x")
    assert (found.phase, found.ready) == ("Running", False)
    raw = core.read_namespaced_pod("a", ns)
    assert raw.status.container_statuses[0].ready


@contract("adapter: how a container of a pod ended last, and what it waits for")
def test_the_last_exit(core: Core, ns: str, kubelet: Kubelet, mayday: Mayday) -> None:
    kubelet.out_of_memory(core.create_namespaced_pod(ns, on_node("a", labels={"app": "x"})))
    (found,) = mayday().pods(ns, "app=x")
    assert (found.last_exit, found.restarts) == ("OOMKilled", 12)
    assert found.last_exit_at == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert found.reason == "CrashLoopBackOff"
    assert found.message == "back-off 5m0s restarting container"


@contract("adapter: a pod's release by the chart's label or by the recommended one")
def test_releases(core: Core, ns: str, mayday: Mayday) -> None:
    for name, labels in (
        ("a", {"release": "datahub", "component": "hub"}),
        ("b", {"app.kubernetes.io/instance": "data100", "app.kubernetes.io/component": "hub"}),
        ("c", {"other": "label"}),
    ):
        core.create_namespaced_pod(ns, on_node(name, labels={"app": "x", **labels}))
    found = [(item.release, item.component) for item in mayday().pods(ns, "app=x")]
    assert found == [("datahub", "hub"), ("data100", "hub"), ("", "")]


@contract("adapter: every page of pods is read")
def test_all_pages(core: Core, ns: str, mayday: Mayday, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "PAGE", 2)
    for name in "abcde":
        core.create_namespaced_pod(ns, pod(name, labels={"app": "x"}))
    assert [found.name for found in mayday().pods(ns, "app=x")] == list("abcde")


@contract("adapter: a terminating pod shows since when and its grace")
def test_terminating(core: Core, ns: str, mayday: Mayday) -> None:
    made = core.create_namespaced_pod(
        ns, on_node("a", labels={"app": "x"}, terminationGracePeriodSeconds=60)
    )
    before = datetime.now(UTC).replace(microsecond=0)
    mayday().delete_pod(ns, "a", made.metadata.uid)
    (found,) = mayday().pods(ns, "app=x")
    assert found.grace == 60
    assert found.deleting_since is not None
    assert before <= found.deleting_since <= datetime.now(UTC)


@contract("adapter: delete and force-delete leave a gone or replaced pod alone, without an error")
def test_not_the_pod(core: Core, ns: str, mayday: Mayday) -> None:
    core.create_namespaced_pod(ns, on_node("a"))
    for name in ("a", "none"):
        mayday().delete_pod(ns, name, "another-uid")
        mayday().force_delete_pod(ns, name, "another-uid")
    assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp is None


@contract("adapter: force-delete removes a stuck pod at once")
def test_force(core: Core, ns: str, mayday: Mayday) -> None:
    made = core.create_namespaced_pod(ns, on_node("a"))
    core.delete_namespaced_pod("a", ns)
    assert exists(core, ns, "a")
    mayday().force_delete_pod(ns, "a", made.metadata.uid)
    assert not exists(core, ns, "a")


@contract("adapter: force-delete refuses a pod that is neither being deleted nor finished")
def test_living(core: Core, ns: str, mayday: Mayday) -> None:
    made = core.create_namespaced_pod(ns, on_node("a"))
    with pytest.raises(UserError, match="is not being deleted"):
        mayday().force_delete_pod(ns, "a", made.metadata.uid)
    assert mayday().pod(ns, "none") is None
    found = mayday().pod(ns, "a")
    assert found is not None
    assert (found.uid, found.deleting_since) == (made.metadata.uid, None)


@contract("adapter: force-delete refuses a pod with finalizers or of a StatefulSet")
def test_guarded(core: Core, ns: str, mayday: Mayday) -> None:
    owner = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "s", "uid": "0-0-0"}
    held = core.create_namespaced_pod(ns, on_node("held", finalizers=["example.org/hold"]))
    with pytest.raises(UserError, match=r"waits for finalizer example\.org/hold"):
        mayday().force_delete_pod(ns, "held", held.metadata.uid)
    made = core.create_namespaced_pod(ns, on_node("owned", ownerReferences=[owner]))
    # The garbage collector may delete it first: that owner does not exist.
    with pytest.raises(UserError, match="belongs to a StatefulSet"):
        mayday().force_delete_pod(ns, "owned", made.metadata.uid)
    assert core.read_namespaced_pod("held", ns).metadata.deletion_timestamp is None
    core.patch_namespaced_pod("held", ns, {"metadata": {"finalizers": None}})


@contract("adapter: a Deployment with its strategy, replicas and generation")
def test_deployment(apps: Apps, ns: str, mayday: Mayday) -> None:
    apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    found = mayday().deployment(ns, "hub")
    assert (found.name, found.replicas, found.ready, found.strategy) == ("hub", 0, 0, "Recreate")
    assert (found.generation, found.restarted_at) == (1, "")
    mayday().restart_deployment(ns, "hub", AT)
    found = mayday().deployment(ns, "hub")
    assert (found.generation, found.restarted_at) == (2, AT)


@contract("adapter: a paused Deployment takes the restart's annotation and says that it is paused")
def test_paused(apps: Apps, ns: str, mayday: Mayday) -> None:
    body = deployment("proxy", replicas=0)
    body["spec"]["paused"] = True
    apps.create_namespaced_deployment(ns, body)
    mayday().restart_deployment(ns, "proxy", AT)
    found = mayday().deployment(ns, "proxy")
    assert (found.paused, found.restarted_at) == (True, AT)
    apps.patch_namespaced_deployment("proxy", ns, {"spec": {"paused": False}})
    assert not mayday().deployment(ns, "proxy").paused


@contract("adapter: a page that expires in the middle of a list")
def test_expired_page(
    system: System,
    core: Core,
    ns: str,
    mayday: Mayday,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapter, "PAGE", 1)
    for name in "ab":
        core.create_namespaced_pod(ns, pod(name, labels={"app": "x"}))
    read = objects.pod

    def forgetful(item: Live) -> object:
        core.patch_namespaced_pod("b", ns, {"metadata": {"labels": {"later": "x"}}})
        system.forget()
        return read(item)

    monkeypatch.setattr(objects, "pod", forgetful)
    with pytest.raises(RetryLater, match="list pods"):
        mayday().pods(ns, "app=x")


@contract("adapter: a selector that makes no sense is refused in one sentence")
def test_bad_selector(ns: str, mayday: Mayday) -> None:
    with pytest.raises(UserError, match="refused to list pods") as told:
        mayday().pods(ns, "a b")
    assert told.value.code == "400"
