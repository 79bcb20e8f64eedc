"""A hub as three parties see it: the hub's records, the cluster's pods and the proxy's routes.

Most outages of a JupyterHub on Kubernetes are a disagreement between these three. Each server has
one :class:`Row` of facts and one :class:`Condition`; ``bot.domain.classifier`` makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

ServerKey = tuple[str, str]
"""A user's name and a server's; the latter is empty for the default server."""


class Condition(StrEnum):
    """What the hub × pod × route table says about one server (``bot.domain.classifier``)."""

    OK = "ok"
    UNROUTED = "unrouted"  # ready and running, but the proxy has no route to it: the work is safe
    STALE_ROUTE = "stale_route"  # the same, but its route leads to another address
    CRASHING = "crashing"
    LOST_NODE = "lost_node"  # the hub says ready, the pod's deletion never ends
    STALE_RECORD = "stale_record"  # the hub says ready, no pod runs
    STUCK_SPAWN = "stuck_spawn"
    STUCK_STOP = "stuck_stop"
    UNSENT_STOP = "unsent_stop"  # the hub waits for a stop that never reached the cluster
    LOST_EVENTS = "lost_events"  # the hub waits for a stop whose pod is gone already
    HUNG_CHECK = "hung_check"  # the hub's own check of a server does not end
    ORPHAN = "orphan"  # a pod runs that the hub does not know
    STUCK_ORPHAN = "stuck_orphan"  # the same, and its deletion never ends
    STARTING = "starting"
    STOPPING = "stopping"
    CHECKING = "checking"
    UNKNOWN = "unknown"  # the evidence is missing or contradicts itself: nobody touches it


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
"""Conditions that do not end without help."""


class RouteState(StrEnum):
    """What the proxy's table says about one server."""

    LEADS = "leads"  # to the pod's address, or to a name that cannot be compared with it
    MISSING = "missing"
    ELSEWHERE = "elsewhere"  # to another address than the pod's
    UNKNOWN = "unknown"


class Diagnosis(StrEnum):
    """What is broken, as far as health checks and the route deficit can tell."""

    WELL = "well"
    HUB_DOWN = "hub_down"
    PROXY_DOWN = "proxy_down"  # or the ingress or DNS before it
    BOTH_DOWN = "both_down"  # neither hub nor proxy answers
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
    """Whether hub and proxy answer at the public address.

    A hub that answers there proves the proxy, whichever it is. ``proxy`` is None where the hub does
    not answer and what stands at the address may be some other proxy than configurable-http-proxy.
    """

    hub: bool
    proxy: bool | None


@dataclass(frozen=True, kw_only=True)
class HubAccess:
    """The hub's version, empty where it does not say, its clock, and the scopes that it gives the token.

    A scope that is filtered (``list:users!group=a``) is another scope than the same without a filter.
    """

    version: str
    scopes: frozenset[str]
    clock: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server in the hub's records. ``name`` is empty for a user's default server.

    ``pending`` is ``spawn``, ``stop``, ``check`` or empty. ``started`` is when its start was asked for,
    so it also tells two servers of one name apart.
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

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The IP address it leads to; None for a name, which says nothing about any pod."""
        try:
            return _address(urlsplit(self.target).hostname or "")
        except ValueError:
            return None


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod. ``user`` and ``server`` are the raw names from its annotations, empty without any.

    ``reason`` says why it is not running (``ImagePullBackOff``, ``Evicted``, ``Unschedulable``) and
    ``message`` what goes with that, such as the scheduler's words. ``deleting_since`` is when a deletion
    was asked for, ``grace`` the seconds it was given then. ``release`` is its Helm release by its labels.
    ``ready`` holds only where neither its containers nor its ``Ready`` condition say otherwise: of a
    node that died the condition alone is updated. ``last_exit`` and ``last_exit_at`` tell how and when
    a container of it last ended (``OOMKilled``).
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

    @property
    def finished(self) -> bool:
        """No container of it runs any more; an evicted pod is ``Failed``."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def may_run(self) -> bool:
        """Some container of it may run; of a node that does not answer nobody knows."""
        return not self.finished and self.phase != "Pending"

    def has_address(self, address: IPv4Address | IPv6Address | None) -> bool:
        """Whether this is an address of the pod."""
        return address is not None and any(_address(ip) == address for ip in self.ips)


@dataclass(frozen=True, kw_only=True)
class PodEvent:
    """What the cluster reported of a pod lately; events are best effort and live for an hour."""

    pod_uid: str
    reason: str
    message: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A Deployment's rollout. ``restarted_at`` is the annotation that a rollout restart writes.

    A ``paused`` one takes the annotation and restarts nothing.
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
        """The controller has seen the latest change and every replica runs it."""
        return (
            self.observed_generation >= self.generation
            and self.updated == self.replicas
            and self.ready == self.replicas
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One server in all three views. ``hub`` is the hub's word for it: ``ready``,
    ``absent``, ``pending spawn``, ``unread`` when it could not be asked, and ``other pod`` for a
    second pod of the same server. ``why`` is the reason for the condition, empty where the words of the
    condition say all.
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
        """Which server it is."""
        return self.user, self.server


def _address(text: str) -> IPv4Address | IPv6Address:
    """The address; one of IPv4 that is written as IPv6 is the same."""
    found = ip_address(text)
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
