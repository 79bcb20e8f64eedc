"""Delete a pod of the proxy whose node is dead, so that its successor can start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.hubs import Place
from bot.domain.ownership import PROXY
from bot.domain.rights import Permission, Right
from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.ended_pod import GONE, EndedPodStep
from bot.runbook.steps.server import DELETE_PODS, GET_PODS
from bot.runbook.steps.step import Look, Measure, Read

NOT_DELETED = "The pod is not being deleted, or is not the proxy's."
NODE_LIVES = "Node {node} is Ready, so its kubelet ends the pod."


@dataclass(frozen=True, kw_only=True)
class ForceDeleteProxyPod(EndedPodStep):
    """RBAC can't name a pod, so the pod's labels, its deletion and its node are checked right before.

    It succeeds when the pod is gone and the proxy's Deployment has its replicas ready. ``node`` is the node
    that is gone or not Ready.
    """

    verb: ClassVar[str] = "force_delete_proxy_pod"
    ends_run: ClassVar[bool] = True  # the rollout hangs until the pod is gone

    deployment: str
    node: str

    @property
    def details(self) -> Mapping[str, str]:
        """Its node."""
        return {"node": self.node or "?"}

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The permissions to look at pods and nodes, and to delete pods."""
        return (GET_PODS, DELETE_PODS, Permission(verb="get", resource="nodes"))

    @property
    def measure(self) -> Measure:
        """The successor may have to pull an image."""
        return Measure(within=300.0)

    def drifted(self, site: Site) -> str | None:
        """Whether the pod is gone or is another one, or its node is Ready again."""
        pod = self.find(site)
        if pod is None:
            return GONE
        if pod.deleting_since is None or pod.component != PROXY or not pod.node:
            return NOT_DELETED
        node = site.reachable_cluster.node(pod.node)
        return NODE_LIVES.format(node=pod.node) if node is not None and node.ready else ""

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Delete the pod with this uid and no other, unless it or its node changed.

        Raises:
            UserError: it changed, or has finalizers; nothing was deleted.
        """
        if (why := self.drifted(site)) and why != GONE:
            raise UserError(why, code="drifted")
        site.reachable_cluster.force_delete_pod(site.place.namespace, self.pod, self.uid)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the pod is gone."""
        return self.find(site) is None

    def look(self, site: Site, read: Read) -> Look:
        """Whether the pod is gone and its successor is ready."""
        if self.find(site) is not None:
            return Look(holds=False)
        proxy = site.reachable_cluster.deployment(site.place.namespace, self.deployment)
        return Look(holds=proxy.rolled_out, seen={"replicas": proxy.replicas, "ready": proxy.ready})
