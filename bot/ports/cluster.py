"""Kubernetes, as services and steps use it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from bot.domain.cluster import Budget, Claim, Event, Node, PodMemory, Quota, Revision, Workload
from bot.domain.hubs import Deployment, Pod, PodEvent
from bot.domain.rights import Permission


class Cluster(Protocol):
    """One Kubernetes cluster. Methods that change something send their request once."""

    def skew(self) -> timedelta | None:
        """Return how far the cluster's clock was behind mayday's at its last answer; None if unknown."""

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods with these labels."""

    def all_pods(self, namespace: str) -> tuple[Pod, ...]:
        """Return every pod of a namespace."""

    def pod(self, namespace: str, name: str) -> Pod | None:
        """Return one pod, or None if it doesn't exist."""

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """Return the recent events of the pods in a namespace."""

    def events(self, namespace: str) -> tuple[Event, ...]:
        """Return the recent events of all objects of a namespace."""

    def node_events(self) -> tuple[Event, ...]:
        """Return the recent events of nodes, which are in the namespace ``default``."""

    def nodes(self) -> tuple[Node, ...]:
        """Return the nodes of the cluster."""

    def node(self, name: str) -> Node | None:
        """Return one node, or None if it doesn't exist."""

    def claims(self, namespace: str) -> tuple[Claim, ...]:
        """Return the PersistentVolumeClaims, with whether their StorageClass lets them grow."""

    def budgets(self, namespace: str) -> tuple[Budget, ...]:
        """Return the PodDisruptionBudgets."""

    def quotas(self, namespace: str) -> tuple[Quota, ...]:
        """Return the ResourceQuotas."""

    def deployments(self, namespace: str) -> tuple[Deployment, ...]:
        """Return the Deployments with their rollouts."""

    def revisions(self, namespace: str) -> tuple[Revision, ...]:
        """Return the revisions of all Deployments."""

    def workloads(self, namespace: str) -> tuple[Workload, ...]:
        """Return the StatefulSets and DaemonSets."""

    def memory(self, namespace: str, selector: str) -> tuple[PodMemory, ...]:
        """Return the memory in use of the pods with these labels, as far as it is measured.

        Raises:
            UserError, RetryLater: the cluster has no metrics-server, or that doesn't answer.
        """

    def log(
        self,
        namespace: str,
        pod: str,
        *,
        lines: int = 200,
        previous: bool = False,
        container: str = "",
    ) -> str:
        """Return the last lines of a container's log, each after its time.

        ``previous`` means the container before the last restart; empty if there was none.
        """

    def may(self, namespace: str, permission: Permission) -> bool:
        """Return whether the cluster gives mayday this permission."""

    def deployment(self, namespace: str, name: str) -> Deployment: ...

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        """Restart a rollout as of ``at`` (ISO 8601); repeating the same ``at`` has no effect."""

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod with its grace period; do nothing if it no longer exists or has another uid."""

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        """Delete a pod without waiting for its node.

        Raises:
            UserError: it has finalizers, belongs to a StatefulSet, or is neither being deleted nor finished;
                nothing was deleted.
        """

    def set_cordon(
        self, node: str, uid: str, *, cordoned: bool, annotations: Mapping[str, str | None]
    ) -> None:
        """Cordon or uncordon the node with this uid and write the annotations; None removes one.

        Repeating the same has no effect.

        Raises:
            UserError: the node was replaced, somebody else cordoned it, or it changed at the same moment
                (code 409); nothing happened.
        """

    def scale(
        self,
        namespace: str,
        stateful_set: str,
        uid: str,
        replicas: int,
        annotations: Mapping[str, str | None],
    ) -> None:
        """Set the replicas of the StatefulSet with this uid and write the annotations; None removes one.

        Raises:
            UserError: it was replaced, or changed at the same moment (code 409); nothing happened.
        """

    def grow_claim(self, namespace: str, name: str, uid: str, size: int) -> None:
        """Request ``size`` bytes for the claim with this uid.

        Raises:
            UserError: it was replaced, changed at the same moment, or its class doesn't allow it.
        """

    def roll_back(
        self,
        namespace: str,
        deployment: str,
        template: Mapping[str, object],
        *,
        generation: int,
        at: str,
    ) -> None:
        """Replace the pod template of a Deployment that still has this generation.

        ``at`` (ISO 8601) is written to the Deployment.

        Raises:
            UserError: it has changed; nothing happened.
        """

    def annotate(
        self,
        namespace: str,
        kind: str,
        name: str,
        uid: str,
        annotations: Mapping[str, str | None],
    ) -> None:
        """Write the annotations of a Pod or a Node; None removes one. Do nothing if it was replaced."""

    def create_budget(self, namespace: str, name: str, selector: Mapping[str, str]) -> None:
        """Create a PodDisruptionBudget that keeps one pod with these labels; do nothing if it exists."""

    def delete_budget(self, namespace: str, name: str) -> None:
        """Delete a PodDisruptionBudget; do nothing if it doesn't exist."""
