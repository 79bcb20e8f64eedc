"""Kubernetes, as services and steps use it."""

from __future__ import annotations

from typing import Protocol

from bot.domain.hubs import Deployment, Pod, PodEvent
from bot.domain.rights import Permission


class Cluster(Protocol):
    """One Kubernetes cluster. Methods that change something send their request once."""

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        """Return the pods with these labels."""

    def pod(self, namespace: str, name: str) -> Pod | None:
        """Return one pod, or None if it doesn't exist."""

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        """Return the recent events of the pods in a namespace."""

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
