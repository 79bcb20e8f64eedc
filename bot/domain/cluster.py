"""What a cluster has beside the pods of a hub: nodes, volumes, workloads, limits and events.

Every value is as the API server gives it, with its own times. A list that nobody asked for is unread, never
empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.evidence import View
from bot.domain.hubs import Deployment, Pod

NOT_ASKED = "mayday did not ask the cluster for this."

CORDONED_BY = "mayday/cordoned-by"
CORDONED_AT = "mayday/cordoned-at"
CORDONED_UNTIL = "mayday/cordoned-until"
CORDONED_WHY = "mayday/cordoned-why"
"""Annotations that mayday writes to a node that it cordons: a Slack user id, ISO 8601 times, a sentence."""

SCALED_BY = "mayday/scaled-by"
SCALED_FROM = "mayday/scaled-from"
SCALED_UNTIL = "mayday/scaled-until"
"""Annotations that mayday writes to a workload that it scales for some time."""

SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SCALE_DOWN_DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
"""Annotations of a pod and of a node that the cluster autoscaler obeys."""

REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
"""The annotation of a ReplicaSet that was rolled back to: the revisions that it was before."""

POOLS = (
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
    "node.kubernetes.io/instance-group",
)
PURPOSE = "hub.jupyter.org/node-purpose"
"""The label that the Zero to JupyterHub chart's affinity prefers: ``core`` or ``user``."""


def _unasked() -> View[Any]:
    return View.unread(NOT_ASKED)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node. ``ready`` is None if its kubelet stopped reporting (condition ``Unknown``).

    ``since`` is when ``ready`` last changed, ``pressures`` are the conditions that are true
    (``MemoryPressure``), ``cordoned_at`` is when the taint of a cordon was added, None if unknown.
    """

    name: str
    uid: str
    ready: bool | None
    why: str = ""
    since: datetime | None = None
    pressures: tuple[str, ...] = ()
    is_cordoned: bool = False
    cordoned_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[str, ...] = ()
    created_at: datetime | None = None

    @property
    def pool(self) -> str:
        """The node pool, by the label of its cloud; empty if there is none."""
        return next((self.labels[label] for label in POOLS if self.labels.get(label)), "")

    @property
    def purpose(self) -> str:
        """``core`` or ``user`` by the chart's label; empty without it."""
        return self.labels.get(PURPOSE, "")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A PersistentVolumeClaim. ``capacity`` and ``requested`` are in bytes, None if unknown.

    ``can_grow`` says whether its StorageClass allows expansion, None if the class could not be read.
    ``conditions`` are the types of its true conditions (``FileSystemResizePending``, ``Resizing``).
    """

    name: str
    uid: str
    phase: str
    storage_class: str = ""
    capacity: int | None = None
    requested: int | None = None
    can_grow: bool | None = None
    volume: str = ""
    access_modes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event of any object. ``at`` is its latest occurrence. Events are best effort and expire after an
    hour, so a missing one proves nothing."""

    kind: str
    name: str
    reason: str
    message: str
    uid: str = ""
    is_warning: bool = True
    at: datetime | None = None
    first_at: datetime | None = None
    count: int = 1
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A PodDisruptionBudget. ``allowed`` disruptions of ``expected`` pods, of which ``healthy`` are.

    ``selector`` has the labels of its pods; ``by_labels`` is false if it has other conditions beside them.
    """

    name: str
    allowed: int
    healthy: int
    desired: int
    expected: int
    selector: Mapping[str, str] = field(default_factory=dict)
    by_labels: bool = True


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A ResourceQuota: ``hard`` limits and what is ``used`` of them, as the API server writes quantities."""

    name: str
    hard: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A revision of a Deployment, by its ReplicaSet. ``template`` is the pod template as plain JSON.

    ``cause`` is the annotation ``kubernetes.io/change-cause``, ``annotations`` are the ReplicaSet's.
    """

    deployment: str
    number: int
    name: str
    created_at: datetime | None
    replicas: int = 0
    images: tuple[str, ...] = ()
    cause: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)
    template: Mapping[str, object] = field(default_factory=dict)

    @property
    def history(self) -> str:
        """The numbers that it had before, after a comma each, if the Deployment was rolled back to it."""
        return self.annotations.get(REVISION_HISTORY, "")


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A StatefulSet or a DaemonSet, such as ``user-placeholder``."""

    kind: str
    name: str
    uid: str
    replicas: int
    ready: int
    generation: int = 0
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PodMemory:
    """The memory that a pod uses, in bytes, as measured at ``at``; None if it was not measured."""

    pod: str
    used: int | None
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """The lists of a hub's cluster. ``pods`` are all pods of the hub's namespace, users' too. ``memory`` is
    that of the proxy's pods.

    ``core`` are the labels of the core pool's nodes as configured; empty means the chart's label.
    """

    pods: View[Pod] = field(default_factory=_unasked)
    nodes: View[Node] = field(default_factory=_unasked)
    claims: View[Claim] = field(default_factory=_unasked)
    events: View[Event] = field(default_factory=_unasked)
    budgets: View[Budget] = field(default_factory=_unasked)
    quotas: View[Quota] = field(default_factory=_unasked)
    deployments: View[Deployment] = field(default_factory=_unasked)
    revisions: View[Revision] = field(default_factory=_unasked)
    workloads: View[Workload] = field(default_factory=_unasked)
    memory: View[PodMemory] = field(default_factory=_unasked)
    core: Mapping[str, str] = field(default_factory=dict)

    def is_core(self, node: Node) -> bool:
        """Return whether the node's labels are those of the core pool."""
        wanted = self.core or {PURPOSE: "core"}
        return all(node.labels.get(label) == value for label, value in wanted.items())

    def memory_of(self, pod: Pod) -> int | None:
        """Return the memory that a pod uses, in bytes. None if it is unknown, or was measured before the
        pod's container started."""
        found = next((each for each in self.memory.items if each.pod == pod.name), None)
        if found is None or found.at is None or found.at < (pod.running_since or found.at):
            return None
        return found.used

    def node(self, name: str) -> Node | None:
        """Return one node, or None."""
        return next((node for node in self.nodes.items if node.name == name), None)
