"""Grow the volume of a claim, where its class allows that. It can't be made smaller again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.cluster import Claim
from bot.domain.hubs import Place
from bot.domain.quantities import size_of
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

REPLACED = "Claim {name} was removed or replaced."
CHANGED = "Claim {name} requests {now} now, not {found} as before."
WAITS_FOR_POD = "FileSystemResizePending"
PENDING = (
    "The volume has grown, and its file system follows when a pod mounts it the next time. If it still "
    "waits after a minute, restart the pod that uses the claim."
)
STILL = "The claim has {now} of {size} yet: look at its events."


@dataclass(frozen=True, kw_only=True)
class GrowVolume(Step):
    """From ``found`` bytes that the claim requests to ``size``."""

    verb: ClassVar[str] = "grow_volume"
    destructive: ClassVar[bool] = True  # it can't be taken back

    claim: str
    uid: str
    found: int
    size: int

    @property
    def identity(self) -> str:
        """The claim with the size that was found, and the new one."""
        return f"{self.claim}:{self.uid}:{self.found}:{self.size}"

    @property
    def target(self) -> str:
        """The claim."""
        return self.claim

    @property
    def details(self) -> Mapping[str, str]:
        """Both sizes."""
        return {"found": size_of(self.found), "size": size_of(self.size)}

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """Reading and changing claims."""
        claims = "persistentvolumeclaims"
        return (Permission(verb="get", resource=claims), Permission(verb="patch", resource=claims))

    def drifted(self, site: Site) -> str:
        """Why the claim isn't the one that was planned for."""
        now = self._current(site)
        if now is None:
            return REPLACED.format(name=self.claim)
        if now.requested == self.found:
            return ""
        was, is_ = size_of(self.found), size_of(now.requested)
        return CHANGED.format(name=self.claim, now=is_, found=was)

    @property
    def measure(self) -> Measure:
        """Clouds take a minute or two."""
        return Measure(within=180.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Request the new size."""
        site.reachable_cluster.grow_claim(site.place.namespace, self.claim, self.uid, self.size)
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the claim requests that much."""
        now = self._current(site)
        return now is not None and now.requested is not None and now.requested >= self.size

    def look(self, site: Site, read: Read) -> Look:
        """Whether the claim has the new size, or only its file system is still to follow."""
        now = self._current(site)
        if now is None:
            return Look(holds=False, why=REPLACED.format(name=self.claim))
        seen = {"capacity": size_of(now.capacity)}
        if now.capacity is not None and now.capacity >= self.size:
            return Look(holds=True, seen=seen)
        if WAITS_FOR_POD in now.conditions:
            return Look(holds=True, seen={**seen, "waits": PENDING})
        why = STILL.format(now=size_of(now.capacity), size=size_of(self.size))
        return Look(holds=False, seen=seen, why=why)

    def _current(self, site: Site) -> Claim | None:
        """The claim, unless it was replaced."""
        found = site.reachable_cluster.claims(site.place.namespace)
        return next((each for each in found if each.uid == self.uid), None)
