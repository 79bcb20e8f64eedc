"""Ensures resources side by side where they do not depend on each other.

What people read in order (the messages of one channel) is one lane: one after the other, and not past one
that another process is at work on. Different lanes run at the same time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import structlog

from bot.domain.resources import ResourceKind, digest
from bot.errors import LeaseLost
from bot.services.reconciler import EnsureResult, Reconciler, Resource

THREADS = 16

NEWS_LANES = 4
"""How many subscribers are written to at once: more would keep threads from other incidents."""

log = structlog.get_logger()

_LANES = {
    ResourceKind.CARD: "channel",
    ResourceKind.ENTRY: "channel",
    ResourceKind.ALIKE: "channel",
    ResourceKind.REMINDER: "channel",
    ResourceKind.INCIDENT_REMINDER: "channel",
    ResourceKind.ON_CALL_SHOWN: "channel",
    ResourceKind.NOT_INVITED: "channel",
    ResourceKind.DIAGNOSIS: "channel",
    ResourceKind.RUN: "channel",
    ResourceKind.RUN_STEP: "channel",
    ResourceKind.ANNOUNCEMENT: "announcement",
    ResourceKind.ANNOUNCED_UPDATE: "announcement",
    ResourceKind.BOOKMARK: "bookmarks",
}
"""Kinds that share a lane; each resource of another kind has its own."""

_NEEDED_BY_OTHERS = frozenset(
    {
        ResourceKind.CARD,
        ResourceKind.ANNOUNCEMENT,
        ResourceKind.RUN,
        ResourceKind.INVITE,
        ResourceKind.GROUP_INVITE,
        ResourceKind.ON_CALL,
    }
)
"""Kinds after which resources may become due that were not before (the pin of a card, replies, people)."""


class Lanes:
    """Ensures resources in lanes, on threads that all incidents share."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="lane")
        self._is_closed = False

    def run(self, due: Callable[[], Iterable[Resource]]) -> None:
        """Ensure what is due until nothing new is; each resource and spec once.

        An unforeseen error stops no other lane and is raised at the end.

        Raises:
            LeaseLost: mayday is stopping, and the rest is left.
        """
        attempted: set[tuple[str, str]] = set()
        lanes: dict[str, deque[Resource]] = {}
        running: dict[Future[EnsureResult], tuple[str, Resource]] = {}
        failure: Exception | None = None
        is_read = False
        while True:
            if not is_read:
                for resource in due():
                    tried = (resource.key, digest(resource.spec))
                    if tried not in attempted:
                        attempted.add(tried)
                        lanes.setdefault(_lane(resource), deque()).append(resource)
                is_read = True
            busy = {name for name, _ in running.values()}
            for name in lanes:  # the most urgent first, as they became due
                if lanes[name] and name not in busy:
                    resource = lanes[name].popleft()
                    running[self._submit(resource)] = (name, resource)
            if not running:
                if failure is not None:
                    raise failure
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, resource = running.pop(future)
                try:
                    is_busy = future.result().is_busy
                except Exception as exc:
                    log.exception("lane.failed", key=resource.key)
                    failure, is_busy = exc, False
                if is_busy:
                    lanes[name].clear()
                elif resource.kind in _NEEDED_BY_OTHERS:
                    is_read = False
            if not running and not any(lanes.values()):
                is_read = False

    def close(self) -> None:
        """Begin nothing more."""
        self._is_closed = True
        # A future that the pool cancels would never wake who waits for it.
        self._pool.shutdown(wait=False)

    def _submit(self, resource: Resource) -> Future[EnsureResult]:
        try:
            return self._pool.submit(self._ensure, resource)
        except RuntimeError:
            raise LeaseLost from None  # closed

    def _ensure(self, resource: Resource) -> EnsureResult:
        if self._is_closed:
            raise LeaseLost
        return self._reconciler.ensure(resource)


def _lane(resource: Resource) -> str:
    if resource.kind is ResourceKind.NEWS:  # each person's in order
        person = resource.subject.partition("/")[2]
        return f"news/{int(digest(person), 16) % NEWS_LANES}"
    return _LANES.get(resource.kind, resource.key)
