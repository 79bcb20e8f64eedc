"""What the API server does with an object: create, replace, patch, delete, scale, evict."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.cluster import errors, validation
from sandbox.cluster.patches import apply_patch
from sandbox.cluster.resources import NAMESPACES, PODS, Resource
from sandbox.cluster.status import is_going, set_condition
from sandbox.cluster.storage import Obj, Storage

# The letters of generated names, as Kubernetes' `rand.String` has them: no vowels, no 0, 1, 3.
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


def random_suffix() -> str:
    """Five letters for a generated name."""
    return "".join(random.choices(_LETTERS, k=5))  # noqa: S311 - a name, not a secret


class Verbs:
    """The writing half of the API.

    `budget` says whether a pod may be evicted now; a test replaces it to act as a
    PodDisruptionBudget.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.budget: Callable[[Obj], bool] = lambda _pod: True

    def create(self, resource: Resource, namespace: str, body: Any) -> Obj:
        """Create an object. Raises StatusError 400, 404 (no such namespace), 409 or 422."""
        validation.check_type(resource, body)
        obj: Obj = copy.deepcopy(body)
        meta = obj.setdefault("metadata", {})
        obj |= {"kind": resource.kind, "apiVersion": resource.api_version}
        if meta.get("resourceVersion"):
            raise errors.bad_request("resourceVersion should not be set on objects to be created")
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + random_suffix()
        if resource.namespaced:
            if meta.setdefault("namespace", namespace) != namespace:
                raise errors.bad_request(
                    "the namespace of the provided object does not match the namespace sent on "
                    "the request"
                )
            self._storage.get(NAMESPACES, "", namespace)
        else:
            meta.pop("namespace", None)
        for field in ("uid", "creationTimestamp", "deletionTimestamp", "generation"):
            meta.pop(field, None)
        validation.check_metadata(resource, obj)
        validation.fill_defaults(resource, obj)
        validation.check_spec(resource, obj)
        return self._storage.create(resource, obj)

    def replace(
        self, resource: Resource, namespace: str, name: str, body: Any, *, status: bool = False
    ) -> Obj:
        """Replace an object (or only its status). Raises StatusError 400, 404, 409 or 422."""
        validation.check_type(resource, body)
        if (body.get("metadata") or {}).get("name", name) != name:
            raise errors.bad_request(
                f"the name of the object ({body['metadata']['name']}) does not match the name on "
                f"the URL ({name})"
            )
        with self._storage.transaction():
            old = self._storage.get(resource, namespace, name)
            return self._store(resource, old, body, status=status)

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
                    f"the name of the object ({meta.get('name')}) does not match the name on the "
                    f"URL ({name})"
                )
            if meta.get("uid") not in (None, "", old["metadata"]["uid"]):
                why = f'Invalid value: "{meta["uid"]}": field is immutable'
                raise errors.invalid(resource.group, resource.kind, name, "metadata.uid", why)
            return self._store(resource, old, new, status=status)

    def _store(self, resource: Resource, old: Obj, new: Obj, *, status: bool) -> Obj:
        meta = new.get("metadata") or {}
        if status:
            stored = copy.deepcopy(old)
            stored["status"] = copy.deepcopy(new.get("status") or {})
            # A version or uid that the caller names still has to be the stored one.
            for field in ("uid", "resourceVersion"):
                if meta.get(field):
                    stored["metadata"][field] = meta[field]
            return self._storage.update(resource, stored)
        stored = copy.deepcopy(new)
        stored |= {"kind": resource.kind, "apiVersion": resource.api_version}
        stored["metadata"] = copy.deepcopy(meta) | {"name": old["metadata"]["name"]}
        for field in ("namespace", "deletionTimestamp", "deletionGracePeriodSeconds"):
            stored["metadata"].pop(field, None)
            if field in old["metadata"]:
                stored["metadata"][field] = old["metadata"][field]
        if resource.status:
            stored["status"] = copy.deepcopy(old.get("status") or {})
        validation.check_metadata(resource, stored)
        validation.check_finalizers(resource, old, stored)
        if "spec" in old:
            stored.setdefault("spec", {})
            validation.check_update(resource, old, stored)
            validation.check_spec(resource, stored)
        updated = self._storage.update(resource, stored)
        meta = updated["metadata"]
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            done = meta.get("deletionGracePeriodSeconds", 0) == 0 or resource != PODS
            if done:
                namespace = meta.get("namespace", "")
                return self._storage.remove(resource, namespace, meta["name"], uid=meta["uid"])
        return updated

    def delete(self, resource: Resource, namespace: str, name: str, options: Obj) -> Obj:
        """Delete an object, a pod after its grace period. Returns the object as it now is.

        `options` is a `DeleteOptions`. Raises StatusError 404, or 409 if a precondition fails.
        """
        with self._storage.transaction():
            obj = self._storage.get(resource, namespace, name)
            meta = obj["metadata"]
            _check_preconditions(resource, obj, options.get("preconditions") or {})
            policy = options.get("propagationPolicy")
            if policy in ("Foreground", "Orphan"):
                finalizer = FOREGROUND if policy == "Foreground" else ORPHAN
                if finalizer not in (meta.get("finalizers") or []):
                    meta["finalizers"] = [*(meta.get("finalizers") or []), finalizer]
            grace = _grace(obj, options) if resource == PODS else 0
            if grace == 0 and not meta.get("finalizers"):
                return self._storage.remove(resource, namespace, name, uid=meta["uid"])
            if "deletionTimestamp" in meta and grace >= meta["deletionGracePeriodSeconds"]:
                return obj
            ends = datetime.now(UTC) + timedelta(seconds=grace)
            meta["deletionTimestamp"] = ends.strftime("%Y-%m-%dT%H:%M:%SZ")
            meta["deletionGracePeriodSeconds"] = grace
            return self._storage.update(resource, obj)

    def bind(self, namespace: str, name: str, node: str) -> None:
        """Put a pod on a node. Raises StatusError 404, 409 if it is on one, 422 for no name."""
        if not node:
            raise errors.invalid("", "Binding", name, "target.name", "Required value")

        def bound(obj: Obj) -> None:
            obj["spec"]["nodeName"] = node
            set_condition(obj, "PodScheduled", True, "", "")

        with self._storage.transaction():
            pod = self._storage.get(PODS, namespace, name)
            if pod["spec"].get("nodeName"):
                why = f'pod {name} is already assigned to node "{pod["spec"]["nodeName"]}"'
                raise errors.conflict("", "pods/binding", name, why)
            self._storage.mutate(PODS, namespace, name, bound)

    def evict(self, namespace: str, name: str, body: Obj) -> None:
        """Delete a pod if the disruption budget lets it; one that does not run needs no leave.

        Raises StatusError 400, 404, 409 or 429.
        """
        if (body.get("metadata") or {}).get("name") != name:
            raise errors.bad_request("name in URL does not match name in Eviction object")
        pod = self._storage.get(PODS, namespace, name)
        counts = pod["status"].get("phase") not in ("Succeeded", "Failed", "Pending")
        if counts and not is_going(pod) and not self.budget(pod):
            why = "Cannot evict pod as it would violate the pod's disruption budget."
            raise errors.StatusError(
                429,
                "TooManyRequests",
                why,
                {"causes": [{"reason": "DisruptionBudget", "message": "The budget needs it."}]},
            )
        self.delete(PODS, namespace, name, body.get("deleteOptions") or {})

    def scale(self, resource: Resource, namespace: str, name: str) -> Obj:
        """The `Scale` of an object. Raises StatusError 404."""
        return scale_of(self._storage.get(resource, namespace, name))

    def set_scale(
        self, resource: Resource, namespace: str, name: str, change: Callable[[Obj], Obj]
    ) -> Obj:
        """Store the replicas that `change` makes of the `Scale`. Raises StatusError 404 or 422."""
        with self._storage.transaction():
            obj = self._storage.get(resource, namespace, name)
            wanted = change(scale_of(obj))
            version = (wanted.get("metadata") or {}).get("resourceVersion")
            obj["spec"]["replicas"] = (wanted.get("spec") or {}).get("replicas", 0)
            if version:
                obj["metadata"]["resourceVersion"] = version
            validation.check_spec(resource, obj)
            return scale_of(self._storage.update(resource, obj))


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
    """How many seconds a pod gets; one that runs nowhere, or no more, gets none."""
    if not pod["spec"].get("nodeName") or pod["status"].get("phase") in ("Failed", "Succeeded"):
        return 0
    asked = options.get("gracePeriodSeconds")
    if asked is None:
        asked = pod["spec"]["terminationGracePeriodSeconds"]
    return max(0, int(asked))


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
            # Here the API says the kind where other conflicts say the plural.
            raise errors.conflict(resource.group, resource.kind, meta["name"], why)
