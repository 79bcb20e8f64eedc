"""What the steps about the notice on a hub's page have in common."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from bot.domain.hubs import Place
from bot.domain.rights import Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

CHANGED = "The notice on the hub's page was changed since the plan was made."


@dataclass(frozen=True, kw_only=True)
class NoticeStep(Step, ABC):
    """``before`` is the notice when the plan was made, empty for none."""

    destructive: ClassVar[bool] = True  # the present text goes

    before: str = ""

    @property
    def wanted(self) -> str:
        """The text to be shown afterwards."""
        return ""

    @property
    def identity(self) -> str:
        """The present text and the one to come."""
        return f"{self.before}\n{self.wanted}"

    @property
    def target(self) -> str:
        """The notice."""
        return "notice"

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """None of the hub or the cluster: the announcement service has a token of its own."""
        return ()

    @property
    def measure(self) -> Measure:
        """The service answers after it stored the text."""
        return Measure(within=20.0)

    def drifted(self, site: Site) -> str | None:
        """Whether somebody changed the notice meanwhile."""
        return "" if site.reachable_notices.notice() == self.before else CHANGED

    def already_done(self, site: Site) -> bool | None:
        """Whether the text is shown."""
        return site.reachable_notices.notice() == self.wanted

    def look(self, site: Site, read: Read) -> Look:
        """Whether the text is shown."""
        return Look(holds=site.reachable_notices.notice() == self.wanted)
