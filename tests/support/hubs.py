"""Fixed facts about a hub. Each builder returns a named situation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zlib import crc32

from bot.domain.classifier import join_views
from bot.domain.evidence import Fact, Known, Unknown, View
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import (
    Deployment,
    Health,
    HubAccess,
    Place,
    Pod,
    PodEvent,
    Route,
    Server,
    ServerKey,
)
from bot.domain.rights import Right
from bot.domain.snapshot import HubSnapshot

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(hours=2)
PLACE = Place(hub="datahub", cluster="teaching", namespace="datahub-prod")
PROXY = Deployment(
    name="proxy",
    replicas=1,
    ready=1,
    updated=1,
    generation=4,
    observed_generation=4,
    strategy="Recreate",
)
RELEASE = "datahub"
T = TypeVar("T")
SCOPES = frozenset(
    {"list:users", "read:users:name", "read:servers", "delete:servers", "start:servers", "proxy"}
)
ACCESS = HubAccess(version="6.1.1", scopes=SCOPES)


def server(user: str, *, pending: str = "", name: str = "") -> Server:
    """A ready or pending server."""
    return Server(
        user=user,
        name=name,
        ready=not pending,
        pending=pending,
        started=NOW - timedelta(minutes=2) if pending == "spawn" else LONG_AGO,
        last_activity=NOW - timedelta(minutes=2),
    )


def pod(user: str, *, name: str = "", phase: str = "Running", reason: str = "") -> Pod:
    """A user's pod, two hours old."""
    return Pod(
        name=f"jupyter-{user}" + (f"--{name}" if name else ""),
        uid=f"uid-{user}{name}",
        phase=phase,
        reason=reason,
        user=user,
        server=name,
        created_at=LONG_AGO,
        ready=phase == "Running",
        component="singleuser-server",
        release=RELEASE,
        node="user-node-1" if phase != "Pending" else "",
        ips=(address(user, name),) if phase == "Running" else (),
    )


def address(user: str, name: str = "") -> str:
    """The address of a server's pod, unique to it."""
    number = crc32(f"{user}/{name}".encode()) % 60_000
    return f"10.1.{number // 250}.{number % 250 + 1}"


def terminating(user: str, *, seconds: float = 600) -> Pod:
    """A pod on a dead node, deleted ``seconds`` ago with a grace period of 30."""
    since = NOW - timedelta(seconds=seconds)
    return replace(pod(user), deleting_since=since, grace=30, ready=False)


def route(user: str, *, name: str = "", to: str = "") -> Route:
    """A user's route to their pod, or to another address or name."""
    path = f"/user/{user}/{name}/" if name else f"/user/{user}/"
    host = to or address(user, name)
    return Route(user=user, server=name, path=path, target=f"http://{host}:8888")


def late_spawn(user: str, *, minutes: float = 11) -> Server:
    """A server whose start exceeds the hub's timeout."""
    return replace(server(user, pending="spawn"), started=NOW - timedelta(minutes=minutes))


def facts(
    *,
    servers: tuple[Server, ...] | View[Server] | None = (),
    pods: tuple[Pod, ...] | View[Pod] | None = (),
    routes: tuple[Route, ...] | View[Route] | None = (),
    events: View[PodEvent] | None = None,
    since: Mapping[ServerKey, datetime] | None = None,
    people: Mapping[str, Fact[bool]] | None = None,
    health: Health | None = None,
    access: Fact[HubAccess] | None = None,
    proxy: Deployment | None = PROXY,
    proxy_pods: tuple[Pod, ...] = (),
    rights: Mapping[Right, Fact[bool]] | None = None,
    resynced_at: datetime | None = None,
    at: datetime = NOW,
) -> HubFacts:
    """Facts joined from the three views; None for a view that could not be read.

    The hub knows all users outside ``people``. The list of pods is complete.
    """
    views = (_view(Part.SERVERS, servers), _view(Part.PODS, pods), _view(Part.ROUTES, routes))
    users = {found.user for found in views[1].items}
    known: dict[str, Fact[bool]] = {user: Known(value=True) for user in users}
    snapshot = HubSnapshot(
        servers=views[0],
        pods=views[1],
        routes=views[2],
        events=events or View(),
        since=since or {},
        people=known | dict(people or {}),
        release=RELEASE,
    )
    return HubFacts(
        place=PLACE,
        read_at=at,
        health=Known(value=health or Health(hub=True, proxy=True)),
        access=access or Known(value=ACCESS),
        servers=views[0],
        pods=views[1],
        routes=views[2],
        events=events or View(),
        rows=join_views(snapshot, at),
        proxy=Known(value=proxy) if proxy else Unknown(why="No proxy today."),
        proxy_pods=View(items=proxy_pods),
        rights=rights or {},
        people=known | dict(people or {}),
        last_done={"resync-routes": resynced_at} if resynced_at else {},
    )


def _view(part: Part, items: tuple[T, ...] | View[T] | None) -> View[T]:
    if items is None:
        return View.unread(f"No {part} today.")
    return items if isinstance(items, View) else View(items=items)


def healthy(*users: str) -> HubFacts:
    """Every server ready, running and routed."""
    return facts(
        servers=tuple(map(server, users)),
        pods=tuple(map(pod, users)),
        routes=tuple(map(route, users)),
    )


def evicted(*users: str, resynced_at: datetime | None = None) -> HubFacts:
    """The proxy restarted without routes; the rest is healthy."""
    return facts(
        servers=tuple(map(server, users)), pods=tuple(map(pod, users)), resynced_at=resynced_at
    )


def stuck() -> HubFacts:
    """Servers of most kinds that can be cleared, and some that must stay."""
    since = NOW - timedelta(minutes=5)
    return facts(
        servers=(
            server("stop", pending="stop"),
            server("gone"),
            server("unsent", pending="stop"),
            late_spawn("spawn"),
            server("check", pending="check"),
            server("crash"),
            server("unrouted"),
            server("fine"),
        ),
        pods=(
            terminating("stop"),
            terminating("gone"),
            pod("unsent"),
            pod("spawn", phase="Pending", reason="ImagePullBackOff"),
            pod("check"),
            replace(pod("crash", reason="CrashLoopBackOff"), ready=False, restarts=12),
            pod("orphan"),
            pod("unrouted"),
            pod("fine"),
        ),
        routes=(route("fine"), route("gone"), route("crash")),
        since={("unsent", ""): since, ("check", ""): since},
    )


def stale() -> HubFacts:
    """A record without a pod beside a healthy server."""
    return facts(
        servers=(replace(server("stale"), last_activity=LONG_AGO), server("fine")),
        pods=(pod("fine"),),
        routes=(route("fine"), route("stale")),
    )
