"""Evictions, which respect disruption budgets, and scaling, which ignores them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import contract, deployment, exists, on_node, refusal
from tests.contracts.kubernetes.systems import Apps, Core, System


def eviction(
    system: System, ns: str, name: str, version: str = "", **options: Any
) -> dict[str, Any]:
    """An Eviction in the given or the newest served version."""
    return {
        "apiVersion": f"policy/{version or min(system.policy, key=len)}",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": ns},
        "deleteOptions": options or None,
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@contract("an eviction deletes a pod in its grace, as policy/v1 and as policy/v1beta1")
def test_eviction(system: System, core: Core, ns: str, kubelet: Kubelet, version: str) -> None:
    kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    body = eviction(system, ns, "a", version)
    if version not in system.policy:
        assert refusal(core.create_namespaced_pod_eviction, "a", ns, body).status in (400, 404)
        pytest.xfail(
            f"this release serves the policy group as {', '.join(sorted(system.policy))} only and "
            f"refuses an eviction as policy/{version}; the double serves both, as 1.22 to 1.24 do"
        )
    core.create_namespaced_pod_eviction("a", ns, body)
    held = core.read_namespaced_pod("a", ns).metadata
    assert (held.deletion_grace_period_seconds, bool(held.deletion_timestamp)) == (30, True)


@contract("an eviction against a budget is 429 TooManyRequests with its cause; the pod stays")
def test_budget(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    kubelet.runs(core.create_namespaced_pod(ns, on_node("a", labels={"app": "a"})))
    body = eviction(system, ns, "a")
    with system.protect(ns, "a"):
        told = refusal(core.create_namespaced_pod_eviction, "a", ns, body)
        assert (told.status, told.reason) == (429, "TooManyRequests")
        assert told.message.startswith("Cannot evict pod as it would violate the pod's disruption")
        (cause,) = told.details["causes"]
        assert cause["reason"] == "DisruptionBudget"
        assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp is None
    core.create_namespaced_pod_eviction("a", ns, body)
    assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp is not None


@contract("a budget holds back evictions only: a deletion goes through")
def test_budget_and_deletion(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    kubelet.runs(core.create_namespaced_pod(ns, on_node("a", labels={"app": "a"})))
    with system.protect(ns, "a"):
        core.delete_namespaced_pod("a", ns, grace_period_seconds=0)
    assert not exists(core, ns, "a")


@contract("a budget does not hold a pod that is over")
def test_budget_and_failed_pod(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    kubelet.failed(core.create_namespaced_pod(ns, on_node("a", labels={"app": "a"})), "Evicted")
    with system.protect(ns, "a"):
        core.create_namespaced_pod_eviction("a", ns, eviction(system, ns, "a"))
    assert not exists(core, ns, "a")


@contract("an eviction heeds a uid precondition and its own grace")
def test_eviction_options(system: System, core: Core, ns: str, kubelet: Kubelet) -> None:
    kubelet.runs(core.create_namespaced_pod(ns, on_node("a")))
    other = eviction(system, ns, "a", preconditions={"uid": "another-uid"})
    assert refusal(core.create_namespaced_pod_eviction, "a", ns, other).status == 409
    assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp is None
    short = eviction(system, ns, "a", gracePeriodSeconds=7)
    core.create_namespaced_pod_eviction("a", ns, short)
    assert core.read_namespaced_pod("a", ns).metadata.deletion_grace_period_seconds == 7


@contract("an eviction of no pod is 404; one that names another pod is 400")
def test_eviction_of_nobody(system: System, core: Core, ns: str) -> None:
    told = refusal(core.create_namespaced_pod_eviction, "b", ns, eviction(system, ns, "b"))
    assert (told.status, told.reason) == (404, "NotFound")
    core.create_namespaced_pod(ns, on_node("a"))
    told = refusal(core.create_namespaced_pod_eviction, "a", ns, eviction(system, ns, "b"))
    assert (told.status, told.reason) == (400, "BadRequest")
    assert core.read_namespaced_pod("a", ns).metadata.deletion_timestamp is None


@contract("scale: a patch of /scale changes the replicas and the generation")
def test_scale(apps: Apps, ns: str) -> None:
    made = apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    scale = apps.read_namespaced_deployment_scale("hub", ns)
    assert (scale.kind, scale.api_version) == ("Scale", "autoscaling/v1")
    assert (scale.spec.replicas, scale.status.selector) in ((0, "app=hub"), (None, "app=hub"))
    assert scale.metadata.uid == made.metadata.uid
    body = {"spec": {"replicas": 2}}
    assert apps.patch_namespaced_deployment_scale("hub", ns, body).spec.replicas == 2
    found = apps.read_namespaced_deployment("hub", ns)
    assert (found.spec.replicas, found.metadata.generation) == (2, 2)


@contract("scale of an older version is 409; below 0 422; of nothing 404")
def test_scale_refused(apps: Apps, ns: str) -> None:
    apps.create_namespaced_deployment(ns, deployment("hub", replicas=0))
    old = apps.read_namespaced_deployment_scale("hub", ns)
    apps.patch_namespaced_deployment_scale("hub", ns, {"spec": {"replicas": 1}})
    late = {"metadata": {"resourceVersion": old.metadata.resource_version}, "spec": {"replicas": 5}}
    told = refusal(apps.patch_namespaced_deployment_scale, "hub", ns, late)
    assert (told.status, told.reason) == (409, "Conflict")
    below = {"spec": {"replicas": -1}}
    told = refusal(apps.patch_namespaced_deployment_scale, "hub", ns, below)
    assert (told.status, told.reason) == (422, "Invalid")
    told = refusal(apps.read_namespaced_deployment_scale, "none", ns)
    assert (told.status, told.reason) == (404, "NotFound")
    assert apps.read_namespaced_deployment("hub", ns).spec.replicas == 1
