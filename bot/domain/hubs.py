"""A hub as three parties see it: the hub's records, the cluster's pods and the proxy's routes.

Most outages of a JupyterHub on Kubernetes are a disagreement between these three. Each server has
one :class:`Row` of facts and one :class:`Condition`; ``bot.domain.table`` makes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Condition(StrEnum):
    """What the hub × pod × route table says about one server."""

    OK = "ok"
    UNROUTED = "unrouted"  # ready and running, but the proxy does not know it: the work is safe
    STALE_RECORD = "stale_record"  # the hub says ready, no pod runs
    STUCK_SPAWN = "stuck_spawn"
    STUCK_STOP = "stuck_stop"
    LOST_EVENTS = "lost_events"  # the hub waits for a stop whose pod is gone already
    ORPHAN = "orphan"  # a pod runs that the hub does not know
    STARTING = "starting"
    STOPPING = "stopping"
    UNCLEAR = "unclear"  # the table has no row for it, or a party could not be asked


STUCK = frozenset(
    {
        Condition.STALE_RECORD,
        Condition.STUCK_SPAWN,
        Condition.STUCK_STOP,
        Condition.LOST_EVENTS,
        Condition.ORPHAN,
    }
)
"""Conditions that do not mend themselves."""


class Part(StrEnum):
    """A part of the facts that can be missing."""

    SERVERS = "servers"
    ROUTES = "routes"
    PODS = "pods"
    PROXY = "proxy"
    HEALTH = "health"
    EVERYONE = "everyone"  # whether the hub showed all users


class Diagnosis(StrEnum):
    """What is broken, as far as health checks and the route deficit can tell."""

    WELL = "well"
    HUB_DOWN = "hub_down"
    PROXY_DOWN = "proxy_down"  # or the ingress or DNS before it
    ROUTES_MISSING = "routes_missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a runbook acts; shown in every confirmation. ``proxy`` is the proxy's Deployment."""

    hub: str
    cluster: str
    namespace: str
    proxy: str = "proxy"


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether ``/hub/health`` and ``/_chp_healthz`` answer 200 through the public address."""

    hub: bool
    proxy: bool


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server in the hub's records. ``name`` is empty for a user's default server.

    ``pending`` is ``spawn``, ``stop``, ``check`` or empty.
    """

    user: str
    name: str
    ready: bool
    pending: str = ""
    started: datetime | None = None
    last_activity: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """A user's route in the proxy; ``path`` always ends in a slash."""

    user: str
    server: str
    path: str
    target: str


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod. ``user`` and ``server`` are the raw names from its annotations, empty without any.

    ``reason`` says why it is not running (``ImagePullBackOff``, ``Evicted``). ``deleting_since`` is
    when a deletion was asked for, ``grace`` the seconds it was given then.
    """

    name: str
    uid: str
    phase: str
    reason: str = ""
    node: str = ""
    user: str = ""
    server: str = ""
    component: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    deleting_since: datetime | None = None
    grace: int = 0
    finalizers: tuple[str, ...] = ()
    owner_kind: str = ""
    restarts: int = 0
    ready: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A Deployment's rollout. ``restarted_at`` is the annotation that a rollout restart writes."""

    name: str
    replicas: int
    ready: int
    updated: int
    generation: int
    observed_generation: int
    strategy: str
    restarted_at: str = ""

    @property
    def rolled_out(self) -> bool:
        """The controller has seen the latest change and every replica runs it."""
        return (
            self.observed_generation >= self.generation
            and self.updated == self.replicas
            and self.ready == self.replicas
        )


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node. ``pool`` is its node purpose label (``core`` or ``user``), empty without one."""

    name: str
    ready: bool
    cordoned: bool
    pool: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One server in all three views. ``hub`` is the hub's word for it: ``ready``,
    ``absent``, ``pending spawn``, ``unread`` when it could not be asked, and ``other pod`` for a
    second pod of the same server.

    ``routed`` is None when the routes could not be read.
    """

    user: str
    server: str
    hub: str
    condition: Condition
    pod: Pod | None = None
    routed: bool | None = None
    started: datetime | None = None
    last_activity: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A part of the facts that could not be read, and the sentence that says why."""

    part: Part
    why: str


@dataclass(frozen=True, kw_only=True)
class HubFacts:
    """Everything a runbook may look at. ``routes`` counts user routes; None when unread.

    ``resynced_at`` is when routes were last resynced in the same incident, by whoever keeps that.
    """

    place: Place
    read_at: datetime
    health: Health | None
    rows: tuple[Row, ...]
    routes: int | None
    proxy: Deployment | None = None
    proxy_pods: tuple[Pod, ...] = ()
    gaps: tuple[Gap, ...] = ()
    resynced_at: datetime | None = None

    @property
    def ready(self) -> int:
        """How many servers the hub calls ready: as many user routes there should be."""
        return sum(row.hub == "ready" for row in self.rows)

    @property
    def unrouted(self) -> int:
        """How many ready servers the proxy does not know."""
        return sum(row.hub == "ready" and row.routed is False for row in self.rows)

    @property
    def counts(self) -> Mapping[Condition, int]:
        """How many servers are in each condition."""
        return Counter(row.condition for row in self.rows)

    @property
    def diagnosis(self) -> Diagnosis:
        """Health checks stay green while every user route is gone, so routes are counted too."""
        if self.health is None:
            return Diagnosis.UNKNOWN
        if not self.health.proxy:
            return Diagnosis.PROXY_DOWN
        if not self.health.hub:
            return Diagnosis.HUB_DOWN
        if self.routes is None or self.lacks(Part.SERVERS):
            return Diagnosis.UNKNOWN
        return Diagnosis.ROUTES_MISSING if self.unrouted else Diagnosis.WELL

    def lacks(self, part: Part) -> str:
        """Why a part could not be read; empty when it was."""
        return next((gap.why for gap in self.gaps if gap.part is part), "")

    def having(self, condition: Condition, users: frozenset[str] = frozenset()) -> tuple[Row, ...]:
        """The rows in a condition, of these users only when any are named."""
        return tuple(
            row
            for row in self.rows
            if row.condition is condition and (not users or row.user in users)
        )

    def row(self, user: str, server: str) -> Row | None:
        """The row of one server."""
        return next((r for r in self.rows if (r.user, r.server) == (user, server)), None)
