"""The nodes and workloads of a scripted cluster, whose changes take effect as the API server's do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.domain.cluster import ClusterFacts, Node, Workload
from bot.domain.evidence import View
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

    def _change(self, view: str, uid: str, change: Callable[[Any], Any]) -> None:
        items = getattr(self.around, view).items
        if not any(each.uid == uid for each in items):
            raise UserError(GONE, code="404")
        changed = tuple(change(each) if each.uid == uid else each for each in items)
        self.around = replace(self.around, **{view: View(items=changed)})
