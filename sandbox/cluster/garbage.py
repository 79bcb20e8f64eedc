"""The garbage collector: what an owner leaves behind goes too, as its propagation policy says."""

from __future__ import annotations

import contextlib

from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import ALL, EVENTS, Resource
from sandbox.cluster.storage import Obj, Storage
from sandbox.cluster.verbs import FOREGROUND, ORPHAN, Verbs


class GarbageCollector:
    """Deletes dependents whose owners are gone, or going in the foreground."""

    def __init__(self, storage: Storage, verbs: Verbs) -> None:
        self._storage = storage
        self._verbs = verbs

    def reconcile(self) -> None:
        """Look at every object once."""
        found = [(r, obj) for r in ALL if r != EVENTS for obj in self._storage.objects(r)]
        by_uid = {obj["metadata"]["uid"]: obj for _, obj in found}
        for resource, obj in found:
            with contextlib.suppress(StatusError):
                self._collect(resource, obj, by_uid)
        for resource, obj in found:
            if "deletionTimestamp" in obj["metadata"]:
                with contextlib.suppress(StatusError):
                    self._finish(resource, obj, found)

    def _collect(self, resource: Resource, obj: Obj, by_uid: dict[str, Obj]) -> None:
        meta = obj["metadata"]
        owners = meta.get("ownerReferences") or []
        if not owners or "deletionTimestamp" in meta:
            return
        present = [by_uid[o["uid"]]["metadata"] for o in owners if o["uid"] in by_uid]
        if any(ORPHAN in (owner.get("finalizers") or []) for owner in present):
            return
        going = all(
            "deletionTimestamp" in o and FOREGROUND in (o.get("finalizers") or []) for o in present
        )
        if going:
            options: Obj = {"preconditions": {"uid": meta["uid"]}}
            if present:
                options["propagationPolicy"] = "Foreground"
            self._verbs.delete(resource, meta.get("namespace", ""), meta["name"], options)

    def _finish(self, resource: Resource, obj: Obj, found: list[tuple[Resource, Obj]]) -> None:
        """Take our finalizer off once the dependents are gone (foreground) or let go (orphan)."""
        meta = obj["metadata"]
        finalizers = meta.get("finalizers") or []
        dependents = [
            (r, d)
            for r, d in found
            if any(o["uid"] == meta["uid"] for o in d["metadata"].get("ownerReferences") or [])
        ]
        if ORPHAN in finalizers:
            for kind, dependent in dependents:
                references = dependent["metadata"]["ownerReferences"]
                others = [o for o in references if o["uid"] != meta["uid"]]
                dependent["metadata"]["ownerReferences"] = others
                self._storage.update(kind, dependent)
            done = ORPHAN
        elif FOREGROUND in finalizers and not dependents:
            done = FOREGROUND
        else:
            return
        left = [f for f in finalizers if f != done]
        patch = [{"op": "replace", "path": "/metadata/finalizers", "value": left}]
        namespace = meta.get("namespace", "")
        content_type = "application/json-patch+json"
        self._verbs.patch(resource, namespace, meta["name"], content_type, patch)
