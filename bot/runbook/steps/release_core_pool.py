"""Let the autoscaler and drains act on the hub and the proxy again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.core_pool import CorePoolStep
from bot.runbook.steps.step import Look, Read


@dataclass(frozen=True, kw_only=True)
class ReleaseCorePool(CorePoolStep):
    """It leaves out what is gone: the annotation of a pod ends with the pod."""

    verb: ClassVar[str] = "release_core_pool"
    destructive: ClassVar[bool] = False

    def drifted(self, site: Site) -> str:
        """Nothing: what somebody released meanwhile has nothing left to release."""
        return ""

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Remove the annotations and delete the budgets that mayday created."""
        self.annotate(site, is_held=False)
        for each in self.budgets:
            site.reachable_cluster.delete_budget(site.place.namespace, each.name)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether nothing is held any more."""
        return self.held(site) == 0

    def look(self, site: Site, read: Read) -> Look:
        """Whether nothing is held any more."""
        held = self.held(site)
        return Look(holds=held == 0, seen={"held": held})
