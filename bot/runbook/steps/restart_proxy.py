"""Restart the rollout of the proxy's Deployment. Every connection drops; kernels survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.facts import HubFacts
from bot.domain.hubs import Deployment, Place
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.server import server_name
from bot.runbook.steps.step import Look, Measure, Read, Step

CHANGED = "Deployment {name} was changed since the plan was made."


@dataclass(frozen=True, kw_only=True)
class RestartProxy(Step):
    """``at`` is the time to write into the Deployment (ISO 8601), so that a replay changes nothing.

    It is finer than the whole seconds that ``kubectl`` writes, so that no other restart has the same.
    ``generation`` is the Deployment's generation when the plan was made.
    """

    verb: ClassVar[str] = "restart_proxy"
    destructive: ClassVar[bool] = True
    ends_run: ClassVar[bool] = True  # a proxy that did not restart takes no routes

    deployment: str
    generation: int
    at: str

    @classmethod
    def of(cls, facts: HubFacts, proxy: Deployment) -> RestartProxy:
        """The restart of this Deployment, as of the time of the facts."""
        return cls(
            deployment=proxy.name,
            generation=proxy.generation,
            at=facts.read_at.isoformat(),
            loses=tuple(server_name(row) for row in facts.rows if row.is_ready),
        )

    @property
    def identity(self) -> str:
        """The Deployment as it was: after another restart or change its generation differs."""
        return f"{self.deployment}:{self.generation}"

    @property
    def target(self) -> str:
        """The Deployment."""
        return self.deployment

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The permission to patch the proxy's Deployment and no other."""
        return (Permission(verb="patch", group="apps", resource="deployments", name=place.proxy),)

    @property
    def measure(self) -> Measure:
        """A rollout may have to pull an image."""
        return Measure(within=300.0)

    def drifted(self, site: Site) -> str | None:
        """Return whether the Deployment was changed or restarted since."""
        proxy = site.reachable_cluster.deployment(site.place.namespace, self.deployment)
        same = proxy.generation == self.generation
        return "" if same else CHANGED.format(name=self.deployment)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Write the time of the restart into the Deployment's pod template."""
        cluster = site.reachable_cluster
        cluster.restart_deployment(site.place.namespace, self.deployment, self.at)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the Deployment has exactly the time of this restart.

        A later time proves nothing: another restart, from before the plan, may have been written by a
        clock that is ahead.
        """
        proxy = site.reachable_cluster.deployment(site.place.namespace, self.deployment)
        return proxy.restarted_at == self.at

    def look(self, site: Site, read: Read) -> Look:
        """Whether this restart or a later one has rolled out to every replica."""
        proxy = site.reachable_cluster.deployment(site.place.namespace, self.deployment)
        restarted = _not_before(proxy.restarted_at, self.at)
        return Look(
            holds=restarted and proxy.rolled_out,
            seen={"replicas": proxy.replicas, "updated": proxy.updated},
        )


def _not_before(text: str, at: str) -> bool:
    """Whether the first ISO 8601 time is the second or later; False where the first cannot be read."""
    try:
        return datetime.fromisoformat(text) >= datetime.fromisoformat(at)
    except (ValueError, TypeError):
        return False
