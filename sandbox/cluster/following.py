"""Lets statuses follow specs where nothing runs here: StatefulSets, and claims that grow."""

from __future__ import annotations

from sandbox.cluster.resources import STATEFUL_SETS, STORAGE_CLASSES, VOLUME_CLAIMS
from sandbox.cluster.status import set_condition
from sandbox.cluster.storage import Obj, Storage, now

_STAGES = {"": "Resizing", "Resizing": "FileSystemResizePending", "FileSystemResizePending": ""}
"""The condition of a growing claim after each one, as the resizer and the kubelet set them."""


class StatusController:
    """Says that every replica of a StatefulSet is ready, without pods; grows claims in stages."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def reconcile(self) -> None:
        """Do one stage for each object."""
        for found in self._storage.objects(STATEFUL_SETS):
            meta = found["metadata"]
            self._storage.mutate(STATEFUL_SETS, meta["namespace"], meta["name"], _all_ready)
        growing = {
            kind["metadata"]["name"]
            for kind in self._storage.objects(STORAGE_CLASSES)
            if kind.get("allowVolumeExpansion")
        }
        for claim in self._storage.objects(VOLUME_CLAIMS):
            if claim["spec"].get("storageClassName") in growing:
                meta = claim["metadata"]
                self._storage.mutate(VOLUME_CLAIMS, meta["namespace"], meta["name"], _grow)


def _all_ready(found: Obj) -> None:
    count = found["spec"]["replicas"]
    found["status"] = {"replicas": count, "readyReplicas": count, "currentReplicas": count}


def _grow(claim: Obj) -> None:
    """The next stage, each for about a second; the volume has its first size at once."""
    wanted = dict(claim["spec"]["resources"]["requests"])
    status = claim["status"]
    if status.setdefault("capacity", wanted) == wanted:
        return
    current: Obj = next(iter(status.get("conditions") or []), {})
    if current.get("lastTransitionTime") == now():
        return
    following = _STAGES[current.get("type", "")]
    status["conditions"] = []
    if following:
        set_condition(claim, following, True, "", "")
    else:
        status["capacity"] = wanted
