"""``mayday runbooks plan`` with RBAC and a real JupyterHub, and the results of its steps.

The hub's servers are local processes. Each has a test pod with the user's name and the
address of the server's route. Node and kubelet are simulated.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import sites
from bot.config import Config
from bot.domain.hubs import Route
from bot.domain.runs import Outcome
from bot.plan import Exit
from sandbox.cluster.waiting import wait_for
from tests.contracts.jupyterhub.plain import PlainHub
from tests.contracts.kubernetes.node import Kubelet
from tests.contracts.kubernetes.objects import contract, deployment, on_node, pod
from tests.contracts.kubernetes.systems import Apps, Core, Grant, Live, System, kubeconfig
from tests.support.manifests import rights
from tests.support.planning import FORCE, LONG_AFTER, NOW, Told, carried_out, told

USERS = ("ana", "ben", "chidi")
WELL = dict.fromkeys(USERS, "ok")
RELEASE = "datahub"


def deployed_role() -> list[Grant]:
    """The rules of the Roles and ClusterRoles in ``deploy/``."""
    return [
        Grant(
            verbs=tuple(rule["verbs"]),
            resources=tuple(rule["resources"]),
            group=rule["apiGroups"][0],
            names=tuple(rule.get("resourceNames", ())),
            everywhere=role["kind"] == "ClusterRole",
        )
        for role in rights()
        if role["metadata"].get("namespace") != "default"
        for rule in role["rules"]
    ]


def without(verb: str, resource: str) -> list[Grant]:
    """The Roles without one right."""
    kept: list[Grant] = []
    for rule in deployed_role():
        if verb not in rule.verbs or resource not in rule.resources:
            kept.append(rule)
            continue
        others = tuple(name for name in rule.resources if name != resource)
        verbs = tuple(each for each in rule.verbs if each != verb)
        kept += [replace(rule, resources=others)] if others else []
        kept += [replace(rule, resources=(resource,), verbs=verbs)] if verbs else []
    return kept


@dataclass(frozen=True, kw_only=True)
class Site:
    """A hub, the namespace with its pods, and a mayday configured for both."""

    plain: PlainHub
    system: System
    core: Core
    kubelet: Kubelet
    namespace: str
    directory: Path
    pods: dict[str, Live] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def config(self, *, grants: list[Grant] | None = None, **hub: Any) -> Config:
        """The configuration for a user with the deployed Role or other rights."""
        rules = deployed_role() if grants is None else grants
        if (key := repr(rules)) not in self.tokens:
            _, self.tokens[key] = self.system.user(self.namespace, *rules)
        path = self.directory / f"kubeconfig-{len(self.tokens)}"
        settings = {
            "name": "datahub",
            "url": self.plain.url,
            "api_url": self.plain.api_url,
            "api_token": self.plain.api_token,
            "cluster": "teaching",
            "namespace": self.namespace,
        }
        cluster = {
            "name": "teaching",
            "kubeconfig": kubeconfig(self.system, path, {"token": self.tokens[key]}),
            "context": "teaching",
            "server": self.system.server,
        }
        return Config.model_validate(
            {
                "database": {"url": f"sqlite:///{self.directory / 'mayday.db'}"},
                "hubs": [settings | hub],
                "clusters": [cluster],
            }
        )

    def plan(self, *users: str, later: Any = NOW, **configured: Any) -> Told:
        """The command's output; asserts that nothing changes."""
        before = self.living()
        said = told(self.config(**configured), FORCE, users, later=later)
        assert self.living() == before
        return said

    def living(self) -> dict[str, datetime | None]:
        """The namespace's pods by uid, with their deletion timestamps."""
        listed = self.core.list_namespaced_pod(self.namespace).items
        return {found.metadata.uid: found.metadata.deletion_timestamp for found in listed}

    def routes(self) -> dict[str, Route]:
        """The targets of users' routes."""
        hub = sites(self.config())["datahub"].hub
        return {route.user: route for route in hub.routes()}

    def add_pod(self, user: str, *, ip: str = "", node: bool = True, **meta: Any) -> Live:
        """Add a user's pod; with an address it is running and ready."""
        body = (on_node if node else pod)(
            f"jupyter-{user}",
            labels={"app": "jupyterhub", "release": RELEASE, "component": "singleuser-server"},
            annotations={"hub.jupyter.org/username": user, "hub.jupyter.org/servername": ""},
            terminationGracePeriodSeconds=1,
            **meta,
        )
        made = self.core.create_namespaced_pod(self.namespace, body)
        if ip:
            self.kubelet.runs(made, ip=ip)
        self.pods[user] = made
        return made

    def uid(self, user: str) -> str:
        return str(self.pods[user].metadata.uid)

    def delete(self, user: str) -> None:
        """Delete a user's pod while its kubelet does not answer."""
        self.core.delete_namespaced_pod(f"jupyter-{user}", self.namespace)
        self.kubelet.lost(self.pods[user])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainHub]:
    """One hub per module, for all clusters."""
    if sys.platform != "linux":
        pytest.skip("only Linux has all of 127.0.0.0/8, of which each server gets an address here")
    made = PlainHub(
        directory=tmp_path_factory.mktemp("hub"), users=USERS, own_proxy=False, apart=True
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def site(
    running: PlainHub,
    system: System,
    core: Core,
    apps: Apps,
    kubelet: Kubelet,
    ns: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> Site:
    """Every user's server is running and routed; servers, hub and proxy have pods."""
    record_property("against", running.against)
    running.heal()
    made = Site(
        plain=running, system=system, core=core, kubelet=kubelet, namespace=ns, directory=tmp_path
    )
    labels = {"app": "jupyterhub", "release": RELEASE, "component": "hub"}
    kubelet.runs(core.create_namespaced_pod(ns, on_node("hub", labels=labels)))
    apps.create_namespaced_deployment(ns, deployment("proxy"))
    if system.has_controllers:
        wait_for(
            lambda: bool(core.list_namespaced_pod(ns, label_selector="app=proxy").items),
            "the proxy's pod, which comes in its own time",
        )
    for user, route in made.routes().items():
        made.add_pod(user, ip=str(route.address))
    assert len({route.address for route in made.routes().values()}) == len(USERS)
    return made


# --- the evidence ------------------------------------------------------------------------------


@contract("plan: with the Role of deploy/ every party is read, and a healthy hub is left alone")
def test_healthy(site: Site) -> None:
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps, said.conditions) == (Exit.NOTHING_TO_DO, [], WELL)
    assert said.json["unknown"] == []
    assert said.json["diagnosis"] == "well"


@contract("plan: a pod whose node died while it was deleted is forced by uid, and no other pod")
def test_a_dead_node(site: Site) -> None:
    site.delete("ana")
    assert site.plan().conditions == WELL | {"ana": "stopping"}
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.STEPS, [("force_delete_pod", "jupyter-ana")])
    assert said.conditions == WELL | {"ana": "lost_node"}
    before = site.living()
    (result,) = carried_out(site.config(), FORCE, (), later=LONG_AFTER)
    assert result.outcome is Outcome.DONE, result
    assert site.living().keys() == before.keys() - {site.uid("ana")}


@contract("plan: a node that does not answer is no reason to delete what is not being deleted")
def test_an_unready_node(site: Site) -> None:
    site.kubelet.lost(site.pods["ana"])
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.UNKNOWN, [])
    assert said.conditions == WELL | {"ana": "unknown"}


@contract("plan: a finalizer keeps a pod from being forced until somebody takes it off")
def test_a_finalizer(site: Site) -> None:
    keep = {"metadata": {"finalizers": ["example.org/keep"]}}
    site.core.patch_namespaced_pod("jupyter-ana", site.namespace, keep)
    site.delete("ana")
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.NOTHING_TO_DO, [])
    assert "finalizer example.org/keep" in said.json["nothing_to_do"]
    drop = {"metadata": {"finalizers": None}}
    site.core.patch_namespaced_pod("jupyter-ana", site.namespace, drop)
    assert site.plan(later=LONG_AFTER).steps == [("force_delete_pod", "jupyter-ana")]


@contract("plan: a record whose pod is gone is stopped by the hub, where others have their pods")
def test_a_stale_record(site: Site) -> None:
    site.kubelet.let_go(site.pods["ana"])
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.STEPS, [("stop_server", "ana")])
    before = site.living()
    (result,) = carried_out(site.config(), FORCE, (), later=LONG_AFTER)
    assert result.outcome is Outcome.DONE, result
    assert site.living() == before
    assert {user for user, _ in site.plain.rest.servers()} == {"ben", "chidi"}


@contract(
    "plan: a pod that the hub does not know is deleted in its grace, and forced if that hangs"
)
def test_an_orphan(site: Site) -> None:
    site.plain.rest.stop_server("chidi")
    wait_for(lambda: ("chidi", "") not in site.plain.rest.servers(), "the hub to end the server")
    assert site.plan().conditions == WELL | {"chidi": "starting"}, "it may be a start of just now"
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.STEPS, [("delete_pod", "jupyter-chidi")])
    site.delete("chidi")
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.STEPS, [("force_delete_pod", "jupyter-chidi")])
    before = site.living()
    (result,) = carried_out(site.config(), FORCE, (), later=LONG_AFTER)
    assert result.outcome is Outcome.DONE, result
    assert site.living().keys() == before.keys() - {site.uid("chidi")}


@contract("plan: a pod that the hub does not know is left alone where a route leads to its address")
def test_an_orphan_with_a_route(site: Site) -> None:
    site.plain.rest.stop_server("chidi")
    wait_for(lambda: ("chidi", "") not in site.plain.rest.servers(), "the hub to end the server")
    site.kubelet.let_go(site.pods["chidi"])
    site.add_pod("chidi", ip=str(site.routes()["ben"].address))
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.UNKNOWN, [])
    assert "the route of ben leads to its pod" in said.why("chidi")


@contract("plan: a namespace without the hub's pods proves no server dead")
def test_another_namespace(site: Site) -> None:
    for namespace, release in (("default", ""), ("default", RELEASE)):
        said = site.plan(namespace=namespace, release=release, grants=cluster_wide(site))
        assert (said.exit, said.steps) == (Exit.UNKNOWN, [])
        assert "check hubs[].namespace" in said.unknown
        assert said.conditions == dict.fromkeys(USERS, "unknown")


def cluster_wide(site: Site) -> list[Grant]:
    """As admin: let the account read another namespace, to avoid a 403."""
    grants = [Grant(verbs=("*",))]
    site.tokens[repr(grants)] = site.system.admin
    return grants


# --- the rights --------------------------------------------------------------------------------


@contract("plan: without delete on pods nothing is proposed, and the right is named")
def test_no_delete(site: Site) -> None:
    site.delete("ana")
    said = site.plan(later=LONG_AFTER, grants=without("delete", "pods"))
    assert (said.exit, said.steps) == (Exit.UNKNOWN, [])
    assert said.conditions == WELL | {"ana": "lost_node"}
    assert f"isn't allowed to delete pods in namespace {site.namespace}" in said.unknown


@contract("plan: without list on pods nothing is known, and the right is named")
def test_no_list(site: Site) -> None:
    said = site.plan(later=LONG_AFTER, grants=without("list", "pods"))
    assert (said.exit, said.steps) == (Exit.UNKNOWN, [])
    assert f"isn't allowed to list pods in namespace {site.namespace}" in said.unknown


@contract(
    "plan: a late start is stuck only where the events of its pod can be read and add no node"
)
def test_a_late_start(site: Site) -> None:
    site.kubelet.let_go(site.pods["ana"])
    site.plain.hang_spawn("ana")
    made = site.add_pod("ana", node=False)
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    status = {"status": {"conditions": [refused]}}
    site.core.patch_namespaced_pod_status("jupyter-ana", site.namespace, status)
    assert site.plan().conditions == WELL | {"ana": "starting"}
    blind = site.plan(later=LONG_AFTER, grants=without("list", "events"))
    assert (blind.exit, blind.steps) == (Exit.UNKNOWN, [])
    assert f"isn't allowed to list events in namespace {site.namespace}" in blind.unknown
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.STEPS, [("stop_server", "ana")])
    event = {
        "metadata": {"name": "jupyter-ana.scale-up"},
        "involvedObject": {
            "kind": "Pod",
            "name": "jupyter-ana",
            "namespace": site.namespace,
            "uid": made.metadata.uid,
        },
        "reason": "TriggeredScaleUp",
        "message": "pod triggered scale-up: [{user-pool 1->2 (max: 9)}]",
        "firstTimestamp": made.metadata.creation_timestamp,
        "lastTimestamp": made.metadata.creation_timestamp,
    }
    site.core.create_namespaced_event(site.namespace, event)
    said = site.plan(later=LONG_AFTER)
    assert (said.exit, said.steps) == (Exit.NOTHING_TO_DO, [])
    assert said.conditions == WELL | {"ana": "starting"}
    assert "a node is being added" in said.why("ana")
