"""Changes of nodes, workloads, claims and Deployments by the Roles of ``deploy/``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.cluster import (
    CORDONED_AT,
    CORDONED_BY,
    CORDONED_WHY,
    SAFE_TO_EVICT,
    SCALE_DOWN_DISABLED,
)
from bot.domain.templates import cleaned, fingerprint
from bot.errors import UserError
from bot.runbook import CordonNode, Held, HoldCorePool, NewBudget, UncordonNode
from bot.runbook.site import Site
from sandbox.cluster.waiting import wait_for
from tests.contracts.kubernetes.objects import contract, deployment, on_node
from tests.contracts.kubernetes.systems import NODE, Apps, Core, System
from tests.contracts.kubernetes.test_plans import deployed_role
from tests.support.hubs import NOW, PLACE
from tests.support.scripted import Scripted
from tests.support.steps import CORDON

NOTED = {CORDONED_BY: "U0ANA", CORDONED_AT: "2026-11-22T12:00:00+00:00", CORDONED_WHY: "disk"}


@pytest.fixture
def cluster(system: System, ns: str, mayday: Callable[..., KubernetesCluster]) -> KubernetesCluster:
    """The adapter as a user with the Roles of ``deploy/`` only."""
    _, token = system.user(ns, *deployed_role())
    return mayday(token)


@pytest.fixture
def node(core: Core) -> Any:
    """The node, uncordoned before and after."""

    def plain() -> Any:
        notes = dict.fromkeys((*NOTED, "mayday/cordoned-until"))
        body = {"metadata": {"annotations": notes}, "spec": {"unschedulable": None}}
        return core.patch_node(NODE, body, _content_type="application/merge-patch+json")

    yield plain()
    plain()


def stateful_set(name: str, replicas: int = 0) -> dict[str, Any]:
    body = deployment(name, replicas)
    body["spec"] |= {"serviceName": name}
    del body["spec"]["strategy"]
    return body


@contract("mayday: a cordon and who did it are written at once, and removed at once")
def test_cordon(cluster: KubernetesCluster, core: Core, node: Any) -> None:
    uid = node.metadata.uid
    for _again in range(2):
        cluster.set_cordon(NODE, uid, cordoned=True, annotations=NOTED)
        found = cluster.node(NODE)
        assert found is not None
        assert found.is_cordoned
        assert {key: found.annotations[key] for key in NOTED} == NOTED
    for _again in range(2):
        cluster.set_cordon(NODE, uid, cordoned=False, annotations=dict.fromkeys(NOTED))
        after = core.read_node(NODE)
        assert not after.spec.unschedulable
        assert not set(NOTED) & set(after.metadata.annotations or {})


@contract("mayday: a cordon of somebody else is not taken over, nor that of another node's name")
def test_cordon_refused(cluster: KubernetesCluster, core: Core, node: Any) -> None:
    with pytest.raises(UserError) as told:
        cluster.set_cordon(NODE, "another-uid", cordoned=True, annotations=NOTED)
    assert told.value.code == "404"
    assert not core.read_node(NODE).spec.unschedulable
    with pytest.raises(UserError) as told:
        cluster.set_cordon("nowhere", "another-uid", cordoned=True, annotations=NOTED)
    assert told.value.code == "404"
    core.patch_node(NODE, {"spec": {"unschedulable": True}})
    with pytest.raises(UserError) as told:
        cluster.set_cordon(NODE, node.metadata.uid, cordoned=True, annotations=NOTED)
    assert told.value.code == "409"
    assert CORDONED_BY not in (core.read_node(NODE).metadata.annotations or {})


@contract("mayday: the steps cordon and uncordon see their own success")
def test_cordon_steps(cluster: KubernetesCluster, node: Any) -> None:
    site = Site(place=PLACE, hub=Scripted(), cluster=cluster)
    step = replace(CORDON, node=NODE, uid=node.metadata.uid)
    assert isinstance(step, CordonNode)
    assert (step.drifted(site), step.already_done(site)) == ("", False)
    step.perform(site)
    assert step.look(site, facts_are_not_needed).holds
    assert step.drifted(site) == f"Node {NODE} was cordoned meanwhile."
    undo = step.undo
    assert isinstance(undo, UncordonNode)
    assert (undo.drifted(site), undo.already_done(site)) == ("", False)
    undo.perform(site)
    assert undo.look(site, facts_are_not_needed).holds
    assert undo.already_done(site)


def facts_are_not_needed() -> Any:
    raise AssertionError("the step reads the whole hub")


@contract(
    "mayday: a StatefulSet is scaled with its uid and annotated at once, and others are refused"
)
def test_scale(cluster: KubernetesCluster, apps: Apps, ns: str) -> None:
    made = apps.create_namespaced_stateful_set(ns, stateful_set("user-placeholder"))
    noted: dict[str, str | None] = {"mayday/scaled-by": "U0ANA"}
    cluster.scale(ns, "user-placeholder", made.metadata.uid, 3, noted)
    found = apps.read_namespaced_stateful_set("user-placeholder", ns)
    assert (found.spec.replicas, found.metadata.annotations) == (3, noted)
    cluster.scale(ns, "user-placeholder", made.metadata.uid, 0, dict.fromkeys(noted))
    found = apps.read_namespaced_stateful_set("user-placeholder", ns)
    assert (found.spec.replicas, found.metadata.annotations or {}) == (0, {})
    with pytest.raises(UserError) as told:
        cluster.scale(ns, "user-placeholder", "another-uid", 9, {})
    assert told.value.code == "404"
    other = apps.create_namespaced_stateful_set(ns, stateful_set("db"))
    with pytest.raises(UserError) as told:
        cluster.scale(ns, "db", other.metadata.uid, 9, {})
    assert told.value.code == "403"


@contract(
    "mayday: a Deployment gets an earlier template as a whole, only at the planned generation"
)
def test_roll_back(system: System, cluster: KubernetesCluster, apps: Apps, ns: str) -> None:
    if not system.has_controllers:
        pytest.skip("no controller makes revisions here")
    apps.create_namespaced_deployment(ns, deployment("hub"))
    numbers = lambda: sorted(each.number for each in cluster.revisions(ns))  # noqa: E731
    wait_for(lambda: numbers() == [1], "the first revision")
    container = {
        "name": "main",
        "image": "example.org/main:2",
        "env": [{"name": "A", "value": "b"}],
    }
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_deployment("hub", ns, change)
    wait_for(lambda: numbers() == [1, 2], "the second revision")
    old = next(each for each in cluster.revisions(ns) if each.number == 1)
    now = cluster.deployment(ns, "hub")

    with pytest.raises(UserError) as told:
        cluster.roll_back(
            ns, "hub", cleaned(old.template), generation=now.generation - 1, at="2026-11-22"
        )
    assert told.value.code == "409"
    assert cluster.deployment(ns, "hub").generation == now.generation

    cluster.roll_back(ns, "hub", cleaned(old.template), generation=now.generation, at="2026-11-22")
    found = apps.read_namespaced_deployment("hub", ns)
    (main,) = found.spec.template.spec.containers
    assert (main.image, main.env) == ("example.org/main:1", None)
    assert found.metadata.annotations["mayday/rolled-back-at"] == "2026-11-22"
    wait_for(lambda: numbers() == [2, 3], "the revision of the rollback")
    latest = max(cluster.revisions(ns), key=lambda each: each.number)
    assert fingerprint(latest.template) == fingerprint(old.template)
    assert latest.history == "1"


@contract("mayday: another Deployment than the named ones is not changed")
def test_roll_back_of_another(cluster: KubernetesCluster, apps: Apps, ns: str) -> None:
    apps.create_namespaced_deployment(ns, deployment("web", 0))
    with pytest.raises(UserError) as told:
        cluster.roll_back(ns, "web", {}, generation=1, at="2026-11-22")
    assert told.value.code == "403"


@contract("mayday: a claim that has another uid is not grown")
def test_grow_claim(cluster: KubernetesCluster, core: Core, ns: str) -> None:
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources}
    core.create_namespaced_persistent_volume_claim(
        ns, {"metadata": {"name": "hub-db-dir"}, "spec": spec}
    )
    with pytest.raises(UserError) as told:
        cluster.grow_claim(ns, "hub-db-dir", "another-uid", 2**31)
    assert told.value.code == "404"


@contract("mayday: pods and nodes are annotated by uid, and one of another uid is left alone")
def test_annotate(cluster: KubernetesCluster, core: Core, ns: str, node: Any) -> None:
    made = core.create_namespaced_pod(ns, on_node("hub"))
    hold: dict[str, str | None] = {SAFE_TO_EVICT: "false"}
    cluster.annotate(ns, "Pod", "hub", "another-uid", hold)
    found = cluster.pod(ns, "hub")
    assert found is not None
    assert found.safe_to_evict == ""
    cluster.annotate(ns, "Pod", "hub", made.metadata.uid, hold)
    found = cluster.pod(ns, "hub")
    assert found is not None
    assert found.safe_to_evict == "false"
    cluster.annotate(ns, "Pod", "hub", made.metadata.uid, {SAFE_TO_EVICT: None})
    assert not core.read_namespaced_pod("hub", ns).metadata.annotations
    cluster.annotate(ns, "Pod", "gone", made.metadata.uid, hold)

    for value in ("true", None):
        cluster.annotate("", "Node", NODE, node.metadata.uid, {SCALE_DOWN_DISABLED: value})
        notes = core.read_node(NODE).metadata.annotations or {}
        assert notes.get(SCALE_DOWN_DISABLED) == value


@contract("mayday: a core pool is held and released, its budgets included")
def test_hold(system: System, cluster: KubernetesCluster, core: Core, ns: str, node: Any) -> None:
    if "v1" not in system.policy:
        pytest.skip(f"{system.against} has no policy/v1")
    pod = core.create_namespaced_pod(ns, on_node("hub"))
    site = Site(place=replace(PLACE, namespace=ns), hub=Scripted(), cluster=cluster)
    hold = HoldCorePool(
        pods=(Held(name="hub", uid=pod.metadata.uid),),
        nodes=(Held(name=NODE, uid=node.metadata.uid),),
        budgets=(NewBudget(name="mayday-hold-hub", selector={"component": "hub"}),),
        until=NOW,
    )
    release = hold.undo
    for _again in range(2):
        hold.perform(site)
        assert hold.look(site, facts_are_not_needed).holds
        assert hold.already_done(site)
    (budget,) = cluster.budgets(ns)
    assert (budget.name, budget.selector) == ("mayday-hold-hub", {"component": "hub"})
    for _again in range(2):
        release.perform(site)
        assert release.look(site, facts_are_not_needed).holds
    assert cluster.budgets(ns) == ()
