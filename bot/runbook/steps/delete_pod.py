"""Delete a server's pod in its own grace time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.server import PodStep
from bot.runbook.steps.step import Look, Read


@dataclass(frozen=True, kw_only=True)
class DeletePod(PodStep):
    """It succeeds when the pod is gone."""

    verb: ClassVar[str] = "delete_pod"

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Delete the pod with this uid and no other."""
        site.reachable_cluster.delete_pod(site.place.namespace, self.pod, self.uid)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the pod is gone or being deleted."""
        pod = self.find(site)
        return pod is None or pod.deleting_since is not None

    def look(self, site: Site, read: Read) -> Look:
        """Whether the pod is gone."""
        return self.pod_gone(site)
