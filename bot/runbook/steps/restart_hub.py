"""Restart the rollout of the hub's Deployment. Servers and their connections keep working meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from bot.domain.facts import HubFacts
from bot.domain.hubs import Deployment, Place
from bot.domain.rights import Permission, Right
from bot.errors import RetryLater, UserError
from bot.runbook.site import Site
from bot.runbook.steps.rollout import RestartStep
from bot.runbook.steps.step import Look, Read


@dataclass(frozen=True, kw_only=True)
class RestartHub(RestartStep):
    """It succeeds when the rollout is complete and the hub answers."""

    verb: ClassVar[str] = "restart_hub"

    @classmethod
    def of(cls, facts: HubFacts, hub: Deployment) -> RestartHub:
        """The restart of this Deployment, as of the time of the facts."""
        return cls(deployment=hub.name, generation=hub.generation, at=facts.read_at.isoformat())

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The permission to patch the hub's Deployment and no other."""
        hub = place.hub_deployment
        return (Permission(verb="patch", group="apps", resource="deployments", name=hub),)

    def look(self, site: Site, read: Read) -> Look:
        """Whether this restart or a later one has rolled out to every replica, and the hub answers."""
        look = super().look(site, read)
        if not look.holds:
            return look
        try:
            site.hub.access()
        except (UserError, RetryLater) as error:
            return replace(look, holds=False, why=str(error))
        return look
