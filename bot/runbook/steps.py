"""The steps there are, each with the measure that proves it."""

from __future__ import annotations

from bot.domain.hubs import Deployment, HubFacts, Row
from bot.domain.plans import Measure, MeasureKind, Step, StepVerb

ROUTES_APART = 15.0
"""Seconds between the two looks that prove a restarted proxy, as operators do it by hand."""

SETTLES_WITHIN = 90.0
ROLLOUT_WITHIN = 300.0


def resync_routes(*, looks: int = 1) -> Step:
    """Have the hub write every missing route; harmless when repeated. ``looks`` in a row prove it."""
    return Step(
        id=StepVerb.RESYNC_ROUTES,
        verb=StepVerb.RESYNC_ROUTES,
        target="routes",
        measure=Measure(
            kind=MeasureKind.ROUTED,
            times=looks,
            apart=ROUTES_APART if looks > 1 else 2.0,
            within=120.0,
        ),
    )


def restart_proxy(facts: HubFacts, proxy: Deployment) -> Step:
    """Restart the proxy's rollout; the stored time of the facts makes a replay change nothing.

    It is finer than the whole seconds that ``kubectl`` writes, so that no other restart has the same.
    """
    at = facts.read_at.isoformat()
    return Step(
        id=f"{StepVerb.RESTART_PROXY}:{proxy.name}:{proxy.generation}",
        verb=StepVerb.RESTART_PROXY,
        target=proxy.name,
        args={"deployment": proxy.name, "at": at},
        measure=Measure(kind=MeasureKind.ROLLED_OUT, args={"at": at}, within=ROLLOUT_WITHIN),
        destructive=True,
    )


def stop_server(row: Row) -> Step:
    """Have the hub give up a server; ``was`` is the condition that must still hold."""
    return Step(
        id=f"{StepVerb.STOP_SERVER}:{row.user}/{row.server}:{row.condition}:{_uid(row)}",
        verb=StepVerb.STOP_SERVER,
        target=server_name(row),
        args={"user": row.user, "server": row.server, "was": row.condition},
        measure=_settled(row),
        destructive=True,
    )


def force_delete_pod(row: Row) -> Step:
    """Delete a pod without waiting for its node, by its uid; the container may live on."""
    return _pod_step(StepVerb.FORCE_DELETE_POD, row, _settled(row))


def delete_pod(row: Row) -> Step:
    """Delete a pod in its own grace time, by its uid."""
    gone = Measure(kind=MeasureKind.POD_GONE, args={"uid": _uid(row)}, within=SETTLES_WITHIN)
    return _pod_step(StepVerb.DELETE_POD, row, gone)


def server_name(row: Row) -> str:
    """What people call a server: the user, with the name behind a slash where it has one."""
    return f"{row.user}/{row.server}" if row.server else row.user


def _pod_step(verb: StepVerb, row: Row, measure: Measure) -> Step:
    if row.pod is None:
        raise ValueError(f"{server_name(row)} has no pod to delete")
    return Step(
        id=f"{verb}:{row.pod.name}:{row.pod.uid}",
        verb=verb,
        target=row.pod.name,
        args={
            "user": row.user,
            "server": row.server,
            "pod": row.pod.name,
            "uid": row.pod.uid,
            "was": row.condition,
        },
        measure=measure,
        destructive=True,
    )


def _settled(row: Row) -> Measure:
    args = {"user": row.user, "server": row.server, "uid": _uid(row)}
    return Measure(kind=MeasureKind.SETTLED, args=args, within=SETTLES_WITHIN)


def _uid(row: Row) -> str:
    return row.pod.uid if row.pod else ""
