"""Joins the records of the hub, the pods of the cluster and the routes of the proxy by server.

Pods are matched by annotation and not by a computed name, because two escaping schemes exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain import reasons
from bot.domain.evidence import Fact, View
from bot.domain.hubs import Pod, PodEvent, Route, RouteState, Server, ServerKey
from bot.domain.ownership import began_with, is_pod_of


@dataclass(frozen=True, kw_only=True)
class StuckThresholds:
    """How long an operation may take before it counts as stuck.

    ``start`` is the hub's ``start_timeout``. ``stop`` counts from the end of the pod's grace period,
    ``unsent_stop`` and ``check`` from when mayday first saw the server pending.
    """

    start: timedelta = timedelta(minutes=10)
    stop: timedelta = timedelta(seconds=10)
    unsent_stop: timedelta = timedelta(minutes=2)
    check: timedelta = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class HubSnapshot:
    """The three views before they are joined, with the other inputs of the classifier.

    ``events`` are pod events. ``since`` is when each server was first seen in its current pending state.
    ``people`` says whether the hub knows the users of pods without a record. ``release`` is the Helm
    release of this hub's pods; ``foreign_pods`` are the live pods of other releases.
    """

    servers: View[Server]
    pods: View[Pod]
    routes: View[Route]
    events: View[PodEvent] = field(default_factory=lambda: View.unread(reasons.NO_EVENTS))
    thresholds: StuckThresholds = field(default_factory=StuckThresholds)
    since: Mapping[ServerKey, datetime] = field(default_factory=dict)
    people: Mapping[str, Fact[bool]] = field(default_factory=dict)
    release: str = ""
    foreign_pods: Sequence[Pod] = ()

    def is_late(self, record: Server, now: datetime) -> bool:
        """Return whether a start is older than the hub's start timeout."""
        requested = record.started or self.since.get((record.user, record.name))
        return requested is not None and now - requested >= self.thresholds.start

    def pending_for(self, key: ServerKey, now: datetime) -> timedelta:
        """Return how long mayday has seen the server pending."""
        first = self.since.get(key)
        return now - first if first else timedelta(0)

    def is_overdue(self, pod: Pod, now: datetime) -> bool:
        """Return whether a pod still exists after its grace period and the stop threshold."""
        since = pod.deleting_since
        if since is None:
            return False
        return now > since + timedelta(seconds=pod.grace) + self.thresholds.stop


@dataclass(frozen=True, kw_only=True)
class JoinedViews:
    """The three views, indexed by server."""

    snapshot: HubSnapshot
    records: Mapping[ServerKey, Server]
    pods: Mapping[ServerKey, Sequence[Pod]]
    routes: Mapping[ServerKey, Sequence[Route]]

    @classmethod
    def of(cls, snapshot: HubSnapshot) -> JoinedViews:
        """Index a snapshot by server."""
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
        """Every server with a record or an unfinished pod, sorted."""
        return sorted({*self.records, *(key for key in self.pods if self.living(key))})

    def living(self, key: ServerKey) -> list[Pod]:
        """Return its unfinished pods; pods that are being deleted come last."""
        found = [pod for pod in self.pods.get(key, ()) if not pod.finished]
        return sorted(found, key=lambda pod: (pod.deleting_since is not None, pod.name))

    def finished(self, key: ServerKey) -> list[Pod]:
        """Return its finished pods."""
        return [pod for pod in self.pods.get(key, ()) if pod.finished]

    def matched(self, key: ServerKey) -> bool:
        """Return whether hub and cluster agree: its record is ready and its pod runs here."""
        record, routes = self.records.get(key), self.routes.get(key, ())
        return record is not None and any(
            is_pod_of(pod, record, routes) for pod in self.living(key)
        )

    def ended(self, key: ServerKey) -> bool:
        """Return whether the pod created by the record's own start has finished."""
        record = self.records.get(key)
        return record is not None and any(began_with(pod, record) for pod in self.finished(key))

    def foreign_pod(self, key: ServerKey) -> Pod | None:
        """Return a live pod of another release with its name and start time."""
        record = self.records.get(key)
        return next(
            (
                pod
                for pod in self.snapshot.foreign_pods
                if record is not None and (pod.user, pod.server) == key and began_with(pod, record)
            ),
            None,
        )

    def possible_route(self, pod: Pod) -> str:
        """Return which route leads or may lead to the pod, as a sentence; empty if none does.

        A route to a host name may lead anywhere, unless its own server is matched.
        """
        if pod.phase == "Running" and not pod.ips and self.routes:
            return reasons.NO_ADDRESS
        for key, routes in self.routes.items():
            for route in routes:
                if pod.has_address(route.address):
                    return reasons.ROUTE_TO_ITS_POD.format(name=shown_name(key))
                if route.address is None and (
                    key == (pod.user, pod.server) or not self.matched(key)
                ):
                    return reasons.ROUTE_MAYBE_TO_ITS_POD.format(name=shown_name(key))
        return ""

    def route_state(self, key: ServerKey) -> RouteState:
        """Return whether the proxy's routes of a server lead to its pod."""
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
    """Return ``user`` or ``user/server``."""
    return "/".join(part for part in key if part)
