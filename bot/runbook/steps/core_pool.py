"""What holding and releasing a core pool have in common: the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from bot.domain.cluster import SAFE_TO_EVICT, SCALE_DOWN_DISABLED
from bot.domain.hubs import Place
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Measure, Step

IS_HELD = {SAFE_TO_EVICT: "false", SCALE_DOWN_DISABLED: "true"}
"""The values of the annotations of a pod and of a node that hold it."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A pod or a node, by its uid. ``before`` is its annotation when the plan was made, empty for none."""

    name: str
    uid: str
    before: str = ""


@dataclass(frozen=True, kw_only=True)
class NewBudget:
    """A PodDisruptionBudget to create, for the pods with these labels."""

    name: str
    selector: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class CorePoolStep(Step):
    """The pods and nodes that lacked their annotation when the plan was made, and the budgets to create."""

    pods: tuple[Held, ...] = ()
    nodes: tuple[Held, ...] = ()
    budgets: tuple[NewBudget, ...] = ()

    @property
    def identity(self) -> str:
        """All objects."""
        held = (*self.pods, *self.nodes)
        return ",".join((*(each.uid for each in held), *(each.name for each in self.budgets)))

    @property
    def target(self) -> str:
        """The names of all objects."""
        return ", ".join(
            (
                *(f"pod {each.name}" for each in self.pods),
                *(f"node {each.name}" for each in self.nodes),
                *(f"PodDisruptionBudget {each.name}" for each in self.budgets),
            )
        )

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """Annotating pods and nodes, and creating and deleting budgets."""
        budgets = {"group": "policy", "resource": "poddisruptionbudgets"}
        return (
            Permission(verb="get", resource="pods"),
            Permission(verb="patch", resource="pods"),
            Permission(verb="get", resource="nodes"),
            Permission(verb="patch", resource="nodes"),
            Permission(verb="create", **budgets),
            Permission(verb="delete", **budgets),
        )

    @property
    def measure(self) -> Measure:
        """The API server has it at once."""
        return Measure(within=10.0)

    @property
    def count(self) -> int:
        """How many objects there are."""
        return len(self.pods) + len(self.nodes) + len(self.budgets)

    def held(self, site: Site) -> Self:
        """Return the same step for those of its objects that are held now.

        Raises:
            UserError, RetryLater: one could not be read.
        """
        cluster, namespace = site.reachable_cluster, site.place.namespace
        pods = [
            each
            for each in self.pods
            if (pod := cluster.pod(namespace, each.name)) is not None
            and (pod.uid, pod.safe_to_evict) == (each.uid, IS_HELD[SAFE_TO_EVICT])
        ]
        nodes = [
            each
            for each in self.nodes
            if (node := cluster.node(each.name)) is not None
            and node.uid == each.uid
            and node.annotations.get(SCALE_DOWN_DISABLED) == IS_HELD[SCALE_DOWN_DISABLED]
        ]
        there = cluster.budgets(namespace) if self.budgets else ()
        # Another budget of the same name is somebody else's.
        own = {(each.name, tuple(sorted(each.selector.items()))) for each in there}
        budgets = [
            each
            for each in self.budgets
            if (each.name, tuple(sorted(each.selector.items()))) in own
        ]
        return replace(self, pods=tuple(pods), nodes=tuple(nodes), budgets=tuple(budgets))
