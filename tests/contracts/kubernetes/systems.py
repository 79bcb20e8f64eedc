"""The systems under contract: the cluster double and a real control plane, one interface.

Tests call a cluster over HTTP with the official client. This interface adds what no API
offers: another user's token, history compaction, a pod's output, a disruption budget.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import yaml
from kubernetes import client

from sandbox.cluster import ClusterDouble
from sandbox.cluster.auth import Attributes
from sandbox.cluster.waiting import wait_for
from tests.contracts.kubernetes.control_plane import ControlPlane
from tests.contracts.kubernetes.node import PlayedNode

DOUBLE = "double"
REAL = "kube-apiserver"
SYSTEMS = (DOUBLE, REAL)
NODE = "user-1"

# The client's type hints require its models, although the API and the client accept plain
# objects, and mark every field as optional.
Core = Any
Apps = Any
Live = Any


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A rule of a Role: these verbs on these resources, or only on those of the given names.

    ``everywhere``: a rule of a ClusterRole, bound in the whole cluster.
    """

    verbs: tuple[str, ...]
    resources: tuple[str, ...] = ("pods",)
    group: str = ""
    names: tuple[str, ...] = ()
    everywhere: bool = False

    def allows(self, wanted: Attributes) -> bool:
        """RBAC's decision."""
        return (
            wanted.verb in self.verbs
            and wanted.group == self.group
            and wanted.resource in self.resources
            and (not self.names or wanted.name in self.names)
        )

    def rule(self) -> dict[str, Any]:
        """The rule of a Role."""
        rule: dict[str, Any] = {
            "verbs": list(self.verbs),
            "apiGroups": [self.group],
            "resources": list(self.resources),
        }
        return rule | ({"resourceNames": list(self.names)} if self.names else {})


class System(Protocol):
    """A cluster without nodes.

    ``against`` names its programs, ``policy`` the API versions of evictions and budgets.
    """

    name: str

    @property
    def against(self) -> str: ...

    @property
    def policy(self) -> frozenset[str]: ...

    @property
    def has_controllers(self) -> bool: ...

    @property
    def server(self) -> str: ...

    @property
    def admin(self) -> str: ...

    @property
    def certificate(self) -> Path | None: ...

    def user(self, namespace: str, *grants: Grant) -> tuple[str, str]:
        """The name and token of a user with only these grants."""

    def forget(self) -> None:
        """Drop the history behind watches and continued lists."""

    def say(self, pod: Live, text: str, *, previous: bool = False) -> None:
        """Set the output of the pod's container, or of the one before its restart."""

    def protect(self, namespace: str, app: str) -> AbstractContextManager[None]:
        """Create a budget that requires every pod with label ``app``."""


def kubeconfig(system: System, path: Path, user: dict[str, Any], *, trusting: bool = True) -> str:
    """A kubeconfig with one context, ``teaching``; without trust it omits the CA."""
    cluster = {"server": system.server}
    if system.certificate and trusting:
        encoded = base64.b64encode(system.certificate.read_bytes()).decode()
        cluster["certificate-authority-data"] = encoded
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "teaching", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "teaching",
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return str(path)


@dataclass(kw_only=True)
class Double:
    """The cluster double, with scheduler and kubelet disabled."""

    cluster: ClusterDouble
    name: str = DOUBLE
    against: str = "sandbox.cluster, without scheduler and kubelet"
    policy: frozenset[str] = frozenset({"v1", "v1beta1"})
    has_controllers: bool = True
    certificate: Path | None = None
    users: int = 0

    @property
    def server(self) -> str:
        return self.cluster.server

    @property
    def admin(self) -> str:
        return self.cluster.admin_token

    def user(self, namespace: str, *grants: Grant) -> tuple[str, str]:
        self.users += 1
        name, token = f"user-{self.users}", f"token-{self.users}"

        def rule(wanted: Attributes) -> bool:
            return any(
                g.allows(wanted) and (g.everywhere or wanted.namespace == namespace) for g in grants
            )

        self.cluster.tokens.add(token, name, rule)
        return name, token

    def forget(self) -> None:
        self.cluster.storage.forget_history()

    def say(self, pod: Live, text: str, *, previous: bool = False) -> None:
        directory = self.cluster.directory / "pods" / str(pod.metadata.uid)
        directory.mkdir(parents=True, exist_ok=True)
        statuses = pod.status.container_statuses or ()
        restarts = statuses[0].restart_count if statuses else 0
        (directory / f"{restarts - previous}.log").write_text(text, encoding="utf-8")

    @contextmanager
    def protect(self, namespace: str, app: str) -> Iterator[None]:
        def budget(pod: dict[str, Any]) -> bool:
            meta = pod["metadata"]
            return bool(meta["namespace"] != namespace or meta["labels"].get("app") != app)

        before, self.cluster.verbs.budget = self.cluster.verbs.budget, budget
        yield
        self.cluster.verbs.budget = before


@dataclass(kw_only=True)
class Real:
    """A real API server. Each test user gets a separate Role."""

    plane: ControlPlane
    node: PlayedNode
    api: client.ApiClient
    name: str = REAL
    used: list[str] = field(default_factory=list)

    @property
    def against(self) -> str:
        return self.plane.versions

    @property
    def policy(self) -> frozenset[str]:
        groups = client.ApisApi(self.api).get_api_versions().groups
        found = next(group for group in groups if group.name == "policy")
        return frozenset(served.version for served in found.versions)

    @property
    def has_controllers(self) -> bool:
        return self.plane.has_controllers

    @property
    def server(self) -> str:
        return self.plane.server

    @property
    def admin(self) -> str:
        return self.plane.tokens["admin"]

    @property
    def certificate(self) -> Path | None:
        return self.plane.certificate

    def user(self, namespace: str, *grants: Grant) -> tuple[str, str]:
        name = f"user-{len(self.used)}"
        self.used.append(name)
        rbac: Any = client.RbacAuthorizationV1Api(self.api)
        group = "rbac.authorization.k8s.io"

        def bound(kind: str, everywhere: bool) -> tuple[dict[str, Any], dict[str, Any]]:
            meta = {"metadata": {"name": name}}
            rules = [grant.rule() for grant in grants if grant.everywhere is everywhere]
            subjects = [{"apiGroup": group, "kind": "User", "name": name}]
            ref = {"apiGroup": group, "kind": kind, "name": name}
            return {**meta, "rules": rules}, {**meta, "roleRef": ref, "subjects": subjects}

        role, binding = bound("ClusterRole", everywhere=True)
        rbac.create_cluster_role(role)
        rbac.create_cluster_role_binding(binding)
        role, binding = bound("Role", everywhere=False)
        rbac.create_namespaced_role(namespace, role)
        rbac.create_namespaced_role_binding(namespace, binding)
        if grants:
            wait_for(lambda: self._may(name, namespace, grants[0]), "the Role to take effect")
        return name, self.plane.tokens[name]

    def _may(self, user: str, namespace: str, grant: Grant) -> bool:
        wanted = {
            "namespace": namespace,
            "verb": grant.verbs[0],
            "group": grant.group,
            "resource": grant.resources[0],
            "name": grant.names[0] if grant.names else "",
        }
        review = {"spec": {"user": user, "resourceAttributes": wanted}}
        asking: Any = client.AuthorizationV1Api(self.api)
        return bool(asking.create_subject_access_review(review).status.allowed)

    def forget(self) -> None:
        """Compact etcd up to the current revision."""
        nodes: Any = client.CoreV1Api(self.api).list_node(limit=1)
        at = nodes.metadata.resource_version
        ask = urllib.request.Request(
            f"{self.plane.etcd}/v3/kv/compaction",
            data=json.dumps({"revision": at, "physical": True}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(ask, timeout=10):
            return

    def say(self, pod: Live, text: str, *, previous: bool = False) -> None:
        self.node.say(pod.metadata.namespace, pod.metadata.name, text, previous=previous)

    @contextmanager
    def protect(self, namespace: str, app: str) -> Iterator[None]:
        version = min(self.policy, key=len)
        api: Any = client.CustomObjectsApi(self.api)
        where = ("policy", version, namespace, "poddisruptionbudgets")
        budget = {
            "apiVersion": f"policy/{version}",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": app},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": app}}},
        }
        if not self.has_controllers:
            # No disruption controller runs, so write the budget's status directly.
            made = api.create_namespaced_custom_object(*where, budget)
            counted = {"observedGeneration": made["metadata"]["generation"]}
            counted |= dict.fromkeys(("currentHealthy", "desiredHealthy", "expectedPods"), 1)
            made["status"] = counted | {"disruptionsAllowed": 0}
            api.replace_namespaced_custom_object_status(*where, app, made)
        else:
            api.create_namespaced_custom_object(*where, budget)
            wait_for(
                lambda: (
                    "observedGeneration"
                    in (api.get_namespaced_custom_object(*where, app).get("status") or {})
                ),
                "the budget to be counted",
            )
        yield
        api.delete_namespaced_custom_object(*where, app)
