"""The kinds of object that the double serves; maps API paths and methods to them."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One kind of object.

    `status`: status is a subresource, so writes to the object ignore it and writes to
    `/status` change nothing else. `workload`: it has `/scale`, and a change of its spec
    increments the generation.
    """

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    status: bool = False
    workload: bool = False

    @property
    def api_version(self) -> str:
        """The object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The plural with its group, as in the API's messages."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def _workload(plural: str, kind: str) -> Resource:
    return Resource(group="apps", plural=plural, kind=kind, status=True, workload=True)


NAMESPACES = Resource(plural="namespaces", kind="Namespace", namespaced=False, status=True)
NODES = Resource(plural="nodes", kind="Node", namespaced=False, status=True)
PODS = Resource(plural="pods", kind="Pod", status=True)
EVENTS = Resource(plural="events", kind="Event")
SERVICES = Resource(plural="services", kind="Service", status=True)
SECRETS = Resource(plural="secrets", kind="Secret")
CONFIG_MAPS = Resource(plural="configmaps", kind="ConfigMap")
VOLUME_CLAIMS = Resource(plural="persistentvolumeclaims", kind="PersistentVolumeClaim", status=True)
DEPLOYMENTS = _workload("deployments", "Deployment")
REPLICA_SETS = _workload("replicasets", "ReplicaSet")
STATEFUL_SETS = _workload("statefulsets", "StatefulSet")
DAEMON_SETS = Resource(group="apps", plural="daemonsets", kind="DaemonSet", status=True)
QUOTAS = Resource(plural="resourcequotas", kind="ResourceQuota", status=True)
BUDGETS = Resource(
    group="policy", plural="poddisruptionbudgets", kind="PodDisruptionBudget", status=True
)
STORAGE_CLASSES = Resource(
    group="storage.k8s.io", plural="storageclasses", kind="StorageClass", namespaced=False
)
POD_METRICS = Resource(group="metrics.k8s.io", version="v1beta1", plural="pods", kind="PodMetrics")

ALL = (
    *(NAMESPACES, NODES, PODS, EVENTS, SERVICES, SECRETS, CONFIG_MAPS, VOLUME_CLAIMS),
    *(DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS),
    *(QUOTAS, BUDGETS, STORAGE_CLASSES, POD_METRICS),
)
_BY_PLACE = {(resource.api_version, resource.plural): resource for resource in ALL}

_PATH = re.compile(
    r"^/(?:api|apis)/(?P<version>v1|[a-z0-9.]+/v1(?:beta1)?)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/(?!status$)))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?$"
)
_VERBS = {"POST": "create", "PATCH": "patch"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A resource in one or all namespaces; one object, or one part of it."""

    resource: Resource
    namespace: str | None
    name: str
    sub: str

    def verb(self, method: str, *, watch: bool) -> str | None:
        """The RBAC verb; None if the path does not support the method."""
        if method == "GET" and watch:
            return "watch"
        if method == "GET":
            return "get" if self.name else "list"
        if method == "DELETE":
            return "delete" if self.name and not self.sub else None
        if bool(self.name) is (method == "POST" and not self.sub):
            return None
        if self.resource.namespaced and self.namespace is None:
            return None
        return _VERBS.get(method)


def place_of(path: str) -> Place | None:
    """The place of a path; None if the API has no such path."""
    match = _PATH.match(path)
    found = match and _BY_PLACE.get((match["version"], match["plural"]))
    if not match or not found or found.namespaced < bool(match["namespace"]):
        return None
    return Place(
        resource=found,
        namespace=match["namespace"],
        name=match["name"] or "",
        sub=match["sub"] or "",
    )
