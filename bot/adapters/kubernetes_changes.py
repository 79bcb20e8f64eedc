"""What mayday changes of nodes, workloads, volumes and budgets.

Each verb reads its object first and carries a precondition in its patch, so that it changes nothing that
became another object or was changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubernetes import client

from bot.adapters.kubernetes_api import KubernetesApi
from bot.adapters.kubernetes_errors import CONFLICT, GONE
from bot.errors import UserError

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
INVALID = "422"
ROLLED_BACK_AT = "mayday~1rolled-back-at"
"""The annotation ``mayday/rolled-back-at`` as the path of a JSON patch has it."""

NOT_THERE = "{what} isn't in cluster {cluster} any more, or was replaced. Make a new plan."
IS_CORDONED = "Node {node} is cordoned already, by somebody else."
CHANGED = "{what} has changed since the plan was made. Make a new plan."

Annotations = Mapping[str, str | None]


class Changes(KubernetesApi):
    """The verbs that change something else than pods. Each sends its change once."""

    def set_cordon(self, node: str, uid: str, *, cordoned: bool, annotations: Annotations) -> None:
        """Cordon or uncordon the node with this uid and write the annotations; None removes one.

        Raises:
            UserError: the node was replaced, somebody else cordoned it, or it changed at the same moment.
        """
        what = f"node {node}"
        found = self._current(what, "", uid, lambda api: client.CoreV1Api(api).read_node, node)
        if cordoned and found.spec.unschedulable:
            now = found.metadata.annotations or {}
            if all(now.get(key) == value for key, value in annotations.items()):
                return
            raise UserError(IS_CORDONED.format(node=node), code=CONFLICT)
        self._patch(
            what,
            "",
            lambda api: client.CoreV1Api(api).patch_node,
            (node,),
            _changed(found, annotations, spec={"unschedulable": cordoned or None}),
        )

    def scale(
        self, namespace: str, stateful_set: str, uid: str, replicas: int, annotations: Annotations
    ) -> None:
        """Set the replicas of the StatefulSet with this uid and write the annotations.

        Raises:
            UserError: it was replaced, or changed at the same moment.
        """
        what = f"statefulset {stateful_set}"
        found = self._current(
            what,
            namespace,
            uid,
            lambda api: client.AppsV1Api(api).read_namespaced_stateful_set,
            stateful_set,
            namespace,
        )
        self._patch(
            what,
            namespace,
            lambda api: client.AppsV1Api(api).patch_namespaced_stateful_set,
            (stateful_set, namespace),
            _changed(found, annotations, spec={"replicas": replicas}),
        )

    def grow_claim(self, namespace: str, name: str, uid: str, size: int) -> None:
        """Request ``size`` bytes for the claim with this uid.

        Raises:
            UserError: it was replaced, changed at the same moment, or its class doesn't allow it.
        """
        what = f"persistentvolumeclaim {name}"
        found = self._current(
            what,
            namespace,
            uid,
            lambda api: client.CoreV1Api(api).read_namespaced_persistent_volume_claim,
            name,
            namespace,
        )
        self._patch(
            what,
            namespace,
            lambda api: client.CoreV1Api(api).patch_namespaced_persistent_volume_claim,
            (name, namespace),
            _changed(found, {}, spec={"resources": {"requests": {"storage": str(size)}}}),
        )

    def roll_back(
        self,
        namespace: str,
        deployment: str,
        template: Mapping[str, object],
        *,
        generation: int,
        at: str,
    ) -> None:
        """Replace the pod template of a Deployment that still has this generation.

        Raises:
            UserError: it has changed; nothing happened.
        """
        body = [
            {"op": "test", "path": "/metadata/generation", "value": generation},
            {"op": "replace", "path": "/spec/template", "value": dict(template)},
            {"op": "add", "path": f"/metadata/annotations/{ROLLED_BACK_AT}", "value": at},
        ]
        what = f"deployment {deployment}"
        try:
            self._patch(
                what,
                namespace,
                lambda api: client.AppsV1Api(api).patch_namespaced_deployment,
                (deployment, namespace),
                body,
                JSON_PATCH,
            )
        except UserError as error:
            if error.code != INVALID:
                raise
            raise UserError(CHANGED.format(what=_capital(what)), code=CONFLICT) from error

    def annotate(
        self, namespace: str, kind: str, name: str, uid: str, annotations: Annotations
    ) -> None:
        """Write the annotations of a Pod or a Node; None removes one. Do nothing if it was replaced."""
        names = (name, namespace) if namespace else (name,)
        verbs = {"Pod": "patch_namespaced_pod", "Node": "patch_node"}
        body = {"metadata": {"uid": uid, "annotations": dict(annotations)}}
        try:
            self._patch(
                f"{kind.lower()} {name}",
                namespace,
                lambda api: getattr(client.CoreV1Api(api), verbs[kind]),
                names,
                body,
            )
        except UserError as error:
            # Another uid is an invalid change of an immutable field, or a conflict.
            if error.code not in (GONE, CONFLICT, INVALID):
                raise

    def create_budget(self, namespace: str, name: str, selector: Mapping[str, str]) -> None:
        """Create a PodDisruptionBudget that keeps one pod with these labels; do nothing if it exists."""
        body: Any = {
            "metadata": {"name": name},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": dict(selector)}},
        }

        def create(api: client.ApiClient) -> None:
            client.PolicyV1Api(api).create_namespaced_pod_disruption_budget(
                namespace, body, _request_timeout=self._timeout
            )

        try:
            self._ask(f"create poddisruptionbudget {name}", namespace, create, writes=True)
        except UserError as error:
            if error.code != CONFLICT:
                raise

    def delete_budget(self, namespace: str, name: str) -> None:
        """Delete a PodDisruptionBudget; do nothing if it doesn't exist."""

        def delete(api: client.ApiClient) -> None:
            client.PolicyV1Api(api).delete_namespaced_pod_disruption_budget(
                name, namespace, _request_timeout=self._timeout
            )

        try:
            self._ask(f"delete poddisruptionbudget {name}", namespace, delete, writes=True)
        except UserError as error:
            if error.code != GONE:
                raise

    def _current(
        self,
        what: str,
        namespace: str,
        uid: str,
        reader: Callable[[client.ApiClient], Callable[..., Any]],
        *names: str,
    ) -> Any:
        """Return the object with this uid.

        Raises:
            UserError: there is none, or it has another uid.
        """
        missing = NOT_THERE.format(what=_capital(what), cluster=self._name)

        def read(api: client.ApiClient) -> Any:
            found = reader(api)(*names, _request_timeout=self._timeout)
            if found.metadata is None or found.spec is None:
                raise ValueError("an object without metadata or spec")
            return found

        found = self._ask(f"get {what}", namespace, read, missing=missing)
        if found.metadata.uid != uid:
            raise UserError(missing, code=GONE)
        return found

    def _patch(
        self,
        what: str,
        namespace: str,
        patcher: Callable[[client.ApiClient], Callable[..., Any]],
        names: tuple[str, ...],
        body: object,
        content_type: str = MERGE,
    ) -> None:
        def patch(api: client.ApiClient) -> None:
            patcher(api)(*names, body, _content_type=content_type, _request_timeout=self._timeout)

        missing = NOT_THERE.format(what=_capital(what), cluster=self._name)
        self._ask(f"patch {what}", namespace, patch, writes=True, missing=missing)


def _changed(found: Any, annotations: Annotations, *, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch that the API server refuses if the object has changed since it was read."""
    meta: dict[str, Any] = {"resourceVersion": found.metadata.resource_version}
    if annotations:
        meta["annotations"] = dict(annotations)
    return {"metadata": meta, "spec": dict(spec)}


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
