"""Which kinds of object the double serves, and where each stands in the API."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One kind of object.

    `status` says that status is a subresource of its own: writes to the object leave it alone and
    writes to `/status` touch nothing else. `generation` says that a change of spec is counted.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    status: bool = False
    scale: bool = False
    generation: bool = False

    @property
    def api_version(self) -> str:
        """What `apiVersion` of such an object says."""
        return f"{self.group}/{self.version}" if self.group else self.version


NAMESPACES = Resource(
    group="", version="v1", plural="namespaces", kind="Namespace", namespaced=False, status=True
)
NODES = Resource(group="", version="v1", plural="nodes", kind="Node", namespaced=False, status=True)
PODS = Resource(group="", version="v1", plural="pods", kind="Pod", status=True)
EVENTS = Resource(group="", version="v1", plural="events", kind="Event")
SERVICES = Resource(group="", version="v1", plural="services", kind="Service", status=True)
SECRETS = Resource(group="", version="v1", plural="secrets", kind="Secret")
CONFIG_MAPS = Resource(group="", version="v1", plural="configmaps", kind="ConfigMap")
VOLUME_CLAIMS = Resource(
    group="",
    version="v1",
    plural="persistentvolumeclaims",
    kind="PersistentVolumeClaim",
    status=True,
)
DEPLOYMENTS = Resource(
    group="apps",
    version="v1",
    plural="deployments",
    kind="Deployment",
    status=True,
    scale=True,
    generation=True,
)
REPLICA_SETS = Resource(
    group="apps",
    version="v1",
    plural="replicasets",
    kind="ReplicaSet",
    status=True,
    scale=True,
    generation=True,
)
STATEFUL_SETS = Resource(
    group="apps",
    version="v1",
    plural="statefulsets",
    kind="StatefulSet",
    status=True,
    scale=True,
    generation=True,
)

ALL = (
    NAMESPACES,
    NODES,
    PODS,
    EVENTS,
    SERVICES,
    SECRETS,
    CONFIG_MAPS,
    VOLUME_CLAIMS,
    DEPLOYMENTS,
    REPLICA_SETS,
    STATEFUL_SETS,
)


def find(group: str, version: str, plural: str) -> Resource | None:
    """The resource at this place of the API, None if the double does not serve it."""
    for resource in ALL:
        if (resource.group, resource.version, resource.plural) == (group, version, plural):
            return resource
    return None
