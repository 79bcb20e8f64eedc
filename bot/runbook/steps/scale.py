"""Set the replicas of a StatefulSet, and take that back at a set time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.cluster import SCALED_BY, SCALED_FROM, SCALED_UNTIL, Workload
from bot.domain.hubs import Place
from bot.domain.rights import Permission, Right
from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

REPLACED = "StatefulSet {name} was removed or replaced."
CHANGED = (
    "StatefulSet {name} has {now} replicas now, not {found} as before. Somebody or a controller changed it "
    "meanwhile, so it is left as it is."
)
CHANGED_BACK = (
    "StatefulSet {name} has {now} replicas again. A controller sets them, such as a scaler of placeholders "
    "with a calendar: change the calendar's entry instead."
)


@dataclass(frozen=True, kw_only=True)
class Scale(Step):
    """From the replicas ``found`` to ``replicas``.

    ``until`` is when mayday takes it back; None for that step itself. ``by`` is who asks for it, a Slack user
    id or empty.
    """

    verb: ClassVar[str] = "scale"
    destructive: ClassVar[bool] = False

    name: str
    uid: str
    found: int
    replicas: int
    until: datetime | None = None
    by: str = ""

    @property
    def identity(self) -> str:
        """The StatefulSet with the replicas that were found."""
        return f"{self.name}:{self.uid}:{self.found}:{self.replicas}"

    @property
    def target(self) -> str:
        """The StatefulSet."""
        return self.name

    @property
    def details(self) -> Mapping[str, str]:
        """From how many replicas to how many, and until when."""
        until = f"{self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return {
            "found": str(self.found),
            "replicas": str(self.replicas),
            "until": until,
            "lasting": until and f" until {until}",
        }

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """Reading and changing the placeholders' StatefulSet and no other."""
        kind = {"group": "apps", "resource": "statefulsets", "name": place.placeholder}
        return (Permission(verb="get", **kind), Permission(verb="patch", **kind))

    @property
    def undo(self) -> Step | None:
        """Back to the replicas that were found."""
        if self.until is None:
            return None
        return Scale(name=self.name, uid=self.uid, found=self.replicas, replicas=self.found)

    @property
    def undo_at(self) -> datetime | None:
        """When mayday takes it back."""
        return self.until

    def drifted(self, site: Site) -> str:
        """Why the replicas aren't those that were found."""
        now = self._current(site)
        if now is None:
            return REPLACED.format(name=self.name)
        if now.replicas != self.found:
            return CHANGED.format(name=self.name, now=now.replicas, found=self.found)
        return ""

    @property
    def measure(self) -> Measure:
        """Long enough to see a controller that sets its own number every minute."""
        if self.until is None:
            return Measure(within=10.0)
        return Measure(times=4, apart=25.0, within=150.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Set the replicas, and write to the StatefulSet who did so, from how many and until when."""
        now = self._current(site)
        if now is not None and now.replicas == self.replicas:
            return {}
        if why := self.drifted(site):
            raise UserError(why, code="409")
        noted: dict[str, str | None] = dict.fromkeys((SCALED_BY, SCALED_FROM, SCALED_UNTIL))
        if self.until:
            noted = {
                SCALED_BY: self.by,
                SCALED_FROM: str(self.found),
                SCALED_UNTIL: self.until.isoformat(),
            }
        site.reachable_cluster.scale(
            site.place.namespace, self.name, self.uid, self.replicas, noted
        )
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether it has these replicas."""
        now = self._current(site)
        return now is not None and now.replicas == self.replicas

    def look(self, site: Site, read: Read) -> Look:
        """Whether it still has these replicas, and how many of them are ready."""
        now = self._current(site)
        if now is None:
            return Look(holds=False, why=REPLACED.format(name=self.name))
        seen = {"replicas": now.replicas, "ready_replicas": now.ready}
        if now.replicas == self.replicas:
            return Look(holds=True, seen=seen)
        words = CHANGED_BACK if now.replicas == self.found else CHANGED
        why = words.format(name=self.name, now=now.replicas, found=self.replicas)
        return Look(holds=False, seen=seen, why=why)

    def _current(self, site: Site) -> Workload | None:
        """The StatefulSet, unless it was replaced."""
        found = site.reachable_cluster.workloads(site.place.namespace)
        return next((each for each in found if each.uid == self.uid), None)
