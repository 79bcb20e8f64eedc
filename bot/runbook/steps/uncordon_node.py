"""Let new pods start on a node again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.cluster import CORDONED_AT, CORDONED_BY, CORDONED_UNTIL, CORDONED_WHY
from bot.errors import UserError
from bot.runbook.site import Site
from bot.runbook.steps.node_step import GONE, NodeStep
from bot.runbook.steps.step import Look, Read

UNCORDONED = "Node {node} isn't cordoned any more."
ANOTHER = "Node {node} was cordoned again by somebody else."


@dataclass(frozen=True, kw_only=True)
class UncordonNode(NodeStep):
    """``at`` is when mayday cordoned it, as the node's annotation has it; empty if somebody else did."""

    verb: ClassVar[str] = "uncordon_node"

    at: str = ""

    @property
    def identity(self) -> str:
        """The node and its cordon."""
        return f"{self.node}:{self.uid}:{self.at}"

    @property
    def planned_by(self) -> tuple[str, Mapping[str, Any]]:
        """The runbook that people run: only they know whether the node is well again."""
        return "uncordon-node", {"node": self.node}

    def drifted(self, site: Site) -> str:
        """Why the cordon isn't the one that was planned for any more."""
        node = self.find(site)
        if node is None:
            return GONE.format(node=self.node)
        if not node.is_cordoned:
            return UNCORDONED.format(node=self.node)
        same = node.annotations.get(CORDONED_AT, "") == self.at
        return "" if same else ANOTHER.format(node=self.node)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Uncordon the node and remove what mayday wrote to it.

        Raises:
            UserError: the cordon is another one by now.
        """
        if self.already_done(site):
            return {}
        if why := self.drifted(site):
            raise UserError(why, code="409")
        removed = (CORDONED_BY, CORDONED_AT, CORDONED_UNTIL, CORDONED_WHY)
        site.reachable_cluster.set_cordon(
            self.node, self.uid, cordoned=False, annotations=dict.fromkeys(removed)
        )
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether the node is gone, or not cordoned."""
        node = self.find(site)
        return node is None or not node.is_cordoned

    def look(self, site: Site, read: Read) -> Look:
        """Whether new pods can start there."""
        node = self.find(site)
        return Look(holds=node is not None and not node.is_cordoned)
