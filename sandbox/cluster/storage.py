"""Stores the double's objects: versions, conflicts and the history for watches.

One lock guards everything. Objects are copied in and out, so no caller holds a live one.
"""

from __future__ import annotations

import contextlib
import copy
import json
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from sandbox.cluster import errors
from sandbox.cluster.resources import PODS, Resource

Obj = dict[str, Any]
_PAGE = "page-"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of an object.

    `previous` is the object before the change, None if new; `deleted`: the object is deleted.
    """

    version: int
    resource: Resource
    object: Obj
    previous: Obj | None
    deleted: bool


def now() -> str:
    """The time in `metav1.Time` format: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Storage:
    """All objects of one cluster. `history` is the number of changes kept for watches."""

    def __init__(self, *, history: int = 2000) -> None:
        self._objects: dict[tuple[Resource, str, str], Obj] = {}
        self._history: deque[Change] = deque(maxlen=history)
        self._version = 1
        self._forgotten = 0
        self._dropped: dict[Resource, int] = {}
        self._changed = threading.Condition(threading.RLock())
        self._listeners: list[Callable[[], None]] = []
        self._snapshots: dict[str, tuple[list[Obj], int]] = {}
        self._closed = False

    # -- reading -----------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """The version of the newest change."""
        with self._changed:
            return self._version

    def find(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        """The object, or None."""
        with self._changed:
            found = self._objects.get((resource, namespace, name))
            return copy.deepcopy(found) if found is not None else None

    def get(self, resource: Resource, namespace: str, name: str) -> Obj:
        """The object. Raises StatusError 404."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise errors.not_found(resource, name)
        return found

    def objects(self, resource: Resource, namespace: str | None = None) -> list[Obj]:
        """The objects of one kind by namespace and name; all namespaces by default."""
        with self._changed:
            found = {
                key[1:]: obj
                for key, obj in self._objects.items()
                if key[0] == resource and namespace in (None, key[1])
            }
            # JSON: five times as fast as deepcopy, and each round of control copies every pod.
            return [json.loads(json.dumps(found[key])) for key in sorted(found)]

    # -- writing -----------------------------------------------------------------------------

    def create(self, resource: Resource, obj: Obj) -> Obj:
        """Store a new object and give it uid, version and time. Raises StatusError 409."""
        with self._changed:
            meta = obj["metadata"]
            key = (resource, meta.get("namespace", ""), meta["name"])
            if key in self._objects:
                raise errors.already_exists(resource, meta["name"])
            stored = copy.deepcopy(obj)
            stored["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
            if resource.workload:
                stored["metadata"]["generation"] = 1
            return self._commit(key, stored, None)

    def update(self, resource: Resource, obj: Obj) -> Obj:
        """Store a new state of an object; an unchanged one makes no new version.

        Raises StatusError: 404 if missing, 409 if a given `resourceVersion` or `uid`
        differs from the stored one.
        """
        with self._changed:
            meta = obj["metadata"]
            key = (resource, meta.get("namespace", ""), meta["name"])
            old = self._objects.get(key)
            if old is None:
                raise errors.not_found(resource, meta["name"])
            self._check(resource, old, meta.get("uid"), meta.get("resourceVersion"))
            stored = copy.deepcopy(obj)
            for field in ("uid", "creationTimestamp", "resourceVersion", "generation"):
                if field in old["metadata"]:
                    stored["metadata"][field] = old["metadata"][field]
            if stored == old:
                return copy.deepcopy(old)
            if resource.workload and stored.get("spec") != old.get("spec"):
                stored["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
            return self._commit(key, stored, old)

    def mutate(
        self, resource: Resource, namespace: str, name: str, change: Callable[[Obj], None]
    ) -> Obj | None:
        """Change an object in place under the lock; None if it is deleted."""
        with self._changed:
            obj = self.find(resource, namespace, name)
            if obj is None:
                return None
            change(obj)
            return self.update(resource, obj)

    def change(self, pod: Obj, change: Callable[[Obj], None]) -> Obj | None:
        """Change a pod in place under the lock; None if it does not exist."""
        meta = pod["metadata"]
        return self.mutate(PODS, meta["namespace"], meta["name"], change)

    def remove(
        self, resource: Resource, namespace: str, name: str, *, uid: str | None = None
    ) -> Obj:
        """Remove an object. Raises StatusError 404, or 409 if the uid differs."""
        with self._changed:
            key = (resource, namespace, name)
            old = self._objects.get(key)
            if old is None:
                raise errors.not_found(resource, name)
            self._check(resource, old, uid, None)
            return self._commit(key, copy.deepcopy(old), old, deleted=True)

    def transaction(self) -> contextlib.AbstractContextManager[bool]:
        """Hold the lock over several reads and writes."""
        return self._changed

    def _check(self, resource: Resource, old: Obj, uid: str | None, version: str | None) -> None:
        meta = old["metadata"]
        if uid and uid != meta["uid"]:
            why = (
                f"Precondition failed: UID in precondition: {uid}, "
                f"UID in object meta: {meta['uid']}"
            )
            raise errors.conflict(resource, meta["name"], why)
        if version and version != meta["resourceVersion"]:
            why = (
                "the object has been modified; please apply your changes to the latest "
                "version and try again"
            )
            raise errors.conflict(resource, meta["name"], why)

    def _commit(
        self,
        key: tuple[Resource, str, str],
        obj: Obj,
        previous: Obj | None,
        *,
        deleted: bool = False,
    ) -> Obj:
        self._version += 1
        obj["metadata"]["resourceVersion"] = str(self._version)
        if deleted:
            del self._objects[key]
        else:
            self._objects[key] = obj
        if len(self._history) == self._history.maxlen:
            self._drop(self._history[0])
        change = Change(
            version=self._version, resource=key[0], object=obj, previous=previous, deleted=deleted
        )
        self._history.append(change)
        self._changed.notify_all()
        for listener in self._listeners:
            listener()
        return copy.deepcopy(obj)

    # -- history -----------------------------------------------------------------------------

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` at every change, under the lock; it must only set a flag."""
        with self._changed:
            self._listeners.append(listener)

    def check_known(self, version: int) -> None:
        """Raise StatusError 410 if changes after a version were forgotten."""
        with self._changed:
            if version < self._forgotten:
                raise errors.expired(f"too old resource version: {version} ({self._forgotten + 1})")

    def changes(
        self, resource: Resource, after: int, timeout: float
    ) -> tuple[list[Change], int] | None:
        """The changes to one kind after a version, and the last version they cover.

        Waits up to `timeout` seconds for one. None when the storage is closed. Raises
        StatusError 410 when a change of this kind was forgotten before it was read; forgotten changes of
        other kinds do not matter to an open watch.
        """
        with self._changed:

            def news() -> list[Change]:
                recent = takewhile(lambda change: change.version > after, reversed(self._history))
                return [change for change in recent if change.resource == resource][::-1]

            self._changed.wait_for(lambda: self._closed or news(), timeout)
            if self._closed:
                return None
            if self._dropped.get(resource, 0) > after:
                raise errors.expired(f"too old resource version: {after} ({self._forgotten + 1})")
            return news(), self._version

    def forget_history(self) -> None:
        """Compact: watches from older versions and pages of older lists get 410."""
        with self._changed:
            for change in self._history:
                self._drop(change)
            self._history.clear()
            self._snapshots.clear()
            self._forgotten = self._version

    def _drop(self, change: Change) -> None:
        self._forgotten = change.version
        self._dropped[change.resource] = change.version

    def close(self) -> None:
        """End every watch."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # -- pages of a list -----------------------------------------------------------------------

    def keep_page(self, rest: list[Obj], version: int) -> str:
        """Keep the rest of a list under a `continue` token, as a snapshot."""
        with self._changed:
            token = f"{_PAGE}{uuid.uuid4()}"
            self._snapshots[token] = (rest, version)
            while len(self._snapshots) > 100:
                del self._snapshots[next(iter(self._snapshots))]
            return token

    def page(self, token: str) -> tuple[list[Obj], int]:
        """The rest of a list.

        Raises StatusError 400 for an unknown token, 410 for an expired one.
        """
        with self._changed:
            if token in self._snapshots:
                return self._snapshots[token]
        if not token.startswith(_PAGE):
            raise errors.bad_request("invalid continue token: continue key is not valid")
        message = "The provided continue parameter is too old to display a consistent list result."
        raise errors.expired(message)
