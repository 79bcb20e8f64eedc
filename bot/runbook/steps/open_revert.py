"""Open the pull request that reverts a merge, so that the next deploy doesn't bring it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.hubs import Place
from bot.domain.rights import Right
from bot.domain.signs import Merge
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step


@dataclass(frozen=True, kw_only=True)
class OpenRevert(Step):
    """``number`` is the pull request that was merged as ``commit``."""

    verb: ClassVar[str] = "open_revert"
    destructive: ClassVar[bool] = False

    repository: str
    number: int
    title: str
    url: str
    merged_at: datetime
    commit: str

    @classmethod
    def of(cls, merge: Merge) -> OpenRevert:
        """The revert of this merge."""
        return cls(
            repository=merge.repository,
            number=merge.number,
            title=merge.title,
            url=merge.url,
            merged_at=merge.merged_at,
            commit=merge.commit,
        )

    @property
    def identity(self) -> str:
        """The merge."""
        return f"{self.repository}#{self.number}:{self.commit}"

    @property
    def target(self) -> str:
        """The pull request that was merged."""
        return f"{self.repository}#{self.number}"

    @property
    def details(self) -> Mapping[str, str]:
        """Its title and commit."""
        return {"title": self.title, "commit": self.commit}

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """Nothing of the hub or the cluster. GitHub says what the token may do."""
        return ()

    @property
    def measure(self) -> Measure:
        """GitHub's answer itself is the proof."""
        return Measure(within=0.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Open the pull request, or find the one that mayday opened before."""
        merge = Merge(
            repository=self.repository,
            number=self.number,
            title=self.title,
            url=self.url,
            merged_at=self.merged_at,
            commit=self.commit,
        )
        return {"pull_request": site.reachable_deploys.open_revert(merge)}

    def already_done(self, site: Site) -> bool | None:
        """Unknown: to look for it is to open it, which does nothing the second time."""
        return None

    def look(self, site: Site, read: Read) -> Look:
        """GitHub gave its address, or this is not asked. A look never opens one again."""
        return Look(holds=True)
