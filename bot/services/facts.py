"""Read what a runbook needs to know, and say what could not be read.

Pods are read before the hub's records: a server that starts in between is then merely without a pod
yet, and not a pod that the hub does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from bot.domain.hubs import Condition, Gap, HubFacts, Part, Place, Row
from bot.domain.table import Patience, Views, join
from bot.errors import Retry, Tell
from bot.ports import Cluster, Hub

SERVERS = "component=singleuser-server"
"""The label that KubeSpawner gives to users' pods."""

PROXY = "component=proxy"
"""The label that the Zero to JupyterHub chart gives to the proxy's pods."""

NO_CLUSTER = "Hub {hub} has no cluster in mayday.yaml: set hubs.cluster and hubs.namespace."
NOT_EVERYONE = (
    "The token of hub {hub} does not list all users, so pods that seem to be nobody's may be "
    "somebody's: give it the scope list:users without a filter."
)

T = TypeVar("T")


def read_facts(
    hub: Hub,
    cluster: Cluster | None,
    place: Place,
    now: datetime,
    *,
    patience: Patience | None = None,
    resynced_at: datetime | None = None,
) -> HubFacts:
    """Everything that can be read now; what cannot is a gap with its reason.

    ``now`` is the real time, whatever clock an incident runs on: the ages of pods and servers are
    measured against it. ``cluster`` is None for a hub that is configured without one.
    """
    gaps: list[Gap] = []
    pods = _read(Part.PODS, gaps, lambda: _cluster(cluster, place).pods(place.namespace, SERVERS))
    servers = _read(Part.SERVERS, gaps, hub.servers)
    routes = _read(Part.ROUTES, gaps, hub.routes)
    health = _read(Part.HEALTH, gaps, hub.health)
    proxy = _read(
        Part.PROXY, gaps, lambda: _cluster(cluster, place).deployment(place.namespace, place.proxy)
    )
    proxy_pods = (
        None
        if proxy is None
        else _read(Part.PROXY, gaps, lambda: _cluster(cluster, place).pods(place.namespace, PROXY))
    )
    views = Views(servers=servers, pods=pods, routes=routes, patience=patience or Patience())
    return HubFacts(
        place=place,
        read_at=now,
        health=health,
        rows=_sure_of_orphans(join(views, now), hub, place, gaps),
        routes=None if routes is None else len(routes),
        proxy=proxy,
        proxy_pods=proxy_pods or (),
        gaps=tuple(gaps),
        resynced_at=resynced_at,
    )


def _read(part: Part, gaps: list[Gap], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (Tell, Retry) as error:
        gaps.append(Gap(part=part, why=str(error)))
        return None


def _cluster(cluster: Cluster | None, place: Place) -> Cluster:
    if cluster is None:
        raise Tell(NO_CLUSTER.format(hub=place.hub), code="no_cluster")
    return cluster


def _sure_of_orphans(
    rows: tuple[Row, ...], hub: Hub, place: Place, gaps: list[Gap]
) -> tuple[Row, ...]:
    """A token that sees some users only would make every other user's pod an orphan."""
    if not any(row.condition is Condition.ORPHAN for row in rows):
        return rows
    if _read(Part.EVERYONE, gaps, hub.sees_everyone):
        return rows
    if not any(gap.part is Part.EVERYONE for gap in gaps):
        gaps.append(Gap(part=Part.EVERYONE, why=NOT_EVERYONE.format(hub=place.hub)))
    return tuple(
        replace(row, condition=Condition.UNCLEAR) if row.condition is Condition.ORPHAN else row
        for row in rows
    )
