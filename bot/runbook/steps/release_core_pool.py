"""Let the autoscaler and drains act on the hub and the proxy again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.cluster import SAFE_TO_EVICT, SCALE_DOWN_DISABLED
from bot.runbook.site import Site
from bot.runbook.steps.core_pool import CorePoolStep
from bot.runbook.steps.step import Look, Read


@dataclass(frozen=True, kw_only=True)
class ReleaseCorePool(CorePoolStep):
    """It leaves out what is gone, and what somebody gave another value meanwhile."""

    verb: ClassVar[str] = "release_core_pool"
    destructive: ClassVar[bool] = False

    def drifted(self, site: Site) -> str:
        """Nothing: what somebody released meanwhile has nothing left to release."""
        return ""

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Give the objects that are still held their annotations of before, and delete mayday's budgets."""
        cluster, namespace, held = site.reachable_cluster, site.place.namespace, self.held(site)
        for each in held.pods:
            before = {SAFE_TO_EVICT: each.before or None}
            cluster.annotate(namespace, "Pod", each.name, each.uid, before)
        for each in held.nodes:
            before = {SCALE_DOWN_DISABLED: each.before or None}
            cluster.annotate("", "Node", each.name, each.uid, before)
        for budget in held.budgets:
            cluster.delete_budget(namespace, budget.name)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether nothing is held any more."""
        return self.held(site).count == 0

    def look(self, site: Site, read: Read) -> Look:
        """Whether nothing is held any more."""
        held = self.held(site).count
        return Look(holds=held == 0, seen={"held": held})
