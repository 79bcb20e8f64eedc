"""The three views of a hub joined by server, and what each says of one.

A record is the hub's, a pod the cluster's, a route the proxy's. Pods are matched by annotation, never by a
computed name: two escaping schemes exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.evidence import Fact, View
from bot.domain.hubs import Pod, PodEvent, Route, RouteState, Server, ServerKey
from bot.domain.ownership import began_with, is_pod_of


@dataclass(frozen=True, kw_only=True)
class StuckThresholds:
    """How long something takes before it counts as stuck.

    ``start`` is the hub's ``start_timeout``. ``stop`` counts from the end of the pod's grace time,
    ``unsent_stop`` and ``check`` from when mayday first saw the server pending.
    """

    start: timedelta = timedelta(minutes=10)
    stop: timedelta = timedelta(seconds=10)
    unsent_stop: timedelta = timedelta(minutes=2)
    check: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class HubSnapshot:
    """The three views before they are joined, and what else a verdict may need.

    ``events`` are those of the pods, ``since`` when each server was first seen pending as it is now, and
    ``people`` whether the hub knows the users of pods without a record. ``release`` is the Helm release
    that this hub's own pods carry, and ``strangers`` are the living pods of other releases.
    """

    servers: View[Server]
    pods: View[Pod]
    routes: View[Route]
    events: View[PodEvent] = field(default_factory=lambda: View.unread("Events were not read."))
    thresholds: StuckThresholds = field(default_factory=StuckThresholds)
    since: Mapping[ServerKey, datetime] = field(default_factory=dict)
    people: Mapping[str, Fact[bool]] = field(default_factory=dict)
    release: str = ""
    strangers: Sequence[Pod] = ()

    def is_late(self, record: Server, now: datetime) -> bool:
        """Whether a start was asked for longer ago than the hub waits for one."""
        asked = record.started or self.since.get((record.user, record.name))
        return asked is not None and now - asked >= self.thresholds.start

    def seen_for(self, key: ServerKey, now: datetime) -> timedelta:
        """How long a server has been pending for all that mayday saw of it."""
        first = self.since.get(key)
        return now - first if first else timedelta(0)

    def is_overdue(self, pod: Pod, now: datetime) -> bool:
        """Whether a pod should have been gone for a while."""
        since = pod.deleting_since
        if since is None:
            return False
        return now > since + timedelta(seconds=pod.grace) + self.thresholds.stop


@dataclass(frozen=True, kw_only=True)
class JoinedViews:
    """The views by server."""

    snapshot: HubSnapshot
    records: Mapping[ServerKey, Server]
    pods: Mapping[ServerKey, Sequence[Pod]]
    routes: Mapping[ServerKey, Sequence[Route]]

    @classmethod
    def of(cls, snapshot: HubSnapshot) -> JoinedViews:
        pods: dict[ServerKey, list[Pod]] = {}
        for pod in snapshot.pods.items:
            if pod.user:
                pods.setdefault((pod.user, pod.server), []).append(pod)
        routes: dict[ServerKey, list[Route]] = {}
        for route in snapshot.routes.items:
            routes.setdefault((route.user, route.server), []).append(route)
        records = {(s.user, s.name): s for s in snapshot.servers.items if s.ready or s.pending}
        return cls(snapshot=snapshot, records=records, pods=pods, routes=routes)

    @property
    def keys(self) -> list[ServerKey]:
        """Every server that has a record or a pod that has not finished."""
        return sorted({*self.records, *(key for key in self.pods if self.living(key))})

    def living(self, key: ServerKey) -> list[Pod]:
        """Its pods that have not finished, those first that nobody asked to delete."""
        found = [pod for pod in self.pods.get(key, ()) if not pod.finished]
        return sorted(found, key=lambda pod: (pod.deleting_since is not None, pod.name))

    def finished(self, key: ServerKey) -> list[Pod]:
        """Its pods in which nothing runs any more."""
        return [pod for pod in self.pods.get(key, ()) if pod.finished]

    def matched(self, key: ServerKey) -> bool:
        """The hub calls it ready and its pod runs here: both parties show the same server."""
        record, routes = self.records.get(key), self.routes.get(key, ())
        return record is not None and any(
            is_pod_of(pod, record, routes) for pod in self.living(key)
        )

    def ended(self, key: ServerKey) -> bool:
        """Whether the pod of the record's own start has finished."""
        record = self.records.get(key)
        return record is not None and any(began_with(pod, record) for pod in self.finished(key))

    def stranger(self, key: ServerKey) -> Pod | None:
        """A living pod of another release that bears its name and began when it did."""
        record = self.records.get(key)
        return next(
            (
                pod
                for pod in self.snapshot.strangers
                if record is not None and (pod.user, pod.server) == key and began_with(pod, record)
            ),
            None,
        )

    def leading_to(self, pod: Pod) -> str:
        """The first route that leads to the pod's address or may do so; empty when none does.

        A route to a name instead of an address may lead anywhere, unless its own server is there.
        """
        if pod.phase == "Running" and not pod.ips and self.routes:
            return "the address of its pod is unknown, so a route may lead there"
        for key, routes in self.routes.items():
            for route in routes:
                if pod.has_address(route.address):
                    return f"the route of {shown_name(key)} leads to its pod"
                if route.address is None and (
                    key == (pod.user, pod.server) or not self.matched(key)
                ):
                    return f"the route of {shown_name(key)} leads to a host name, which may be its pod's"
        return ""

    def route_state(self, key: ServerKey) -> RouteState:
        """What the proxy's table says, compared with the addresses of the server's pods."""
        routes = self.routes.get(key, ())
        if not routes:
            return RouteState.MISSING if self.snapshot.routes.complete else RouteState.UNKNOWN
        pod = next(iter(self.living(key)), None)
        if pod is not None and pod.ips:
            addresses = [route.address for route in routes if route.address is not None]
            if not all(pod.has_address(address) for address in addresses):
                return RouteState.ELSEWHERE
        return RouteState.LEADS


def shown_name(key: ServerKey) -> str:
    return "/".join(part for part in key if part)
