"""Writes Event objects; increments the count of a repeated one."""

from __future__ import annotations

import hashlib

from sandbox.cluster.resources import EVENTS
from sandbox.cluster.storage import Obj, Storage, now


class Journal:
    """Records events of the double's components."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(
        self, about: Obj, reason: str, message: str, *, component: str, warning: bool = False
    ) -> None:
        """Record an event about an object; a node's goes to the namespace `default`."""
        meta = about["metadata"]
        namespace = meta.get("namespace") or "default"
        key = f"{meta['uid']}/{reason}/{message}/{component}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        name = f"{meta['name']}.{digest}"
        time = now()

        def again(event: Obj) -> None:
            event["count"] += 1
            event["lastTimestamp"] = time

        with self._storage.transaction():
            if self._storage.mutate(EVENTS, namespace, name, again) is not None:
                return
            kind = about["kind"]
            involved = {"kind": kind, "name": meta["name"], "uid": meta["uid"]}
            if meta.get("namespace"):
                involved["namespace"] = meta["namespace"]
            self._storage.create(
                EVENTS,
                {
                    "kind": "Event",
                    "apiVersion": "v1",
                    "metadata": {"name": name, "namespace": namespace},
                    "involvedObject": involved | {"apiVersion": about["apiVersion"]},
                    "reason": reason,
                    "message": message,
                    "source": {"component": component},
                    "firstTimestamp": time,
                    "lastTimestamp": time,
                    "eventTime": None,
                    "count": 1,
                    "type": "Warning" if warning else "Normal",
                    "reportingComponent": component,
                    "reportingInstance": "",
                },
            )
