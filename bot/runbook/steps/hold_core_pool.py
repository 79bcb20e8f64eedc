"""Keep the autoscaler and drains away from the hub and the proxy for some time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from bot.domain.cluster import SAFE_TO_EVICT, SCALE_DOWN_DISABLED
from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.core_pool import IS_HELD, CorePoolStep
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
        """Annotate pods and nodes, and create the budgets. Repeating it has no effect.

        A refusal after the first object is no error: what is held has to be released when that is due.

        Raises:
            UserError: the first one was refused; nothing happened.
        """
        for done, act in enumerate(self._acts(site)):
            try:
                act()
            except UserError as error:
                if not done:
                    raise
                return {"refused": str(error)}
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether everything is held."""
        return self.held(site).count == self.count

    def look(self, site: Site, read: Read) -> Look:
        """Whether everything is held."""
        held = self.held(site).count
        why = "" if held == self.count else NOT_ALL.format(held=held, all=self.count)
        return Look(holds=held == self.count, seen={"held": held}, why=why)

    def _acts(self, site: Site) -> Iterator[Callable[[], None]]:
        """The calls, one for each object."""
        cluster, namespace = site.reachable_cluster, site.place.namespace
        pod, node = ({key: IS_HELD[key]} for key in (SAFE_TO_EVICT, SCALE_DOWN_DISABLED))
        for each in self.pods:
            yield partial(cluster.annotate, namespace, "Pod", each.name, each.uid, pod)
        for each in self.nodes:
            yield partial(cluster.annotate, "", "Node", each.name, each.uid, node)
        for budget in self.budgets:
            yield partial(cluster.create_budget, namespace, budget.name, budget.selector)
