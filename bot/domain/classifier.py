"""Classifies each server by its hub record, its pod and its route.

A step that ends a server requires evidence from every system that could show it alive. Each branch below
returns a condition only if the views it depends on are complete; otherwise it returns ``UNKNOWN`` with a
reason. The README has the same rules as a table, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import reasons
from bot.domain.evidence import Unknown, View
from bot.domain.hubs import (
    PENDING,
    READY,
    Condition,
    Pod,
    PodEvent,
    RouteState,
    Row,
    Server,
    ServerKey,
)
from bot.domain.renames import pod_by_its_name, possible_renames
from bot.domain.snapshot import HubSnapshot, JoinedViews

CRASHES = frozenset({"CrashLoopBackOff", "OOMKilled", "Error", "ContainerCannotRun", "StartError"})
"""Reasons of a container that started and doesn't run (kubernetes.io, pod lifecycle)."""

ADDS_A_NODE = frozenset({"TriggeredScaleUp", "Nominated"})
"""Events of the cluster autoscaler and Karpenter when they add a node for a pod."""

PROGRESS = frozenset({"Scheduled", "SuccessfulAttachVolume", "Pulling", "Pulled"})
"""Events of a pod between its scheduling and its first container."""

BEING_CREATED = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a Pending pod that is still starting. A failing image pull repeats the same events."""

RESTARTS = 3
RECENTLY = timedelta(minutes=10)
"""A container with this many restarts, the last one this recent, is crashing even while it runs."""

ENDS_A_POD = frozenset(
    {
        Condition.LOST_NODE,
        Condition.STUCK_STOP,
        Condition.UNSENT_STOP,
        Condition.ORPHAN,
        Condition.STUCK_ORPHAN,
    }
)
"""Conditions whose fix deletes a pod."""

IN_ONE_VIEW = frozenset(
    {
        Condition.STALE_RECORD,
        Condition.STUCK_SPAWN,
        Condition.ORPHAN,
        Condition.STUCK_ORPHAN,
    }
)
"""Conditions of servers that the hub or the cluster may not show at all."""

Verdict = tuple[Condition, str]


def join_views(snapshot: HubSnapshot, now: datetime) -> tuple[Row, ...]:
    """Return one row per server, sorted by user and server name.

    Pods are matched by annotation and not by a computed name, because two escaping schemes exist.
    Finished pods without a record are omitted: nothing runs in them.
    """
    joined = JoinedViews.of(snapshot)
    renamed = possible_renames(joined, now)
    return tuple(
        replace(row, condition=Condition.UNKNOWN, why=renamed[row.key])
        if row.key in renamed and row.condition in IN_ONE_VIEW
        else row
        for key in joined.keys
        for row in _rows(joined, key, now)
    )


def unmatched_users(snapshot: HubSnapshot, now: datetime) -> tuple[str, ...]:
    """Return the users whose pods have no record; the caller asks the hub whether it knows them.

    A pod that exists beyond its grace period and isn't ready is judged without that.
    """
    joined = JoinedViews.of(snapshot)
    return tuple(
        dict.fromkeys(
            key[0]
            for key in joined.keys
            if key not in joined.records
            and any(pod.ready or not snapshot.is_overdue(pod, now) for pod in joined.living(key))
        )
    )


def has_late_start(snapshot: HubSnapshot, now: datetime) -> bool:
    """Return whether any start is late, which makes pod events relevant."""
    return any(
        server.pending == "spawn" and snapshot.is_late(server, now)
        for server in snapshot.servers.items
    )


# --- rows --------------------------------------------------------------------------------------


def _rows(joined: JoinedViews, key: ServerKey, now: datetime) -> list[Row]:
    record = joined.records.get(key)
    condition, why = _verdict(joined, key, now)
    living = joined.living(key)
    shown = next(iter((*living, *joined.finished(key))), None)
    row = Row(
        user=key[0],
        server=key[1],
        hub=_hub_state(record, joined.snapshot.servers),
        condition=condition,
        why=why,
        pod=shown,
        route=joined.route_state(key),
        started=record.started if record else None,
        last_activity=record.last_activity if record else None,
    )
    return [row, *(_second_pod(joined, key, pod, now) for pod in living[1:])]


def _second_pod(joined: JoinedViews, key: ServerKey, pod: Pod, now: datetime) -> Row:
    leaving = pod.deleting_since is not None and not joined.snapshot.is_overdue(pod, now)
    return Row(
        user=key[0],
        server=key[1],
        hub="other pod",
        condition=Condition.STOPPING if leaving else Condition.UNKNOWN,
        why="" if leaving else reasons.SECOND_POD.format(pod=pod.name),
        pod=pod,
    )


# --- verdicts ----------------------------------------------------------------------------------


def _verdict(joined: JoinedViews, key: ServerKey, now: datetime) -> Verdict:
    record = joined.records.get(key)
    living = joined.living(key)
    if record is None:
        found = _without_record(joined, key, living, now)
    elif record.pending == "spawn":
        found = _pending_spawn(joined, key, record, living, now)
    elif record.pending == "stop":
        found = _pending_stop(joined, key, living, now)
    elif record.pending == "check":
        found = _pending_check(joined, key, now)
    elif record.pending:
        found = _unknown(reasons.UNKNOWN_PENDING.format(pending=record.pending))
    else:
        found = _ready(joined, key, living, now)
    healthy = (Condition.OK, Condition.UNROUTED, Condition.STALE_ROUTE)
    if len(living) > 1 and found[0] not in healthy:
        names = ", ".join(pod.name for pod in living)
        return _unknown(reasons.SEVERAL_PODS.format(number=len(living), names=names))
    unlabelled = any(pod.release != joined.snapshot.release for pod in joined.pods.get(key, ()))
    if unlabelled and found[0] in ENDS_A_POD:
        return _unknown(reasons.NO_RELEASE)
    return found


def _ready(joined: JoinedViews, key: ServerKey, living: Sequence[Pod], now: datetime) -> Verdict:
    snapshot = joined.snapshot
    if not living:
        return (
            _unknown_if_pod_hidden(joined, key)
            or _unknown_if_routed_to_live_pod(joined, key)
            or (Condition.STALE_RECORD, "")
        )
    pod = living[0]
    if pod.deleting_since is not None:
        if not snapshot.is_overdue(pod, now):
            return Condition.STOPPING, ""
        if pod.ready:
            return _unknown(reasons.READY_WHILE_DELETED)
        return Condition.LOST_NODE, ""
    if pod.phase != "Running":
        return _unknown(reasons.NOT_RUNNING.format(state=pod.reason or pod.phase))
    if _crashes(pod, now):
        return Condition.CRASHING, _crash_summary(pod)
    if not pod.ready:
        return _unknown(reasons.NOT_READY)
    state = joined.route_state(key)
    if state is RouteState.UNKNOWN:
        return _unknown(snapshot.routes.unknown)
    if state is RouteState.MISSING:
        return Condition.UNROUTED, ""
    return (Condition.OK if state is RouteState.LEADS else Condition.STALE_ROUTE), ""


def _pending_spawn(
    joined: JoinedViews, key: ServerKey, record: Server, living: Sequence[Pod], now: datetime
) -> Verdict:
    snapshot = joined.snapshot
    if not snapshot.is_late(record, now):
        return Condition.STARTING, ""
    if not living and (elsewhere := _unknown_if_pod_hidden(joined, key)):
        return elsewhere
    if living and not snapshot.events.complete:
        return _unknown(snapshot.events.unknown)
    for pod in living:
        if pod.ready:
            return _unknown(reasons.READY_WHILE_PENDING)
        if pod.deleting_since is not None:
            return _unknown(reasons.DELETED_WHILE_PENDING)
        if not pod.node and _node_is_added(pod, snapshot.events.items):
            return Condition.STARTING, reasons.NODE_IS_ADDED
        if _makes_progress(pod, snapshot.events.items, now - snapshot.thresholds.start):
            return Condition.STARTING, reasons.STILL_CREATED
        if pod.phase != "Pending" and not _crashes(pod, now):
            return _unknown(reasons.PENDING_BUT_RUNNING.format(phase=pod.phase))
        if route := joined.possible_route(pod):
            return _unknown(route)
    return _unknown_if_routed(joined, key) or (Condition.STUCK_SPAWN, _pod_reason(living))


def _pending_stop(
    joined: JoinedViews, key: ServerKey, living: Sequence[Pod], now: datetime
) -> Verdict:
    snapshot = joined.snapshot
    waited = snapshot.pending_for(key, now) >= snapshot.thresholds.unsent_stop
    if not living:
        if joined.finished(key):
            return Condition.STUCK_STOP, ""
        if not snapshot.pods.complete:
            return _unknown(snapshot.pods.unknown)
        return (Condition.LOST_EVENTS if waited else Condition.STOPPING), ""
    pod = living[0]
    if pod.deleting_since is not None:
        stuck = snapshot.is_overdue(pod, now)
        return (Condition.STUCK_STOP if stuck else Condition.STOPPING), ""
    if not waited:
        return Condition.STOPPING, ""
    if not snapshot.routes.complete:
        return _unknown(snapshot.routes.unknown)
    if route := joined.possible_route(pod):
        return _unknown(reasons.STOPPING_BUT_ROUTED.format(route=route))
    return Condition.UNSENT_STOP, ""


def _pending_check(joined: JoinedViews, key: ServerKey, now: datetime) -> Verdict:
    hangs = joined.snapshot.pending_for(key, now) >= joined.snapshot.thresholds.check
    return (Condition.HUNG_CHECK if hangs else Condition.CHECKING), ""


def _without_record(
    joined: JoinedViews, key: ServerKey, living: Sequence[Pod], now: datetime
) -> Verdict:
    snapshot, pod = joined.snapshot, living[0]
    if not snapshot.servers.complete:
        return _unknown(snapshot.servers.unknown)
    overdue = snapshot.is_overdue(pod, now)
    if pod.deleting_since is not None and not overdue:
        return Condition.STOPPING, ""
    if not overdue and pod.created_at is None:
        return _unknown(reasons.AGE_UNKNOWN)
    if not overdue and pod.created_at and now - pod.created_at < snapshot.thresholds.start:
        return Condition.STARTING, ""
    if routed := _unknown_if_routed(joined, key):
        return routed
    if overdue and not pod.ready:
        return Condition.STUCK_ORPHAN, ""
    if route := joined.possible_route(pod):
        return _unknown(reasons.IN_USE.format(route=route))
    if pod.phase not in ("Running", "Pending"):
        return _unknown(reasons.PHASE.format(phase=pod.phase))
    known = snapshot.people.get(key[0], Unknown(why=reasons.NOT_ASKED))
    if isinstance(known, Unknown):
        return _unknown(known.why)
    if not known.value:
        return _unknown(reasons.NO_SUCH_USER)
    if not any(joined.matched(other) for other in joined.records):
        return _unknown(reasons.NOTHING_MATCHES)
    young = pod.created_at is None or now - pod.created_at < snapshot.thresholds.start
    if overdue and young:
        return _unknown(reasons.READY_WHILE_DELETED)
    return (Condition.STUCK_ORPHAN if overdue else Condition.ORPHAN), ""


# --- single facts ------------------------------------------------------------------------------


def _unknown(why: str) -> Verdict:
    return Condition.UNKNOWN, why


def _unknown_if_pod_hidden(joined: JoinedViews, key: ServerKey) -> Verdict | None:
    """Return unknown if a server without a live pod may have one that isn't recognised as its own."""
    if pod := joined.foreign_pod(key):
        return _unknown(reasons.FOREIGN_POD.format(pod=pod.name, release=pod.release))
    if shared := pod_by_its_name(joined, key):
        return _unknown(shared)
    if not joined.ended(key) and not joined.snapshot.pods.complete:
        return _unknown(joined.snapshot.pods.unknown)
    return None


def _unknown_if_routed(joined: JoinedViews, key: ServerKey) -> Verdict | None:
    """Return unknown if a server that should have no route has one, or if routes are incomplete."""
    if not joined.snapshot.routes.complete:
        return _unknown(joined.snapshot.routes.unknown)
    if joined.routes.get(key):
        return _unknown(reasons.IN_USE.format(route=reasons.ROUTED))
    return None


def _unknown_if_routed_to_live_pod(joined: JoinedViews, key: ServerKey) -> Verdict | None:
    """Return unknown if the route of a server without a pod may lead to a live pod.

    A route to an address that no pod has is expected: a stale record leaves one behind.
    """
    if not joined.snapshot.routes.complete:
        return _unknown(joined.snapshot.routes.unknown)
    for route in joined.routes.get(key, ()):
        if route.address is None:
            return _unknown(reasons.ROUTE_TO_NAME)
        for pod in (*joined.snapshot.pods.items, *joined.snapshot.foreign_pods):
            if not pod.finished and pod.has_address(route.address):
                return _unknown(reasons.ROUTE_TO_LIVE_POD.format(pod=pod.name))
    return None


def _crashes(pod: Pod, now: datetime) -> bool:
    lately = pod.last_exit_at is not None and now - pod.last_exit_at < RECENTLY
    if pod.ready:
        return pod.restarts >= RESTARTS and lately
    return pod.reason in CRASHES or (pod.restarts > 0 and lately)


def _crash_summary(pod: Pod) -> str:
    reason = pod.last_exit or pod.reason
    times = "once" if pod.restarts == 1 else f"{pod.restarts} times"
    return reasons.CRASHED.format(reason=reason, times=times) if pod.restarts else reason


def _node_is_added(pod: Pod, events: Sequence[PodEvent]) -> bool:
    return any(event.pod_uid == pod.uid and event.reason in ADDS_A_NODE for event in events)


def _makes_progress(pod: Pod, events: Sequence[PodEvent], since: datetime) -> bool:
    """Return whether the pod progressed after ``since``; an event without a time counts as recent."""
    return pod.reason in BEING_CREATED and any(
        event.pod_uid == pod.uid
        and event.reason in PROGRESS
        and (event.at is None or event.at > since)
        for event in events
    )


def _pod_reason(living: Sequence[Pod]) -> str:
    return living[0].reason if living else ""


def _hub_state(record: Server | None, servers: View[Server]) -> str:
    if record is not None:
        return f"{PENDING}{record.pending}" if record.pending else READY
    if not servers.read:
        return "unread"
    return "absent" if servers.complete else "unknown"
