"""What mayday changes of nodes, workloads, volumes and budgets.

Each verb carries a precondition in its patch, so that it changes nothing that became another object or was
changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException

from bot.adapters.kubernetes_api import PODS, KubernetesApi, Resource
from bot.adapters.kubernetes_errors import CONFLICT, GONE
from bot.adapters.kubernetes_json import Json, part, texts
from bot.adapters.kubernetes_reads import BUDGETS, CLAIMS, DEPLOYMENTS, NODES, STATEFUL_SETS
from bot.domain.rights import Permission
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
        found = self._current(NODES, "", node, uid)
        if cordoned and part(found, "spec").get("unschedulable"):
            now = texts(found["metadata"], "annotations")
            if all(now.get(key) == value for key, value in annotations.items()):
                return
            raise UserError(IS_CORDONED.format(node=node), code=CONFLICT)
        body = _changed(found, annotations, spec={"unschedulable": cordoned or None})
        self._patch(NODES, "", node, body)

    def scale(
        self, namespace: str, stateful_set: str, uid: str, replicas: int, annotations: Annotations
    ) -> None:
        """Set the replicas of the StatefulSet with this uid and write the annotations.

        Raises:
            UserError: it was replaced, or changed at the same moment.
        """
        found = self._current(STATEFUL_SETS, namespace, stateful_set, uid)
        body = _changed(found, annotations, spec={"replicas": replicas})
        self._patch(STATEFUL_SETS, namespace, stateful_set, body)

    def grow_claim(self, namespace: str, name: str, uid: str, size: int) -> None:
        """Request ``size`` bytes for the claim with this uid.

        Raises:
            UserError: it was replaced, changed at the same moment, or its class doesn't allow it.
        """
        found = self._current(CLAIMS, namespace, name, uid)
        spec = {"resources": {"requests": {"storage": str(size)}}}
        self._patch(CLAIMS, namespace, name, _changed(found, {}, spec=spec))

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
        try:
            self._patch(DEPLOYMENTS, namespace, deployment, body, JSON_PATCH)
        except UserError as error:
            if error.code != INVALID:
                raise
            text = CHANGED.format(what=f"Deployment {deployment}")
            raise UserError(text, code=CONFLICT) from error

    def annotate(
        self, namespace: str, kind: str, name: str, uid: str, annotations: Annotations
    ) -> None:
        """Write the annotations of a Pod or a Node; None removes one. Do nothing if it was replaced."""
        resource = {"Pod": PODS, "Node": NODES}[kind]
        body = {"metadata": {"uid": uid, "annotations": dict(annotations)}}
        try:
            self._patch(resource, namespace, name, body)
        except UserError as error:
            # Another uid is an invalid change of an immutable field, or a conflict.
            if error.code not in (GONE, CONFLICT, INVALID):
                raise

    def create_budget(self, namespace: str, name: str, selector: Mapping[str, str]) -> None:
        """Create a PodDisruptionBudget that keeps one pod with these labels; do nothing if it exists."""
        body = {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": name},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": dict(selector)}},
        }
        try:
            self._write("create", BUDGETS, namespace, name, body)
        except UserError as error:
            if error.code != CONFLICT:
                raise

    def delete_budget(self, namespace: str, name: str) -> None:
        """Delete a PodDisruptionBudget; do nothing if it doesn't exist."""
        try:
            self._write("delete", BUDGETS, namespace, name)
        except UserError as error:
            if error.code != GONE:
                raise

    def _current(self, resource: Resource, namespace: str, name: str, uid: str) -> Json:
        """Return the object with this uid.

        Raises:
            UserError: there is none, or it has another uid.
        """
        missing = self._missing(resource, name)
        found = self._get(resource, namespace, name, dict, missing=missing)
        if found["metadata"]["uid"] != uid:
            raise UserError(missing, code=GONE)
        return found

    def _patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: object,
        content_type: str = MERGE,
    ) -> None:
        self._write("patch", resource, namespace, name, body, content_type)

    def _write(
        self,
        verb: str,
        resource: Resource,
        namespace: str,
        name: str,
        body: object = None,
        content_type: str = "application/json",
    ) -> None:
        """Send a change. Its answer is not read, as the client's models refuse objects of other versions."""
        method = {"create": "POST", "patch": "PATCH", "delete": "DELETE"}[verb]
        path = resource.path(namespace, *(() if verb == "create" else (name,)))

        def send(api: client.ApiClient) -> None:
            asked = api.param_serialize(
                method,
                path,
                header_params={"Accept": "application/json", "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = api.call_api(*asked, _request_timeout=self._timeout)
            text = answer.read().decode("utf-8", "replace")
            if not 200 <= answer.status < 300:
                raise ApiException(http_resp=answer, body=text)

        self._ask(
            f"{verb} {_kind(resource)} {name}",
            namespace,
            send,
            writes=True,
            missing=self._missing(resource, name),
            needs=Permission(verb=verb, resource=resource.name, group=resource.group),
        )

    def _missing(self, resource: Resource, name: str) -> str:
        what = f"{_kind(resource).capitalize()} {name}"
        return NOT_THERE.format(what=what, cluster=self._name)


def _kind(resource: Resource) -> str:
    return resource.name.removesuffix("s")


def _changed(found: Json, annotations: Annotations, *, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch that the API server refuses if the object has changed since it was read."""
    meta: dict[str, Any] = {"resourceVersion": found["metadata"]["resourceVersion"]}
    if annotations:
        meta["annotations"] = dict(annotations)
    return {"metadata": meta, "spec": dict(spec)}
