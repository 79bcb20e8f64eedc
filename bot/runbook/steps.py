"""The steps there are, each with the measure that proves it."""

from __future__ import annotations

from bot.domain.facts import HubFacts
from bot.domain.hubs import Deployment, Right, Row
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
        needs=(Right.PROXY,),
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
        needs=(Right.PATCH_DEPLOYMENT,),
        loses=tuple(server_name(row) for row in facts.rows if row.hub == "ready"),
    )


def stop_server(row: Row) -> Step:
    """Have the hub give a server up."""
    return Step(
        id=f"{StepVerb.STOP_SERVER}:{_identity(row)}",
        verb=StepVerb.STOP_SERVER,
        target=server_name(row),
        args={"user": row.user, "server": row.server},
        measure=_settled(row),
        destructive=True,
        needs=(Right.DELETE_SERVERS,),
        loses=_lost(row),
    )


def force_delete_pod(row: Row) -> Step:
    """Delete a pod without waiting for its node, by its uid; the container may live on.

    It is done when the hub's record is gone as well. Where the hub calls the server ready, the pod's end
    is enough: the hub notices it at its next poll.
    """
    gone = row.hub == "ready"
    return _pod_step(StepVerb.FORCE_DELETE_POD, row, _pod_gone(row) if gone else _settled(row))


def delete_pod(row: Row) -> Step:
    """Delete a pod in its own grace time, by its uid."""
    return _pod_step(StepVerb.DELETE_POD, row, _pod_gone(row))


def server_name(row: Row) -> str:
    """What people call a server: the user, with the name behind a slash where it has one."""
    return f"{row.user}/{row.server}" if row.server else row.user


def _pod_step(verb: StepVerb, row: Row, measure: Measure) -> Step:
    if row.pod is None:
        raise ValueError(f"{server_name(row)} has no pod to delete")
    return Step(
        id=f"{verb}:{_identity(row)}",
        verb=verb,
        target=row.pod.name,
        args={
            "user": row.user,
            "server": row.server,
            "pod": row.pod.name,
            "uid": row.pod.uid,
        },
        measure=measure,
        destructive=True,
        needs=(Right.GET_PODS, Right.DELETE_PODS),
        loses=_lost(row),
    )


def _identity(row: Row) -> str:
    """Which server it is and what is wrong with it: another start or another pod is another one."""
    started = row.started.isoformat() if row.started else ""
    return f"{row.user}/{row.server}:{row.condition}:{started}:{_uid(row)}"


def _lost(row: Row) -> tuple[str, ...]:
    """Whose work may end with it."""
    return (server_name(row),) if row.pod is not None and row.pod.may_run else ()


def _settled(row: Row) -> Measure:
    args = {
        "user": row.user,
        "server": row.server,
        "uid": _uid(row),
        "started": row.started.isoformat() if row.started else "",
    }
    return Measure(kind=MeasureKind.SETTLED, args=args, within=SETTLES_WITHIN)


def _pod_gone(row: Row) -> Measure:
    return Measure(kind=MeasureKind.POD_GONE, args={"uid": _uid(row)}, within=SETTLES_WITHIN)


def _uid(row: Row) -> str:
    return row.pod.uid if row.pod else ""
