"""What holding and releasing a core pool have in common: the same objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.cluster import SAFE_TO_EVICT, SCALE_DOWN_DISABLED
from bot.domain.hubs import Place
from bot.domain.rights import Permission, Right
from bot.runbook.site import Site
from bot.runbook.steps.step import Measure, Step


@dataclass(frozen=True, kw_only=True)
class Held:
    """A pod or a node, by its uid."""

    name: str
    uid: str


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

    def held(self, site: Site) -> int:
        """Return on how many of the objects the hold is now."""
        cluster, namespace = site.reachable_cluster, site.place.namespace
        count = 0
        for each in self.pods:
            pod = cluster.pod(namespace, each.name)
            count += pod is not None and pod.uid == each.uid and pod.safe_to_evict == "false"
        for each in self.nodes:
            node = cluster.node(each.name)
            held = node is not None and node.annotations.get(SCALE_DOWN_DISABLED) == "true"
            count += node is not None and node.uid == each.uid and held
        there = {each.name for each in cluster.budgets(namespace)} if self.budgets else set()
        return count + sum(each.name in there for each in self.budgets)

    def annotate(self, site: Site, *, is_held: bool) -> None:
        """Write the annotations, or remove them; leave out what is gone."""
        cluster, namespace = site.reachable_cluster, site.place.namespace
        pods: dict[str, str | None] = {SAFE_TO_EVICT: "false" if is_held else None}
        nodes: dict[str, str | None] = {SCALE_DOWN_DISABLED: "true" if is_held else None}
        for each in self.pods:
            cluster.annotate(namespace, "Pod", each.name, each.uid, pods)
        for each in self.nodes:
            cluster.annotate("", "Node", each.name, each.uid, nodes)
