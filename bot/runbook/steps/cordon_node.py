"""Keep new pods away from a node until a person uncordons it. What runs there keeps running."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.cluster import (
    CORDONED_AT,
    CORDONED_BY,
    CORDONED_UNTIL,
    CORDONED_WHY,
)
from bot.runbook.site import Site
from bot.runbook.steps.node_step import GONE, NodeStep
from bot.runbook.steps.step import Look, Read, Step
from bot.runbook.steps.uncordon_node import UncordonNode

CORDONED = "Node {node} was cordoned meanwhile."


@dataclass(frozen=True, kw_only=True)
class CordonNode(NodeStep):
    """``by`` is who asks for it, a Slack user id or empty; ``why`` is their reason."""

    verb: ClassVar[str] = "cordon_node"

    at: datetime
    until: datetime
    by: str = ""
    why: str = ""

    @property
    def identity(self) -> str:
        """The node, not another one of its name."""
        return f"{self.node}:{self.uid}"

    @property
    def details(self) -> Mapping[str, str]:
        """Until when, and why."""
        return {"until": f"{self.until:%Y-%m-%d %H:%M} UTC", "why": self.why}

    @property
    def undo(self) -> Step:
        """Uncordoning it, unless somebody cordoned it again."""
        return UncordonNode(
            cluster=self.cluster, node=self.node, uid=self.uid, at=self.at.isoformat()
        )

    @property
    def undo_at(self) -> datetime:
        """When people are reminded."""
        return self.until

    def drifted(self, site: Site) -> str:
        """Why the node isn't the one that was planned for, or was cordoned meanwhile."""
        node = self.find(site)
        if node is None:
            return GONE.format(node=self.node)
        return CORDONED.format(node=self.node) if node.is_cordoned else ""

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Cordon the node, and write to it who did so, when, until when and why."""
        site.reachable_cluster.set_cordon(
            self.node,
            self.uid,
            cordoned=True,
            annotations={
                CORDONED_BY: self.by,
                CORDONED_AT: self.at.isoformat(),
                CORDONED_UNTIL: self.until.isoformat(),
                CORDONED_WHY: self.why,
            },
        )
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the node has the cordon of this step."""
        node = self.find(site)
        return (
            node is not None
            and node.is_cordoned
            and node.annotations.get(CORDONED_AT) == self.at.isoformat()
        )

    def look(self, site: Site, read: Read) -> Look:
        """Whether the node has the cordon of this step."""
        return Look(holds=self.already_done(site))
