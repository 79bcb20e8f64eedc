"""Keep the autoscaler and drains away from the hub and the proxy for some time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.core_pool import CorePoolStep
from bot.runbook.steps.release_core_pool import ReleaseCorePool
from bot.runbook.steps.step import Look, Read, Step

NOT_ALL = "{held} of {all} objects are held: a pod may have been replaced. Make a new plan."


@dataclass(frozen=True, kw_only=True)
class HoldCorePool(CorePoolStep):
    """``until`` is when mayday takes it back."""

    verb: ClassVar[str] = "hold_core_pool"
    destructive: ClassVar[bool] = False

    until: datetime

    @property
    def details(self) -> Mapping[str, str]:
        """Until when."""
        return {"until": f"{self.until:%Y-%m-%d %H:%M} UTC"}

    @property
    def undo(self) -> Step:
        """Releasing the same objects."""
        return ReleaseCorePool(pods=self.pods, nodes=self.nodes, budgets=self.budgets)

    @property
    def undo_at(self) -> datetime:
        """When mayday releases them."""
        return self.until

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Annotate pods and nodes, and create the budgets. Repeating it has no effect."""
        self.annotate(site, is_held=True)
        for each in self.budgets:
            site.reachable_cluster.create_budget(site.place.namespace, each.name, each.selector)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether everything is held."""
        return self.held(site) == self._all

    def look(self, site: Site, read: Read) -> Look:
        """Whether everything is held."""
        held = self.held(site)
        why = "" if held == self._all else NOT_ALL.format(held=held, all=self._all)
        return Look(holds=held == self._all, seen={"held": held}, why=why)

    @property
    def _all(self) -> int:
        return len(self.pods) + len(self.nodes) + len(self.budgets)
