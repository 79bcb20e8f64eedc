"""Delete a pod that ended. No container of it runs, so nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.hubs import Place, Pod
from bot.domain.rights import Right
from bot.runbook.site import Site
from bot.runbook.steps.ended_pod import GONE, EndedPodStep
from bot.runbook.steps.server import DELETE_PODS, GET_PODS
from bot.runbook.steps.step import Look, Measure, Read

RUNS = "The pod has not ended."


@dataclass(frozen=True, kw_only=True)
class DeleteFailedPod(EndedPodStep):
    """``phase`` is ``Failed`` or ``Succeeded``. It succeeds when the pod is gone."""

    verb: ClassVar[str] = "delete_failed_pod"
    is_independent: ClassVar[bool] = True

    phase: str

    @classmethod
    def of(cls, pod: Pod) -> DeleteFailedPod:
        """The deletion of this pod."""
        return cls(pod=pod.name, uid=pod.uid, phase=pod.phase)

    @property
    def details(self) -> Mapping[str, str]:
        """How it ended."""
        return {"phase": self.phase.lower()}

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The permissions to look at pods and to delete them."""
        return (GET_PODS, DELETE_PODS)

    @property
    def measure(self) -> Measure:
        """A pod without running containers is gone at once, unless its node is."""
        return Measure(within=60.0)

    def drifted(self, site: Site) -> str | None:
        """Whether the pod is gone, or has not ended after all."""
        pod = self.find(site)
        if pod is None:
            return GONE
        return "" if pod.finished else RUNS

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
        return Look(holds=self.find(site) is None)
