"""What the steps about one node have in common: which node, its lock and the rights to change it."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from bot.domain.cluster import Node
from bot.domain.hubs import Place
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Measure, Step

GONE = "Node {node} was removed or replaced."


@dataclass(frozen=True, kw_only=True)
class NodeStep(Step, ABC):
    """``uid`` is the node's: another one of its name is another target."""

    destructive: ClassVar[bool] = False

    cluster: str
    node: str
    uid: str

    @property
    def target(self) -> str:
        """The node."""
        return self.node

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """Reading and changing nodes. Nodes come and go, so RBAC can't name them."""
        return (
            Permission(verb="get", resource="nodes"),
            Permission(verb="patch", resource="nodes"),
        )

    @property
    def lock(self) -> str:
        """The node."""
        return f"node/{self.cluster}/{self.node}"

    @property
    def measure(self) -> Measure:
        """The API server has it at once."""
        return Measure(within=10.0)

    def find(self, site: Site) -> Node | None:
        """The node, as long as it exists.

        Raises:
            UserError, RetryLater: it could not be read.
        """
        node = site.reachable_cluster.node(self.node)
        return node if node is not None and node.uid == self.uid else None
