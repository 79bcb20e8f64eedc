"""The API server's operations: create, patch, delete, scale, evict."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.cluster import errors
from sandbox.cluster.defaults import fill_defaults
from sandbox.cluster.patches import apply_patch
from sandbox.cluster.resources import NAMESPACES, PODS, Resource
from sandbox.cluster.status import is_going, is_over, set_condition
from sandbox.cluster.storage import Obj, Storage

# The letters of generated names, as in Kubernetes' `rand.String`: no vowels, no 0, 1, 3.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_CAUSES = [{"reason": "DisruptionBudget", "message": "The disruption budget needs it."}]


class Verbs:
    """The API's write operations.

    `budget` says whether a pod may be evicted now; a test replaces it to act as a
    PodDisruptionBudget.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.budget: Callable[[Obj], bool] = lambda _pod: True

    def create(self, resource: Resource, namespace: str, body: Any) -> Obj:
        """Create an object. Raises StatusError 400, 404 (no such namespace), 409 or 422."""
        if not isinstance(body, dict) or body.get("kind") not in (None, "", resource.kind):
            raise errors.bad_request(f"the object provided is not a {resource.kind}")
        obj: Obj = copy.deepcopy(body)
        meta = obj.setdefault("metadata", {})
        obj |= {"kind": resource.kind, "apiVersion": resource.api_version}
        if not meta.get("name") and meta.get("generateName"):
            suffix = "".join(random.choices(_LETTERS, k=5))  # noqa: S311 - a name, not a secret
            meta["name"] = meta["generateName"] + suffix
        if not meta.get("name"):
            why = "Required value: name or generateName is required"
            raise errors.invalid(resource, "", "metadata.name", why)
        meta.pop("namespace", None)
        if resource.namespaced:
            meta["namespace"] = namespace
            self._storage.get(NAMESPACES, "", namespace)
        fill_defaults(resource, obj)
        return self._storage.create(resource, obj)

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        content_type: str,
        patch: Any,
        *,
        status: bool = False,
    ) -> Obj:
        """Patch an object (or only its status). Raises StatusError 400, 404, 409, 415 or 422."""
        with self._storage.transaction():
            old = self._storage.get(resource, namespace, name)
            new = apply_patch(content_type, old, patch)
            meta = new.get("metadata") or {}
            if meta.get("name") != name:
                raise errors.bad_request(
                    "the name of the object does not match the name on the URL"
                )
            if meta.get("uid") != old["metadata"]["uid"]:
                why = f'Invalid value: "{meta.get("uid")}": field is immutable'
                raise errors.invalid(resource, name, "metadata.uid", why)
            if status:
                meta = old["metadata"] | {"resourceVersion": meta["resourceVersion"]}
                new = old | {"metadata": meta, "status": new.get("status") or {}}
            elif resource.status:
                new["status"] = old.get("status") or {}
            kept_fields = ("namespace", "deletionTimestamp", "deletionGracePeriodSeconds")
            kept = {key: old["metadata"][key] for key in kept_fields if key in old["metadata"]}
            new["metadata"] = {
                key: value for key, value in new["metadata"].items() if key not in kept_fields
            } | kept
            if resource.workload and new["spec"]["replicas"] < 0:
                why = "Invalid value: must be greater than or equal to 0"
                raise errors.invalid(resource, name, "spec.replicas", why)
            updated = self._storage.update(resource, new)
            meta = updated["metadata"]
            if is_going(updated) and not meta.get("finalizers"):
                done = resource != PODS or meta["deletionGracePeriodSeconds"] == 0
                if done:
                    return self._storage.remove(resource, namespace, name, uid=meta["uid"])
            return updated

    def delete(self, resource: Resource, namespace: str, name: str, options: Obj) -> Obj:
        """Delete an object, a pod after its grace period. Returns its new state.

        `options` is a `DeleteOptions`. Raises StatusError 404, or 409 if a precondition fails.
        """
        with self._storage.transaction():
            obj = self._storage.get(resource, namespace, name)
            meta = obj["metadata"]
            _check_preconditions(resource, obj, options.get("preconditions") or {})
            grace = _grace(obj, options) if resource == PODS else 0
            if grace == 0 and not meta.get("finalizers"):
                return self._storage.remove(resource, namespace, name, uid=meta["uid"])
            if is_going(obj) and grace >= meta["deletionGracePeriodSeconds"]:
                return obj
            ends = datetime.now(UTC) + timedelta(seconds=grace)
            meta["deletionTimestamp"] = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
            meta["deletionGracePeriodSeconds"] = grace
            return self._storage.update(resource, obj)

    def bind(self, namespace: str, name: str, node: str) -> None:
        """Bind a pod to a node. Raises StatusError 404, or 409 if it is bound."""

        def bound(obj: Obj) -> None:
            obj["spec"]["nodeName"] = node
            set_condition(obj, "PodScheduled", True, "", "")

        with self._storage.transaction():
            pod = self._storage.get(PODS, namespace, name)
            if taken := pod["spec"].get("nodeName"):
                why = f'pod {name} is already assigned to node "{taken}"'
                raise errors.conflict(PODS, name, why, called="pods/binding")
            self._storage.mutate(PODS, namespace, name, bound)

    def evict(self, namespace: str, name: str, body: Obj) -> None:
        """Delete a pod if the disruption budget allows it; applies to running pods.

        Raises StatusError 400, 404, 409 or 429.
        """
        if (body.get("metadata") or {}).get("name") != name:
            raise errors.bad_request("name in URL does not match name in Eviction object")
        pod = self._storage.get(PODS, namespace, name)
        counts = pod["status"].get("phase") == "Running" and not is_going(pod)
        if counts and not self.budget(pod):
            why = "Cannot evict pod as it would violate the pod's disruption budget."
            raise errors.StatusError(429, "TooManyRequests", why, {"causes": _CAUSES})
        self.delete(PODS, namespace, name, body.get("deleteOptions") or {})


def scale_of(obj: Obj) -> Obj:
    """The `autoscaling/v1` view of an object with replicas."""
    meta = obj["metadata"]
    labels = (obj["spec"].get("selector") or {}).get("matchLabels") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: meta[field] for field in kept},
        "spec": {"replicas": obj["spec"]["replicas"]},
        "status": {
            "replicas": obj.get("status", {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def _grace(pod: Obj, options: Obj) -> int:
    """A pod's grace period in seconds; 0 for an unscheduled or ended pod."""
    if not pod["spec"].get("nodeName") or is_over(pod):
        return 0
    asked = options.get("gracePeriodSeconds")
    return int(pod["spec"]["terminationGracePeriodSeconds"] if asked is None else asked)


def _check_preconditions(resource: Resource, obj: Obj, preconditions: Obj) -> None:
    meta = obj["metadata"]
    for field, label, happened in (
        ("uid", "UID", "deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", "modified"),
    ):
        wanted = preconditions.get(field)
        if wanted and wanted != meta[field]:
            why = (
                f"the {label} in the precondition ({wanted}) does not match the {label} in record "
                f"({meta[field]}). The object might have been {happened}"
            )
            # The API names the kind here; other conflicts name the plural.
            raise errors.conflict(resource, meta["name"], why, called=resource.kind)
