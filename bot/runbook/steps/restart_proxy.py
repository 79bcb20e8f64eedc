"""Restart the rollout of the proxy's Deployment. Every connection drops; kernels survive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.facts import HubFacts
from bot.domain.hubs import Deployment, Place
from bot.domain.rights import Permission, Right
from bot.runbook.steps.rollout import RestartStep
from bot.runbook.steps.server import server_name


@dataclass(frozen=True, kw_only=True)
class RestartProxy(RestartStep):
    """It succeeds when the rollout is complete."""

    verb: ClassVar[str] = "restart_proxy"
    ends_run: ClassVar[bool] = True  # a proxy that did not restart takes no routes

    @classmethod
    def of(cls, facts: HubFacts, proxy: Deployment) -> RestartProxy:
        """The restart of this Deployment, as of the time of the facts."""
        return cls(
            deployment=proxy.name,
            generation=proxy.generation,
            at=facts.read_at.isoformat(),
            loses=tuple(server_name(row) for row in facts.rows if row.is_ready),
        )

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The permission to patch the proxy's Deployment and no other."""
        return (Permission(verb="patch", group="apps", resource="deployments", name=place.proxy),)
