"""The facts that a runbook reads: the state of one hub, and which parts of it are unknown and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.cluster import ClusterFacts
from bot.domain.evidence import Fact, Unknown, View
from bot.domain.hubs import (
    STUCK,
    Condition,
    Deployment,
    Diagnosis,
    Health,
    HubAccess,
    Place,
    Pod,
    PodEvent,
    Route,
    RouteState,
    Row,
    Server,
)
from bot.domain.rights import Right
from bot.domain.signs import Signs


class Part(StrEnum):
    """A part of the facts that can be unknown."""

    SERVERS = "servers"
    ROUTES = "routes"
    PODS = "pods"
    EVENTS = "events"
    PROXY = "proxy"
    HEALTH = "health"
    ACCESS = "access"  # the hub's version, and the scopes of the token
    RIGHTS = "rights"  # what the cluster lets mayday do
    USERS = "users"  # the users that a request names
    CLOCK = "clock"  # whether ages can be measured
    NODES = "nodes"
    CLAIMS = "claims"
    BUDGETS = "budgets"
    QUOTAS = "quotas"
    DEPLOYMENTS = "deployments"
    REVISIONS = "revisions"
    WORKLOADS = "workloads"
    MEMORY = "memory"  # that the proxy uses, if it has a limit
    CLUSTER_PODS = "cluster_pods"  # all pods of the namespace
    CLUSTER_EVENTS = "cluster_events"  # events of all objects of the namespace
    METRICS = "metrics"
    CERTIFICATE = "certificate"
    PROXY_LOG = "proxy_log"
    MERGES = "merges"
    NOTICE = "notice"  # what the hub's page tells its users


MORE = frozenset(
    {
        Part.NODES,
        Part.CLAIMS,
        Part.BUDGETS,
        Part.QUOTAS,
        Part.DEPLOYMENTS,
        Part.REVISIONS,
        Part.WORKLOADS,
        Part.MEMORY,
        Part.CLUSTER_PODS,
        Part.CLUSTER_EVENTS,
        Part.METRICS,
        Part.CERTIFICATE,
        Part.PROXY_LOG,
        Part.MERGES,
        Part.NOTICE,
    }
)
"""The parts that are read only for a runbook that needs them, and for a diagnosis, which reads all."""


@dataclass(frozen=True, kw_only=True)
class UnknownPart:
    """An unknown or incomplete part of the facts, with the reason as a sentence."""

    part: Part
    why: str


@dataclass(frozen=True, kw_only=True)
class BlastRadius:
    """How many servers one plan may end unless users are named: ``servers``, or ``percent`` of the
    ready servers, whichever is greater."""

    servers: int = 10
    percent: int = 20

    def of(self, ready: int) -> int:
        """Return the limit for a hub with this many ready servers."""
        return max(self.servers, ready * self.percent // 100)


@dataclass(frozen=True, kw_only=True)
class HubFacts:
    """Everything that a runbook reads.

    ``rights`` are the permissions that were checked. ``people`` says for each user that was looked up
    whether the hub knows them. ``clock`` says why ages are unknown if the clock of the hub or of the cluster
    differs from mayday's. ``last_done`` is when each runbook, by name, was last run on this hub in the same
    incident. ``release`` is the hub's Helm release, empty if unknown. ``asked`` are the parts of :data:`MORE`
    that were asked for; ``around`` and ``signs`` have them.
    ``asked_by`` is who asks for the plan, a Slack user id, ``asked_in`` the id of the incident in which, and
    ``run`` the id of the run that the plan is for; empty on a terminal. ``same_done`` is when a run of the
    same runbook with the same arguments was last done here for the same people.
    """

    place: Place
    read_at: datetime
    health: Fact[Health]
    access: Fact[HubAccess]
    servers: View[Server]
    pods: View[Pod]
    routes: View[Route]
    rows: tuple[Row, ...]
    proxy: Fact[Deployment]
    proxy_pods: View[Pod] = field(default_factory=View)
    events: View[PodEvent] = field(default_factory=View)
    rights: Mapping[Right, Fact[bool]] = field(default_factory=dict)
    people: Mapping[str, Fact[bool]] = field(default_factory=dict)
    limit: BlastRadius = field(default_factory=BlastRadius)
    clock: str = ""
    last_done: Mapping[str, datetime] = field(default_factory=dict)
    release: str = ""
    asked: frozenset[Part] = frozenset()
    asked_by: str = ""
    asked_in: str = ""
    run: str = ""
    same_done: datetime | None = None
    around: ClusterFacts = field(default_factory=ClusterFacts)
    signs: Signs = field(default_factory=Signs)

    @property
    def ready(self) -> int | None:
        """The number of ready servers, which is the expected number of user routes."""
        return sum(s.ready for s in self.servers.items) if self.servers.read else None

    @property
    def routed(self) -> int | None:
        """The number of user routes in the proxy."""
        return len(self.routes.items) if self.routes.read else None

    @property
    def unrouted(self) -> int | None:
        """The number of ready servers without a route to their pod's address."""
        if not (self.servers.read and self.routes.read):
            return None
        lost = (RouteState.MISSING, RouteState.ELSEWHERE)
        return sum(row.is_ready and row.route in lost for row in self.rows)

    @property
    def counts(self) -> Mapping[Condition, int]:
        """The number of servers in each condition."""
        return Counter(row.condition for row in self.rows)

    @property
    def totals(self) -> dict[str, int | None]:
        """The numbers that show what a step changed (:func:`totals`)."""
        return totals(self.ready, self.routed, self.unrouted, self.counts)

    @property
    def diagnosis(self) -> Diagnosis:
        """What is broken. Routes are counted too: health checks pass even if every user route is missing."""
        if isinstance(self.health, Unknown):
            return Diagnosis.UNKNOWN
        health = self.health.value
        if not health.hub:
            if health.proxy:
                return Diagnosis.HUB_DOWN
            if self.servers.read:
                return Diagnosis.PROXY_DOWN
            return Diagnosis.BOTH_DOWN
        if self.unrouted is None or not self.routes.complete:
            return Diagnosis.UNKNOWN
        if self.unrouted:
            return Diagnosis.ROUTES_MISSING
        # Servers that the hub doesn't show may lack their routes.
        return Diagnosis.WELL if self.servers.complete else Diagnosis.UNKNOWN

    @property
    def unknown(self) -> tuple[UnknownPart, ...]:
        """Every part that is unknown or incomplete, with its reason."""
        facts: list[tuple[Part, str]] = [
            (Part.SERVERS, self.servers.unknown),
            (Part.PODS, self.pods.unknown),
            (Part.ROUTES, self.routes.unknown),
            (Part.EVENTS, self.events.unknown),
            (Part.HEALTH, _why(self.health)),
            (Part.ACCESS, _why(self.access)),
            (Part.PROXY, _why(self.proxy) or self.proxy_pods.unknown),
            *((Part.RIGHTS, _why(right)) for right in self.rights.values()),
            (Part.CLOCK, self.clock),
            *((part, self._why_not(part)) for part in sorted(self.asked)),
        ]
        return tuple(UnknownPart(part=p, why=why) for p, why in dict.fromkeys(facts) if why)

    def _why_not(self, part: Part) -> str:
        """Return why a part of :data:`MORE` is unknown or incomplete; empty if it is known."""
        match part:
            case Part.METRICS:
                return _why(self.signs.metrics)
            case Part.CERTIFICATE:
                return _why(self.signs.certificate)
            case Part.NOTICE:
                return _why(self.signs.notice)
            case _:
                return self.more[part].unknown

    @property
    def more(self) -> Mapping[Part, View[Any]]:
        """The lists of :data:`MORE`, by their part."""
        around = self.around
        return {
            Part.NODES: around.nodes,
            Part.CLAIMS: around.claims,
            Part.BUDGETS: around.budgets,
            Part.QUOTAS: around.quotas,
            Part.DEPLOYMENTS: around.deployments,
            Part.REVISIONS: around.revisions,
            Part.WORKLOADS: around.workloads,
            Part.MEMORY: around.memory,
            Part.CLUSTER_PODS: around.pods,
            Part.CLUSTER_EVENTS: around.events,
            Part.PROXY_LOG: self.signs.proxy_log,
            Part.MERGES: self.signs.merges,
        }

    def lacks(self, part: Part) -> str:
        """Return why a part is unknown or incomplete; empty if it is known."""
        return next((gap.why for gap in self.unknown if gap.part is part), "")

    def unread(self, parts: Iterable[Part]) -> tuple[UnknownPart, ...]:
        """Return those of these parts that could not be read at all, in the order of ``unknown``."""
        views: dict[Part, View[Any]] = {
            Part.SERVERS: self.servers,
            Part.PODS: self.pods,
            Part.ROUTES: self.routes,
            **self.more,
        }
        wanted = frozenset(parts)
        unasked = [
            UnknownPart(part=part, why=self._why_not(part))
            for part in sorted((wanted & MORE) - self.asked)
        ]
        return (
            *unasked,
            *(
                part
                for part in self.unknown
                if part.part in wanted and not (part.part in views and views[part.part].read)
            ),
        )

    def having(self, *conditions: Condition) -> tuple[Row, ...]:
        """Return the rows in one of these conditions."""
        return tuple(row for row in self.rows if row.condition in conditions)

    def row(self, user: str, server: str) -> Row | None:
        """Return the row of one server, or None."""
        return next((r for r in self.rows if r.key == (user, server)), None)

    def has_pod(self, uid: str) -> bool:
        """Return whether a user's pod with this uid exists, in any state."""
        return any(pod.uid == uid for pod in self.pods.items)


def totals(
    ready: int | None,
    routes: int | None,
    unrouted: int | None,
    conditions: Mapping[Condition, int],
) -> dict[str, int | None]:
    """Ready servers, user routes, ready servers without one, and servers that are stuck.

    None for what was not read: without the hub's records nobody knows how many are stuck.
    """
    stuck = sum(number for kind, number in conditions.items() if kind in STUCK)
    return {
        "ready": ready,
        "routes": routes,
        "unrouted": unrouted,
        "stuck": None if ready is None else stuck,
    }


def _why(fact: Fact[Any]) -> str:
    return fact.why if isinstance(fact, Unknown) else ""
