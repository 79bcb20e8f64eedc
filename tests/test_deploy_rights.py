"""The Roles in ``deploy/`` are exactly what mayday needs, one file for each capability."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.hubs import Place
from bot.domain.rights import Permission
from bot.errors import UserError
from bot.ports import Cluster
from bot.runbook.steps import KINDS
from bot.runbook.steps.step import Step
from sandbox.cluster import ClusterDouble, Command, Image
from sandbox.cluster.auth import Attributes, Rule
from sandbox.cluster.resources import DEPLOYMENTS, PODS
from tests.support.manifests import HUB, RIGHTS, Object, objects, of_kind, rights

NAMESPACE = HUB
PLACE = Place(hub="datahub", cluster="this-cluster", namespace=NAMESPACE)

Granted = tuple[str, str, str, str, str]
"""Namespace (empty: the whole cluster), verb, group, resource, and the name of the only object or empty."""


def granted(roles: Sequence[Object]) -> set[Granted]:
    """Everything that Roles and ClusterRoles allow."""
    return {
        (role["metadata"].get("namespace", ""), verb, group, resource, name)
        for role in roles
        for rule in role["rules"]
        for verb, group, resource, name in product(
            rule["verbs"], rule["apiGroups"], rule["resources"], rule.get("resourceNames", [""])
        )
    }


def declared() -> set[Granted]:
    """The permissions that the kinds of steps declare."""
    return {each for kind in KINDS for each in of_step(kind)}


def of_step(kind: type[Step]) -> set[Granted]:
    """The permissions that a kind of step declares."""
    return {
        (
            "" if right.is_cluster_wide else NAMESPACE,
            right.verb,
            right.group,
            right.resource,
            right.name,
        )
        for right in kind.needs(PLACE)
        if isinstance(right, Permission)
    }


def role_rule(roles: Sequence[Object]) -> Rule:
    """What Roles and ClusterRoles allow, as Kubernetes evaluates it."""
    allowed = granted(roles)

    def may(wanted: Attributes) -> bool:
        asked = (wanted.verb, wanted.group, wanted.resource)
        return any(
            (namespace, *asked, name) in allowed
            for namespace in (wanted.namespace, "")
            for name in (wanted.name, "")
        )

    return may


class Recording(KubernetesCluster):
    """The adapter, whose cluster is empty, and what it asks for."""

    def __init__(self) -> None:
        super().__init__(name="this-cluster")
        self.asked: set[Granted] = set()

    def _read(
        self, verb: str, resource: Any, namespace: str, parse: Any, *names: Any, **_: Any
    ) -> Any:
        part = "/".join((resource.name, *(names[0][1:] if names else ())))
        self.asked.add((namespace, verb, resource.group, part, ""))
        if verb == "list":
            return parse('{"items": []}')
        raise UserError("It isn't there.", code="404")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[ClusterDouble]:
    images = {"web": Image(command=lambda _pod, _port: Command(argv=["sleep", "600"]))}
    with ClusterDouble(directory=tmp_path, images=images) as double:
        double.add_node("core-1", {})
        double.add_namespace(NAMESPACE)
        pod: dict[str, Any] = {"spec": {"containers": [{"name": "c", "image": "web"}]}}
        for name in ("proxy", "hub"):
            labels = {"component": name}
            meta = {"metadata": {"labels": labels}, **pod}
            spec = {"selector": {"matchLabels": labels}, "template": meta}
            made = {"metadata": {"name": name}, "spec": spec}
            double.verbs.create(DEPLOYMENTS, NAMESPACE, made)
        for name in ("jupyter-ana", "jupyter-ben"):
            labels = {"component": "singleuser-server"}
            made = {"metadata": {"name": name, "labels": labels}, **pod}
            double.verbs.create(PODS, NAMESPACE, made)
        yield double


def adapter(cluster: ClusterDouble, path: Path, rule: Rule) -> KubernetesCluster:
    """The adapter as a user with these rights."""
    context = cluster.write_kubeconfig(path, user="mayday", rule=rule)
    return KubernetesCluster(name="this-cluster", kubeconfig=str(path), context=context)


def test_the_role_has_what_steps_declare_and_what_reading_asks_for_and_nothing_else() -> None:
    api = Recording()
    reads: dict[str, Callable[[], object]] = {
        "pods": lambda: api.pods(NAMESPACE, ""),
        "all_pods": lambda: api.all_pods(NAMESPACE),
        "pod": lambda: api.pod(NAMESPACE, "hub"),
        "pod_events": lambda: api.pod_events(NAMESPACE),
        "events": lambda: api.events(NAMESPACE),
        "node_events": api.node_events,
        "nodes": api.nodes,
        "node": lambda: api.node("core-1"),
        "claims": lambda: api.claims(NAMESPACE),
        "budgets": lambda: api.budgets(NAMESPACE),
        "quotas": lambda: api.quotas(NAMESPACE),
        "deployments": lambda: api.deployments(NAMESPACE),
        "deployment": lambda: api.deployment(NAMESPACE, PLACE.proxy),
        "revisions": lambda: api.revisions(NAMESPACE),
        "workloads": lambda: api.workloads(NAMESPACE),
        "memory": lambda: api.memory(NAMESPACE, ""),
        "log": lambda: api.log(NAMESPACE, "hub"),
    }
    acts = {
        *("restart_deployment", "delete_pod", "force_delete_pod"),
        *("set_cordon", "scale", "grow_claim", "roll_back"),
        *("annotate", "create_budget", "delete_budget"),
    }
    # A new method of the port belongs in one of the two, and what it asks for in a file of rights.
    # Everybody may ask what they may do, and the clock comes with every answer.
    free = {"may", "skew"}
    assert {name for name in vars(Cluster) if not name.startswith("_")} == {*reads, *acts, *free}
    for read in reads.values():
        with suppress(UserError):
            read()
    assert granted(rights("diagnosis")) == api.asked
    assert granted(rights()) == declared() | api.asked


@pytest.mark.parametrize("name", RIGHTS)
def test_each_file_of_rights_binds_the_account_of_the_pod(name: str) -> None:
    account = of_kind(objects("base/service-account.yaml"), "ServiceAccount")["metadata"]
    found = objects(name)
    named = {(each["kind"], each["metadata"].get("namespace")) for each in found}
    assert {(kind, place) for kind, place in named if kind.endswith("Binding")} == {
        (f"{kind}Binding", place) for kind, place in named if not kind.endswith("Binding")
    }
    for each in found:
        if each["kind"].endswith("Binding"):
            assert each["roleRef"]["kind"] == each["kind"].removesuffix("Binding")
            assert each["roleRef"]["name"] == each["metadata"]["name"]
            assert each["subjects"] == [
                {
                    "kind": "ServiceAccount",
                    "name": account["name"],
                    "namespace": account["namespace"],
                }
            ]
    pod = of_kind(objects("base/deployment.yaml"), "Deployment")["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == account["name"]


def test_a_team_can_leave_out_a_file_of_rights() -> None:
    """What a kind of step needs beside reading is in one file, which the README names."""
    reading = granted(rights("diagnosis"))
    files = {name: granted(rights(name)) for name in (Path(file).stem for file in RIGHTS) if name}
    for kind in KINDS:
        needed = of_step(kind) - reading
        assert not needed or any(needed <= file for file in files.values()), kind.verb


def test_the_role_is_enough_for_what_runbooks_do_and_for_nothing_else(
    cluster: ClusterDouble, tmp_path: Path
) -> None:
    api = adapter(cluster, tmp_path / "kubeconfig.mayday", role_rule(rights()))
    ana, ben = api.pods(NAMESPACE, "component=singleuser-server")
    assert api.deployment(NAMESPACE, "proxy").name == "proxy"
    api.restart_deployment(NAMESPACE, "proxy", "2026-01-01T00:00:00+00:00")
    assert api.deployment(NAMESPACE, "proxy").restarted_at == "2026-01-01T00:00:00+00:00"
    api.delete_pod(NAMESPACE, ana.name, ana.uid)
    api.delete_pod(NAMESPACE, ben.name, ben.uid)
    api.force_delete_pod(NAMESPACE, ben.name, ben.uid)
    assert ben.uid not in {pod.uid for pod in api.pods(NAMESPACE, "component=singleuser-server")}

    refused: list[Callable[[], object]] = [
        lambda: api.restart_deployment(NAMESPACE, "web", "2026-01-01T00:00:00+00:00"),
        lambda: api.pods("default", ""),
        lambda: api.pod_events("kube-system"),
    ]
    for call in refused:
        with pytest.raises(UserError) as told:
            call()
        assert told.value.code == "403"
    assert not api.may("", Permission(verb="delete", resource="nodes"))
