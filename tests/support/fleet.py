"""The nodes and workloads of a scripted cluster, whose changes take effect as the API server's do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.domain.cluster import SAFE_TO_EVICT, Budget, ClusterFacts, Node, Workload
from bot.domain.evidence import View
from bot.domain.hubs import Pod
from bot.errors import UserError
from tests.support.hubs import NOW

CORE = Node(
    name="core-1",
    uid="uid-core-1",
    ready=True,
    labels={"hub.jupyter.org/node-purpose": "core"},
    created_at=NOW,
)
USER_1 = Node(
    name="user-1",
    uid="uid-user-1",
    ready=True,
    labels={"hub.jupyter.org/node-purpose": "user"},
    created_at=NOW,
)
USER_2 = replace(USER_1, name="user-2", uid="uid-user-2")
PLACEHOLDER = Workload(
    kind="StatefulSet", name="user-placeholder", uid="uid-placeholder", replicas=0, ready=0
)
GONE = "It isn't there any more."


def annotated(before: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Annotations after a merge patch."""
    merged = {**before, **changes}
    return {key: value for key, value in merged.items() if value is not None}


class Fleet:
    """Changes of a scripted cluster's nodes and workloads, which fail as the subclass says."""

    around: ClusterFacts
    parts: list[Pod]

    def _act(self, name: str, effect: Callable[[], None]) -> None:
        raise NotImplementedError

    def set_cordon(
        self, node: str, uid: str, *, cordoned: bool, annotations: Mapping[str, str | None]
    ) -> None:
        def change(found: Node) -> Node:
            noted = annotated(found.annotations, annotations)
            return replace(found, is_cordoned=cordoned, annotations=noted)

        self._act("cordon", lambda: self._change("nodes", uid, change))

    def scale(
        self,
        namespace: str,
        stateful_set: str,
        uid: str,
        replicas: int,
        annotations: Mapping[str, str | None],
    ) -> None:
        def change(found: Workload) -> Workload:
            noted = annotated(found.annotations, annotations)
            return replace(found, replicas=replicas, annotations=noted)

        self._act("scale", lambda: self._change("workloads", uid, change))

    def annotate(
        self, namespace: str, kind: str, name: str, uid: str, annotations: Mapping[str, str | None]
    ) -> None:
        def node(found: Node) -> Node:
            return replace(found, annotations=annotated(found.annotations, annotations))

        def change() -> None:
            if kind == "Node":
                self._change("nodes", uid, node)
            value = annotations.get(SAFE_TO_EVICT) or ""
            self.parts = [
                replace(pod, safe_to_evict=value) if pod.uid == uid else pod for pod in self.parts
            ]

        self._act(f"annotate {kind}", change)

    def create_budget(self, namespace: str, name: str, selector: Mapping[str, str]) -> None:
        there = self.around.budgets.items
        made = Budget(name=name, allowed=0, healthy=1, desired=1, expected=1, selector=selector)
        new = () if any(each.name == name for each in there) else (made,)
        self._act("create budget", lambda: self._set("budgets", (*there, *new)))

    def delete_budget(self, namespace: str, name: str) -> None:
        left = tuple(each for each in self.around.budgets.items if each.name != name)
        self._act("delete budget", lambda: self._set("budgets", left))

    def _set(self, view: str, items: tuple[Any, ...]) -> None:
        self.around = replace(self.around, **{view: View(items=items)})

    def _change(self, view: str, uid: str, change: Callable[[Any], Any]) -> None:
        items = getattr(self.around, view).items
        if not any(each.uid == uid for each in items):
            raise UserError(GONE, code="404")
        self._set(view, tuple(change(each) if each.uid == uid else each for each in items))
