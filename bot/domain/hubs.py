"""The state of a hub: the records of the hub, the pods of the cluster and the routes of the proxy.

Most outages of a JupyterHub on Kubernetes are a disagreement between these three. Each server has one
:class:`Row` with its facts and its :class:`Condition`; ``bot.domain.classifier`` creates them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

CACHED = 8192
"""How many addresses are kept parsed: those of the routes and pods of large hubs."""

ServerKey = tuple[str, str]
"""A user name and a server name; the server name is empty for the default server."""


class Condition(StrEnum):
    """The condition of one server, by its record, pod and route (``bot.domain.classifier``)."""

    OK = "ok"
    UNROUTED = "unrouted"  # ready and running, but the proxy has no route to it: the work is safe
    STALE_ROUTE = "stale_route"  # ready and running, but its route leads to another address
    CRASHING = "crashing"
    LOST_NODE = "lost_node"  # ready in the hub; the deletion of its pod never completes
    STALE_RECORD = "stale_record"  # ready in the hub; no pod runs
    STUCK_SPAWN = "stuck_spawn"
    STUCK_STOP = "stuck_stop"
    UNSENT_STOP = "unsent_stop"  # the hub waits for a stop that never reached the cluster
    LOST_EVENTS = "lost_events"  # the hub waits for a stop, but the pod no longer exists
    HUNG_CHECK = "hung_check"  # the hub's check of a server never completes
    ORPHAN = "orphan"  # a running pod without a record
    STUCK_ORPHAN = "stuck_orphan"  # a pod without a record whose deletion never completes
    STARTING = "starting"
    STOPPING = "stopping"
    CHECKING = "checking"
    UNKNOWN = "unknown"  # the evidence is missing or contradictory: no step touches it


STUCK = frozenset(
    {
        Condition.LOST_NODE,
        Condition.STALE_RECORD,
        Condition.STUCK_SPAWN,
        Condition.STUCK_STOP,
        Condition.UNSENT_STOP,
        Condition.LOST_EVENTS,
        Condition.HUNG_CHECK,
        Condition.ORPHAN,
        Condition.STUCK_ORPHAN,
    }
)
"""Conditions that don't end without a repair."""


class RouteState(StrEnum):
    """Where the route of one server leads."""

    LEADS = "leads"  # to the pod's address, or to a host name, which can't be compared
    MISSING = "missing"
    ELSEWHERE = "elsewhere"  # to an address that is not the pod's
    UNKNOWN = "unknown"


class Diagnosis(StrEnum):
    """What is broken, according to the health checks and the missing routes."""

    WELL = "well"
    HUB_DOWN = "hub_down"
    PROXY_DOWN = "proxy_down"  # or the ingress or DNS in front of it
    BOTH_DOWN = "both_down"  # neither hub nor proxy answers
    ROUTES_MISSING = "routes_missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The target of a runbook, shown in every confirmation. ``proxy`` is the proxy's Deployment,
    ``hub_deployment`` the hub's, ``canary`` the user of test spawns, empty for none, ``placeholder`` the
    StatefulSet that holds places for users."""

    hub: str
    cluster: str
    namespace: str
    proxy: str = "proxy"
    hub_deployment: str = "hub"
    canary: str = ""
    placeholder: str = "user-placeholder"


@dataclass(frozen=True, kw_only=True)
class Health:
    """Whether hub and proxy answer at the public address.

    If the hub answers there, its proxy works. ``proxy`` is None if the hub doesn't answer and the
    server at the address may be a proxy other than configurable-http-proxy.
    """

    hub: bool
    proxy: bool | None


@dataclass(frozen=True, kw_only=True)
class HubAccess:
    """The hub's version (empty if unknown), its clock, and the scopes of the token.

    A filtered scope (``list:users!group=a``) is not the same scope as the unfiltered one.
    """

    version: str
    scopes: frozenset[str]
    clock: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server in the hub's records. ``name`` is empty for a user's default server.

    ``pending`` is ``spawn``, ``stop``, ``check`` or empty. ``started`` is when its start was requested;
    it distinguishes two servers of the same name.
    """

    user: str
    name: str
    ready: bool
    pending: str = ""
    started: datetime | None = None
    last_activity: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    """A user's route in the proxy; ``path`` always ends in a slash, ``target`` is a URL."""

    user: str
    server: str
    path: str
    target: str

    @cached_property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The IP address it leads to; None for a host name."""
        return _address_of(self.target)


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod. ``user`` and ``server`` are the raw names from its annotations, empty without annotations.

    ``reason`` says why it is not running (``ImagePullBackOff``, ``Evicted``, ``Unschedulable``);
    ``message`` is the text that comes with it. ``deleting_since`` is when its deletion was requested,
    ``grace`` the grace period in seconds. ``release`` is its Helm release, by its labels. ``ready`` is
    true only if all containers and the ``Ready`` condition agree: for a dead node only the condition
    is updated. ``last_exit`` and ``last_exit_at`` are the reason and time of the last container exit
    (``OOMKilled``). ``running_since`` is when the last of its running containers started, and
    ``unready_since`` when its ``Ready`` condition became false. ``images`` are those of its containers,
    ``claims`` the volume claims that it mounts. ``memory_limit`` is in bytes; None if there is no limit or it
    is unknown. ``safe_to_evict`` is the annotation of the cluster autoscaler, empty without one.
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
    ips: tuple[str, ...] = ()
    release: str = ""
    message: str = ""
    last_exit: str = ""
    last_exit_at: datetime | None = None
    running_since: datetime | None = None
    unready_since: datetime | None = None
    images: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    memory_limit: int | None = None
    safe_to_evict: str = ""

    @property
    def finished(self) -> bool:
        """Whether all its containers have ended; an evicted pod is ``Failed``."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def may_run(self) -> bool:
        """Whether a container may be running, which is unknown if the node doesn't respond."""
        return not self.finished and self.phase != "Pending"

    def has_address(self, address: IPv4Address | IPv6Address | None) -> bool:
        """Return whether this is an address of the pod."""
        return address is not None and any(_address(ip) == address for ip in self.ips)


@dataclass(frozen=True, kw_only=True)
class PodEvent:
    """A recent event of a pod. Events are best effort and expire after an hour."""

    pod_uid: str
    reason: str
    message: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The rollout of a Deployment. ``restarted_at`` is the annotation that a rollout restart writes.

    A ``paused`` Deployment accepts the annotation and restarts nothing.
    """

    name: str
    replicas: int
    ready: int
    updated: int
    generation: int
    observed_generation: int
    strategy: str
    restarted_at: str = ""
    paused: bool = False

    @property
    def rolled_out(self) -> bool:
        """Whether the controller has observed the latest change and every replica runs it."""
        return (
            self.observed_generation >= self.generation
            and self.updated == self.replicas
            and self.ready == self.replicas
        )


READY = "ready"
PENDING = "pending "
"""What :attr:`Row.hub` is for a ready server, and what it begins with for a pending one."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One server in all three views. ``hub`` is its state in the hub: ``ready``, ``absent``,
    ``pending spawn``, ``unread`` if the hub could not be read, or ``other pod`` for a second pod of the
    same server. ``why`` is the reason for the condition; it may be empty.
    """

    user: str
    server: str
    hub: str
    condition: Condition
    why: str = ""
    pod: Pod | None = None
    route: RouteState = RouteState.UNKNOWN
    started: datetime | None = None
    last_activity: datetime | None = None

    @property
    def key(self) -> ServerKey:
        """The server's key."""
        return self.user, self.server

    @property
    def is_ready(self) -> bool:
        """Whether the hub says that the server is ready."""
        return self.hub == READY

    @property
    def is_pending(self) -> bool:
        """Whether the hub is starting, stopping or checking the server."""
        return self.hub.startswith(PENDING)


@lru_cache(maxsize=CACHED)
def _address_of(target: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address in a URL; None for a host name. Each pod is compared with all routes."""
    try:
        return _address(urlsplit(target).hostname or "")
    except ValueError:
        return None


@lru_cache(maxsize=CACHED)
def _address(text: str) -> IPv4Address | IPv6Address:
    """Parse an IP address. An IPv4-mapped IPv6 address becomes the IPv4 address."""
    found = ip_address(text)
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
