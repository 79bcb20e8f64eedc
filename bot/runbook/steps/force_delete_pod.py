"""Delete a server's pod without waiting for its node. The container may keep running on that node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.hubs import Condition
from bot.runbook.site import Site
from bot.runbook.steps.server import CHANGED, PodStep, server_name, state_of_pod
from bot.runbook.steps.step import Look, Read


@dataclass(frozen=True, kw_only=True)
class ForceDeletePod(PodStep):
    """It succeeds when the pod is gone, and with it the hub's record where the hub waits for the pod."""

    verb: ClassVar[str] = "force_delete_pod"

    def drifted(self, site: Site) -> str | None:
        """Return whether the pod is other than it was planned for.

        A pod that is being deleted or has finished never comes back, and the cluster's adapter makes sure of
        that just before it acts. So the hub need not be asked and, where it waits for the pod's end, nothing
        has to be read here.
        """
        if self.condition is Condition.STUCK_STOP:
            return ""
        if not self.found:
            return None
        pod = self.find(site)
        same = pod is not None and self.found.endswith(state_of_pod(pod))
        return "" if same else CHANGED.format(server=server_name(self))

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Delete the pod with this uid and no other."""
        site.reachable_cluster.force_delete_pod(site.place.namespace, self.pod, self.uid)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the pod is gone. One that is being deleted is not: that is what this step is for."""
        return self.find(site) is None

    def look(self, site: Site, read: Read) -> Look:
        """Whether the pod is gone, and the record where the hub waits for the pod.

        The hub calls a server on a lost node ready until its next poll, and has no record of an orphan.
        """
        if self.condition is Condition.STUCK_STOP:
            return self.settled(site, read)
        return self.pod_gone(site)
