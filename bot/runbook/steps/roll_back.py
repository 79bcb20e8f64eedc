"""Replace the pod template of a Deployment by that of an earlier revision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.cluster import Revision
from bot.domain.hubs import Place
from bot.domain.rights import Permission, Right
from bot.domain.templates import cleaned, fingerprint
from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

CHANGED = "Deployment {name} has changed since the plan was made."
NO_REVISION = (
    "Revision {number} of Deployment {name} is no longer kept, or isn't what the plan showed."
)
UNFINISHED = (
    "The rollout isn't complete: look at its pods. kubectl rollout status shows what it waits for."
)


@dataclass(frozen=True, kw_only=True)
class RollBack(Step):
    """``generation`` is the Deployment's when the plan was made, ``current`` its revision then.

    ``number`` is the revision to go back to, and ``template`` the fingerprint of its template, which may have
    secrets and so is not kept. ``at`` is the time to write into the Deployment.
    """

    verb: ClassVar[str] = "roll_back"
    destructive: ClassVar[bool] = True
    ends_run: ClassVar[bool] = True

    deployment: str
    generation: int
    current: int
    number: int
    template: str
    at: str
    changes: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """The Deployment as it was, and the template to go back to."""
        return f"{self.deployment}:{self.generation}:{self.number}:{self.template}"

    @property
    def target(self) -> str:
        """The Deployment."""
        return self.deployment

    @property
    def details(self) -> Mapping[str, str]:
        """Both revisions, and what differs."""
        return {
            "current": str(self.current),
            "number": str(self.number),
            "changes": "; ".join(self.changes),
        }

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """Changing the Deployments of hub and proxy. Another one needs a Role of its own."""
        kind = {"verb": "patch", "group": "apps", "resource": "deployments"}
        return (Permission(**kind, name=place.hub_deployment), Permission(**kind, name=place.proxy))

    def drifted(self, site: Site) -> str:
        """Why the Deployment isn't as it was when the plan was made."""
        now = site.reachable_cluster.deployment(site.place.namespace, self.deployment)
        same = now.generation == self.generation
        return "" if same else CHANGED.format(name=self.deployment)

    @property
    def measure(self) -> Measure:
        """A rollout may have to pull an image, and the hub to migrate its database."""
        return Measure(within=600.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Write the template of the earlier revision into the Deployment."""
        cluster, namespace = site.reachable_cluster, site.place.namespace
        found = next((each for each in self._revisions(site) if each.number == self.number), None)
        if found is None or fingerprint(found.template) != self.template:
            text = NO_REVISION.format(number=self.number, name=self.deployment)
            raise UserError(text, code="409")
        cluster.roll_back(
            namespace,
            self.deployment,
            cleaned(found.template),
            generation=self.generation,
            at=self.at,
        )
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the latest revision has this template."""
        latest = max(self._revisions(site), key=lambda each: each.number, default=None)
        return latest is not None and fingerprint(latest.template) == self.template

    def look(self, site: Site, read: Read) -> Look:
        """Whether the latest revision has this template and every replica runs it."""
        now = site.reachable_cluster.deployment(site.place.namespace, self.deployment)
        seen = {"replicas": now.replicas, "updated": now.updated}
        holds = bool(self.already_done(site)) and now.rolled_out
        return Look(holds=holds, seen=seen, why="" if holds else UNFINISHED)

    def _revisions(self, site: Site) -> list[Revision]:
        found = site.reachable_cluster.revisions(site.place.namespace)
        return [each for each in found if each.deployment == self.deployment]
