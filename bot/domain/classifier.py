"""The hub × pod × route table: which condition a server is in, by what the three parties say.

| hub says | pod | route | condition |
| --- | --- | --- | --- |
| ready | Running | there | ok |
| ready | Running | missing | unrouted |
| ready | none or finished | any | stale record |
| pending spawn | Pending for long, or its image cannot be had | any | stuck spawn |
| pending stop | Terminating beyond its grace time | any | stuck stop |
| pending stop | none | any | lost events |
| absent | Running | any | orphan |

Whatever it does not name is starting, stopping or unclear, and no runbook touches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.hubs import Condition, Pod, Route, Row, Server

IMAGE_TROUBLE = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
    }
)
"""Waiting reasons of which a spawning pod is not cured by waiting (kubernetes.io, pod status)."""

FINISHED = frozenset({"Failed", "Succeeded"})
"""Pod phases in which no container runs any more; an evicted pod is ``Failed``."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long something may take before it counts as stuck.

    ``spawn`` is the hub's ``start_timeout``; ``stop`` runs from the end of the pod's grace time;
    ``orphan`` spares pods so young that the hub's record may still be on its way.
    """

    spawn: timedelta = timedelta(minutes=5)
    stop: timedelta = timedelta(seconds=10)
    orphan: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Views:
    """The three views before they are joined; None for one that could not be read."""

    servers: Sequence[Server] | None
    pods: Sequence[Pod] | None
    routes: Sequence[Route] | None
    patience: Patience = field(default_factory=Patience)


def join(views: Views, now: datetime) -> tuple[Row, ...]:
    """One row per server, in order of user and server name.

    Pods are matched by annotation, never by a computed name: two escaping schemes exist. Finished
    pods that the hub does not know are left out: nothing runs in them.
    """
    servers = {(s.user, s.name): s for s in views.servers or () if s.ready or s.pending}
    pods: dict[tuple[str, str], list[Pod]] = {}
    for pod in views.pods or ():
        if pod.user and ((pod.user, pod.server) in servers or pod.phase not in FINISHED):
            pods.setdefault((pod.user, pod.server), []).append(pod)
    routed = {(route.user, route.server) for route in views.routes or ()}
    rows = []
    for key in sorted({*servers, *pods}):
        server = servers.get(key)
        ranked = sorted(pods.get(key, ()), key=_liveliness)
        first = ranked[0] if ranked else None
        rows.append(
            Row(
                user=key[0],
                server=key[1],
                hub=_hub_word(server, known=views.servers is not None),
                condition=classify(server, first, key in routed, views, now),
                pod=first,
                routed=None if views.routes is None else key in routed,
                started=server.started if server else None,
                last_activity=server.last_activity if server else None,
            )
        )
        rows += [_second_pod(key, pod) for pod in ranked[1:]]
    return tuple(rows)


def classify(
    server: Server | None, pod: Pod | None, routed: bool, views: Views, now: datetime
) -> Condition:
    """The table's verdict on a server; ``UNCLEAR`` rather than a guess where a view is missing."""
    if views.servers is None:
        return Condition.UNCLEAR
    if server is None:
        return _unknown_to_hub(pod, views.patience, now)
    if server.pending == "stop":
        return _pending_stop(pod, views, now)
    if server.pending:
        return _pending_spawn(server, pod, views, now)
    if views.pods is None:
        if views.routes is None:
            return Condition.UNCLEAR
        return Condition.OK if routed else Condition.UNROUTED
    if pod is None or pod.phase in FINISHED:
        return Condition.STALE_RECORD
    if pod.deleting_since is not None:
        return Condition.STOPPING if not _overdue(pod, views.patience, now) else Condition.UNCLEAR
    if pod.phase != "Running" or views.routes is None:
        return Condition.UNCLEAR
    return Condition.OK if routed else Condition.UNROUTED


def _unknown_to_hub(pod: Pod | None, patience: Patience, now: datetime) -> Condition:
    if pod is None or pod.phase in FINISHED:
        return Condition.UNCLEAR
    if pod.deleting_since is not None:
        return Condition.ORPHAN if _overdue(pod, patience, now) else Condition.STOPPING
    young = pod.created_at is None or now - pod.created_at < patience.orphan
    return Condition.STARTING if young else Condition.ORPHAN


def _pending_stop(pod: Pod | None, views: Views, now: datetime) -> Condition:
    if views.pods is None:
        return Condition.STOPPING
    if pod is None:
        return Condition.LOST_EVENTS
    if pod.deleting_since is not None and _overdue(pod, views.patience, now):
        return Condition.STUCK_STOP
    return Condition.STOPPING


def _pending_spawn(server: Server, pod: Pod | None, views: Views, now: datetime) -> Condition:
    if server.pending != "spawn":
        return Condition.STARTING
    late = server.started is not None and now - server.started > views.patience.spawn
    hopeless = pod is not None and pod.phase == "Pending" and pod.reason in IMAGE_TROUBLE
    return Condition.STUCK_SPAWN if late or hopeless else Condition.STARTING


def _overdue(pod: Pod, patience: Patience, now: datetime) -> bool:
    since = pod.deleting_since
    return since is not None and now > since + timedelta(seconds=pod.grace) + patience.stop


def _hub_word(server: Server | None, *, known: bool) -> str:
    if not known:
        return "unread"
    if server is None:
        return "absent"
    return f"pending {server.pending}" if server.pending else "ready"


def _second_pod(key: tuple[str, str], pod: Pod) -> Row:
    leaving = pod.deleting_since is not None or pod.phase in FINISHED
    return Row(
        user=key[0],
        server=key[1],
        hub="other pod",
        condition=Condition.STOPPING if leaving else Condition.UNCLEAR,
        pod=pod,
    )


def _liveliness(pod: Pod) -> tuple[bool, bool, str]:
    return pod.phase in FINISHED, pod.deleting_since is not None, pod.name
