"""A watch: the lines that a client gets as objects come, change and go."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import Resource
from sandbox.cluster.storage import Change, Obj, Storage

_BOOKMARK_EVERY = 2.0
"""Seconds; a real server waits a minute."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What one watch request asks for.

    `after` is the resource version to resume from; None sends all existing objects first.
    `timeout` is in seconds; None keeps the watch open until the client or the server closes it.
    """

    resource: Resource
    namespace: str | None
    matches: Callable[[Obj], bool]
    after: int | None
    timeout: float | None
    bookmarks: bool


def lines(storage: Storage, watch: Watch) -> Iterator[bytes]:
    """One JSON line per event; periodic empty lines detect a closed client.

    A version that is too old ends the stream with an ERROR event with the 410 Status.
    """
    try:
        yield from _events(storage, watch)
    except StatusError as exc:
        yield _line("ERROR", exc.body())


def _events(storage: Storage, watch: Watch) -> Iterator[bytes]:
    ends = math.inf if watch.timeout is None else time.monotonic() + watch.timeout
    bookmark = time.monotonic() + _BOOKMARK_EVERY
    after = watch.after
    if after is None:
        with storage.transaction():
            after = storage.version
            present = storage.objects(watch.resource, watch.namespace)
        yield from (_line("ADDED", obj) for obj in present if watch.matches(obj))
    else:
        storage.check_known(after)
    is_last = False
    while not is_last:
        moment = time.monotonic()
        # A late reader still gets all events up to the end.
        is_last = moment >= ends
        news = storage.changes(watch.resource, after, max(0.0, min(bookmark, ends) - moment))
        if news is None:
            return
        changes, after = news
        yield from filter(None, (_event(watch, change) for change in changes))
        if time.monotonic() >= bookmark:
            bookmark = time.monotonic() + _BOOKMARK_EVERY
            yield _bookmark(watch.resource, after) if watch.bookmarks else b""


def _bookmark(resource: Resource, version: int) -> bytes:
    meta = {"resourceVersion": str(version), "creationTimestamp": None}
    kind = {"kind": resource.kind, "apiVersion": resource.api_version}
    return _line("BOOKMARK", kind | {"metadata": meta})


def _event(watch: Watch, change: Change) -> bytes | None:
    """The event for this watch: leaving the selection is a deletion."""
    namespace = change.object["metadata"].get("namespace", "")
    if watch.namespace not in (None, namespace):
        return None
    was = change.previous is not None and watch.matches(change.previous)
    if not change.deleted and watch.matches(change.object):
        return _line("MODIFIED" if was else "ADDED", change.object)
    return _line("DELETED", change.object) if was else None


def _line(type_: str, obj: Obj) -> bytes:
    return json.dumps({"type": type_, "object": obj}).encode() + b"\n"
