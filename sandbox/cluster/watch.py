"""A watch: the lines that a client gets as objects come, change and go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import Resource
from sandbox.cluster.storage import Change, ChangeType, Obj, Storage

_BOOKMARK_EVERY = 5.0
_BOOKMARK_BEFORE_THE_END = 2.0


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What one watch request asks for.

    `after` is the resource version to go on from; None means: first everything that is there.
    `timeout` is in seconds; None leaves the watch open until the client goes or the server stops.
    """

    resource: Resource
    namespace: str | None
    matches: Callable[[Obj], bool]
    after: int | None
    timeout: float | None
    bookmarks: bool


def lines(storage: Storage, watch: Watch) -> Iterator[bytes]:
    """One JSON line per event; an empty one now and then, so that a gone client is noticed.

    A version that is too old ends the stream with an ERROR event that holds the 410 Status.
    """
    try:
        yield from _events(storage, watch)
    except StatusError as exc:
        yield _line("ERROR", exc.body())


def _events(storage: Storage, watch: Watch) -> Iterator[bytes]:
    ends = None if watch.timeout is None else time.monotonic() + watch.timeout
    bookmark = _next_bookmark(ends)
    after = watch.after
    if after is None:
        with storage.transaction():
            after = storage.version
            present = storage.objects(watch.resource, watch.namespace)
        for obj in present:
            if watch.matches(obj):
                yield _line(ChangeType.ADDED, obj)
    else:
        storage.check_known(after)
    while True:
        moment = time.monotonic()
        # What had happened by the end is told, however late it is that anybody looks.
        is_last = ends is not None and moment >= ends
        left = bookmark if ends is None else min(bookmark, ends)
        news = storage.changes(watch.resource, after, max(0.0, left - moment))
        if news is None:
            return
        changes, after = news
        for change in changes:
            event = _event(watch, change)
            if event is not None:
                yield event
        if time.monotonic() >= bookmark:
            bookmark = _next_bookmark(ends)
            if watch.bookmarks:
                meta = {"resourceVersion": str(after), "creationTimestamp": None}
                kind = {
                    "kind": watch.resource.kind,
                    "apiVersion": watch.resource.api_version,
                    "metadata": meta,
                }
                yield _line("BOOKMARK", kind)
            else:
                yield b""
        if is_last:
            return


def _next_bookmark(ends: float | None) -> float:
    """When the next one is due: now and then, and shortly before the watch ends."""
    moment = time.monotonic()
    last = (ends or 0.0) - _BOOKMARK_BEFORE_THE_END
    regular = moment + _BOOKMARK_EVERY
    return last if moment < last < regular else regular


def _event(watch: Watch, change: Change) -> bytes | None:
    """The change as this watch sees it: leaving the selection looks like a deletion."""
    namespace = change.object["metadata"].get("namespace", "")
    if watch.namespace not in (None, namespace):
        return None
    was = change.previous is not None and watch.matches(change.previous)
    is_ = change.type is not ChangeType.DELETED and watch.matches(change.object)
    if is_:
        return _line(ChangeType.MODIFIED if was else ChangeType.ADDED, change.object)
    return _line(ChangeType.DELETED, change.object) if was else None


def _line(type_: str, obj: Obj) -> bytes:
    return json.dumps({"type": str(type_), "object": obj}).encode() + b"\n"
