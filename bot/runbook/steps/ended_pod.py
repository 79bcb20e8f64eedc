"""What the steps that delete a pod of no living server have in common: the pod, by its uid."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from bot.domain.hubs import Pod
from bot.runbook.site import Site
from bot.runbook.steps.step import Step

GONE = "The pod no longer exists."


@dataclass(frozen=True, kw_only=True)
class EndedPodStep(Step, ABC):
    """The deletion of ``pod``, unless another one has its name by now."""

    destructive: ClassVar[bool] = True

    pod: str
    uid: str

    @property
    def identity(self) -> str:
        """The pod with this uid."""
        return f"{self.pod}:{self.uid}"

    @property
    def target(self) -> str:
        """The pod."""
        return self.pod

    def find(self, site: Site) -> Pod | None:
        """The pod, as long as it exists.

        Raises:
            UserError, RetryLater: it could not be read.
        """
        pod = site.reachable_cluster.pod(site.place.namespace, self.pod)
        return pod if pod is not None and pod.uid == self.uid else None
