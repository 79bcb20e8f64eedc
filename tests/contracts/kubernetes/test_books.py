"""Runbooks about nodes, capacity, deploys and volumes: planned, carried out and planned again as the account
that ``deploy/`` gives mayday."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from kubernetes import client

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.facts import HubFacts
from bot.domain.hubs import Health
from bot.domain.runs import Outcome, Result
from bot.runbook.plan import Plan
from bot.runbook.site import Site
from bot.services.facts import read_facts
from bot.services.steps import attempt, verify
from sandbox.cluster.waiting import wait_for
from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import contract, deployment, on_node
from tests.contracts.kubernetes.systems import NODE, Apps, Core, System
from tests.contracts.kubernetes.test_changes import stateful_set
from tests.contracts.kubernetes.test_plans import deployed_role
from tests.support.books import RUNBOOKS
from tests.support.hubs import PLACE
from tests.support.scripted import WELL, Scripted
from tests.support.steps import begin

BOOKS = {book.name: book for book in RUNBOOKS}


@dataclass(frozen=True, kw_only=True)
class Account:
    """A mayday with the Roles of ``deploy/`` only."""

    site: Site

    def plan(self, name: str, **asked: Any) -> Plan:
        book = BOOKS[name]
        return book.plan(self.read(name), book.arguments(asked))

    def read(self, name: str) -> HubFacts:
        now = datetime.now(UTC)
        facts = read_facts(self.site, now, more=BOOKS[name].parts, rights=True)
        return replace(facts, asked_by="U0ANA")

    def carry_out(self, name: str, **asked: Any) -> list[Result]:
        """Do and verify each step of a plan."""
        plan = self.plan(name, **asked)
        assert plan.steps, (plan.nothing_to_do, plan.undecided)
        results = []
        for step in plan.steps:
            done = attempt(step, self.site, self.plan(name, **asked), begin)
            if done.outcome is Outcome.DONE:
                done = verify(step, self.site, lambda: self.read(name), lambda _seconds: None)
            results.append(done)
        return results

    def done(self, name: str, **asked: Any) -> None:
        outcomes = [(result.outcome, result.error) for result in self.carry_out(name, **asked)]
        assert outcomes == [(Outcome.DONE, "")]

    def nothing(self, name: str, **asked: Any) -> str:
        plan = self.plan(name, **asked)
        assert (plan.steps, plan.undecided) == ((), ())
        return plan.nothing_to_do


@pytest.fixture
def account(system: System, ns: str, mayday: Callable[..., KubernetesCluster]) -> Account:
    _, token = system.user(ns, *deployed_role())
    place = replace(PLACE, namespace=ns)
    return Account(site=Site(place=place, hub=Scripted(), cluster=mayday(token)))


@pytest.fixture
def uncordoned(core: Core) -> Iterator[None]:
    yield
    body = {"spec": {"unschedulable": None}}
    core.patch_node(NODE, body, _content_type="application/merge-patch+json")


@pytest.mark.usefixtures("uncordoned")
@contract("runbook: a node is cordoned and uncordoned, and the second plan of each does nothing")
def test_cordon(account: Account, core: Core, apps: Apps, ns: str) -> None:
    apps.create_namespaced_deployment(ns, deployment("proxy", 0))
    asked = {"node": NODE, "reason": "its disk is full"}
    account.done("cordon-node", **asked)
    assert core.read_node(NODE).spec.unschedulable
    assert "by <@U0ANA> with mayday" in account.nothing("cordon-node", **asked)
    account.done("uncordon-node", node=NODE)
    assert not core.read_node(NODE).spec.unschedulable
    assert "isn't cordoned" in account.nothing("uncordon-node", node=NODE)
    assert "no node nowhere" in account.nothing("uncordon-node", node="nowhere")


@contract("runbook: placeholders are scaled and taken back, and the second plan does nothing")
def test_pre_warm(account: Account, apps: Apps, ns: str) -> None:
    apps.create_namespaced_stateful_set(ns, stateful_set("user-placeholder"))
    (step,) = account.plan("pre-warm", count=2).steps
    account.done("pre-warm", count=2)
    assert "already has 2 placeholders, by <@U0ANA>" in account.nothing("pre-warm", count=2)
    undo = step.undo
    assert undo is not None
    assert undo.drifted(account.site) == ""
    undo.perform(account.site)
    assert undo.already_done(account.site)
    found = apps.read_namespaced_stateful_set("user-placeholder", ns)
    assert (found.spec.replicas, found.metadata.annotations or {}) == (0, {})


@contract("runbook: a Deployment is rolled back, and the second plan does not go forward again")
def test_roll_back(system: System, account: Account, core: Core, apps: Apps, ns: str) -> None:
    if not system.has_controllers:
        pytest.skip("no controller makes revisions here")
    run_pods = runs_as(core, account, ns, "hub")
    body = deployment("hub")
    body["spec"]["template"]["spec"]["nodeName"] = NODE
    body["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 0
    apps.create_namespaced_deployment(ns, body)
    wait_for(run_pods, "the first revision")
    container = {"name": "main", "image": "example.org/main:2"}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    apps.patch_namespaced_deployment("hub", ns, change)
    wait_for(run_pods, "the second revision")
    plan = account.plan("roll-back", deployment="hub")
    (step,) = plan.steps
    assert "main: image example.org/main:2 → example.org/main:1" in plan.summary
    assert attempt(step, account.site, plan, begin).outcome is Outcome.DONE
    wait_for(run_pods, "the rollback")
    assert step.look(account.site, lambda: account.read("roll-back")).holds
    assert step.already_done(account.site)
    assert "is a rollback already" in account.nothing("roll-back", deployment="hub")


def runs_as(core: Core, account: Account, ns: str, name: str) -> Callable[[], bool]:
    """Play the kubelet for a Deployment's pods; the result tells whether its rollout is complete."""
    kubelet, cluster = Kubelet(core), account.site.reachable_cluster

    def run_pods() -> bool:
        for pod in core.list_namespaced_pod(ns, label_selector=f"app={name}").items:
            if pod.metadata.deletion_timestamp is None and pod.status.phase == "Pending":
                kubelet.runs(pod)
        return cluster.deployment(ns, name).rolled_out

    return run_pods


def of_the_chart(name: str) -> dict[str, Any]:
    """A Deployment as the chart makes it, whose pods are bound to the node and end at once."""
    body = deployment(name)
    template = body["spec"]["template"]
    template["metadata"]["labels"] |= {"component": name, "release": "datahub"}
    template["spec"] |= {"nodeName": NODE, "terminationGracePeriodSeconds": 0}
    return body


@pytest.mark.parametrize(
    ("name", "down", "again"),
    [
        ("hub", Health(hub=True, proxy=True), "was restarted at"),
        ("proxy", Health(hub=True, proxy=False), "restart"),
    ],
)
@contract("runbook: hub and proxy are restarted, and the second plan does not restart them again")
def test_restart(
    system: System,
    account: Account,
    core: Core,
    apps: Apps,
    ns: str,
    name: str,
    down: Health,
    again: str,
) -> None:
    if not system.has_controllers:
        pytest.skip("no controller makes pods here")
    run_pods = runs_as(core, account, ns, name)
    apps.create_namespaced_deployment(ns, of_the_chart(name))
    wait_for(run_pods, "the first rollout")
    before = {pod.metadata.uid for pod in core.list_namespaced_pod(ns).items}
    hub = cast("Scripted", account.site.hub)
    hub.told = down
    plan = account.plan(f"restart-{name}")
    step = plan.steps[0]
    assert attempt(step, account.site, plan, begin).outcome is Outcome.DONE
    wait_for(run_pods, "the rollout of the restart")
    assert step.look(account.site, lambda: account.read(f"restart-{name}")).holds
    after = core.list_namespaced_pod(ns).items
    assert len(after) == 1 and after[0].metadata.uid not in before
    hub.told = WELL
    assert again in account.nothing(f"restart-{name}")


@contract("runbook: failed pods of the hub's release are cleared, and the second plan does nothing")
def test_clear_failed_pods(account: Account, core: Core, kubelet: Kubelet, ns: str) -> None:
    def add(name: str, component: str, release: str = "datahub", **annotations: str) -> Any:
        labels = {"app": "jupyterhub", "component": component, "release": release}
        body = on_node(name, labels=labels, annotations=annotations)
        return core.create_namespaced_pod(ns, body)

    user = {"hub.jupyter.org/username": "zoe"}
    kubelet.runs(add("hub-1", "hub"))
    kubelet.failed(add("proxy-1", "proxy"), "Evicted")
    kubelet.failed(add("jupyter-zoe", "singleuser-server", **user), "Evicted")
    kubelet.failed(add("hub-of-others", "hub", release="other"), "Evicted")
    outcomes = {result.outcome for result in account.carry_out("clear-failed-pods")}
    assert outcomes == {Outcome.DONE}
    left = {pod.metadata.name for pod in core.list_namespaced_pod(ns).items}
    assert left == {"hub-1", "hub-of-others"}
    assert account.nothing("clear-failed-pods")


@contract("runbook: a claim grows where its class allows that, and is refused elsewhere")
def test_grow_volume(account: Account, api: client.ApiClient, core: Core, ns: str) -> None:
    storage: Any = client.StorageV1Api(api)
    for name, grows in (("fast", True), ("slow", False)):
        meta = {"metadata": {"name": f"{ns}-{name}"}, "provisioner": "example.org/disk"}
        storage.create_storage_class(meta | {"allowVolumeExpansion": grows})

    def has(name: str, size: str) -> None:
        status = {"phase": "Bound", "capacity": {"storage": size}}
        core.patch_namespaced_persistent_volume_claim_status(name, ns, {"status": status})

    for name, kind in (("hub-db-dir", "fast"), ("home", "slow")):
        spec = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
            "storageClassName": f"{ns}-{kind}",
        }
        body = {"metadata": {"name": name}, "spec": spec}
        core.create_namespaced_persistent_volume_claim(ns, body)
        has(name, "1Gi")
    assert "doesn't allow expansion" in account.nothing("grow-volume", claim="home", size="2Gi")
    assert "no claim other" in account.nothing("grow-volume", claim="other", size="2Gi")

    plan = account.plan("grow-volume", claim="hub-db-dir", size="2Gi")
    (step,) = plan.steps
    assert attempt(step, account.site, plan, begin).outcome is Outcome.DONE
    found = core.read_namespaced_persistent_volume_claim("hub-db-dir", ns)
    assert found.spec.resources.requests == {"storage": str(2 * 1024**3)}
    look = step.look(account.site, lambda: account.read("grow-volume"))
    assert not look.holds, "the volume itself has not grown yet"
    has("hub-db-dir", "2Gi")  # as the driver of the volume does
    assert step.look(account.site, lambda: account.read("grow-volume")).holds
    again = account.nothing("grow-volume", claim="hub-db-dir", size="2Gi")
    assert "already requests 2Gi" in again


@contract("runbook: a core pool is held and the second plan does nothing")
def test_hold(system: System, account: Account, core: Core, kubelet: Kubelet, ns: str) -> None:
    if "v1" not in system.policy:
        pytest.skip(f"{system.against} has no policy/v1")
    labels = {"app": "jupyterhub", "component": "hub", "release": "datahub"}
    kubelet.runs(core.create_namespaced_pod(ns, on_node("hub", labels=labels)))
    (step,) = account.plan("hold-core-pool").steps
    account.done("hold-core-pool")
    assert "nothing left to hold" in account.nothing("hold-core-pool")
    undo = step.undo
    assert undo is not None
    undo.perform(account.site)
    assert undo.already_done(account.site)
