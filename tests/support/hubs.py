"""Facts about a hub, written down instead of read: each builder is a situation that has a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.hubs import Deployment, Gap, Health, HubFacts, Part, Place, Pod, Route, Server
from bot.domain.table import Views, join

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


def server(user: str, *, pending: str = "", name: str = "") -> Server:
    """A server that is ready, or that is pending."""
    return Server(
        user=user,
        name=name,
        ready=not pending,
        pending=pending,
        started=NOW - timedelta(minutes=2) if pending == "spawn" else LONG_AGO,
        last_activity=NOW - timedelta(minutes=2),
    )


def pod(user: str, *, name: str = "", phase: str = "Running", reason: str = "") -> Pod:
    """A user's pod of two hours ago."""
    return Pod(
        name=f"jupyter-{user}" + (f"--{name}" if name else ""),
        uid=f"uid-{user}{name}",
        phase=phase,
        reason=reason,
        user=user,
        server=name,
        created_at=LONG_AGO,
        ready=phase == "Running",
    )


def terminating(user: str, *, seconds: float = 600) -> Pod:
    """A pod whose deletion was asked for so many seconds ago, with 30 seconds of grace."""
    return replace(pod(user), deleting_since=NOW - timedelta(seconds=seconds), grace=30)


def route(user: str, *, name: str = "") -> Route:
    """A user's route."""
    path = f"/user/{user}/{name}/" if name else f"/user/{user}/"
    return Route(user=user, server=name, path=path, target="http://10.0.0.7:8888")


def facts(
    *,
    servers: tuple[Server, ...] | None = (),
    pods: tuple[Pod, ...] | None = (),
    routes: tuple[Route, ...] | None = (),
    health: Health | None = None,
    proxy: Deployment | None = PROXY,
    gaps: tuple[Gap, ...] = (),
    resynced_at: datetime | None = None,
    at: datetime = NOW,
) -> HubFacts:
    """Facts joined from the three views; None for a view that could not be read."""
    unread = [
        (Part.SERVERS, servers),
        (Part.PODS, pods),
        (Part.ROUTES, routes),
        (Part.PROXY, proxy),
    ]
    found = tuple(Gap(part=p, why=f"No {p} today.") for p, view in unread if view is None)
    return HubFacts(
        place=PLACE,
        read_at=at,
        health=health or Health(hub=True, proxy=True),
        rows=join(Views(servers=servers, pods=pods, routes=routes), at),
        routes=None if routes is None else len(routes),
        proxy=proxy,
        gaps=(*found, *gaps),
        resynced_at=resynced_at,
    )


def healthy(*users: str) -> HubFacts:
    """Every server ready, running and routed."""
    return facts(
        servers=tuple(map(server, users)),
        pods=tuple(map(pod, users)),
        routes=tuple(map(route, users)),
    )


def evicted(*users: str, resynced_at: datetime | None = None) -> HubFacts:
    """The proxy came back without routes; everything else is well."""
    return facts(
        servers=tuple(map(server, users)), pods=tuple(map(pod, users)), resynced_at=resynced_at
    )


def stuck() -> HubFacts:
    """One server of each stuck kind, and two that are not to be touched."""
    return facts(
        servers=(
            server("stop", pending="stop"),
            server("stale"),
            server("spawn", pending="spawn"),
            server("lost", pending="stop"),
            server("unrouted"),
            server("fine"),
        ),
        pods=(
            terminating("stop"),
            pod("spawn", phase="Pending", reason="ImagePullBackOff"),
            pod("orphan"),
            pod("unrouted"),
            pod("fine"),
        ),
        routes=(route("fine"), route("stale")),
    )
