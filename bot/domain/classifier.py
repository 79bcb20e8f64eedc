"""The hub × pod × route table: which condition a server is in, by the evidence of all three parties.

Whatever ends a server needs evidence of its death from every party that could know. So each branch below
names a condition only where the views that it rests on are complete, and answers ``UNKNOWN`` with the
reason everywhere else. The README has the same as a table, and a test holds it to this code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.evidence import Unknown, View
from bot.domain.hubs import Condition, Pod, PodEvent, RouteState, Row, Server, ServerKey
from bot.domain.snapshot import HubSnapshot, JoinedViews, shown_name

CRASHES = frozenset({"CrashLoopBackOff", "OOMKilled", "Error", "ContainerCannotRun", "StartError"})
"""Why a container that was started does not run (kubernetes.io, pod lifecycle)."""

ADDS_A_NODE = frozenset({"TriggeredScaleUp", "Nominated"})
"""Events by which the cluster autoscaler and Karpenter say that they add a node for a pod."""

PROGRESS = frozenset({"Scheduled", "SuccessfulAttachVolume", "Pulling", "Pulled"})
"""Events of a pod on its way from the scheduler to its first container."""

BEING_CREATED = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Why a pod is Pending whose start goes on; a pull that fails is repeated with the same events."""

RESTARTS = 3
RECENTLY = timedelta(minutes=10)
"""A container that ended so often, and so lately, crashes again and again although it runs just now."""

ENDS_A_POD = frozenset(
    {
        Condition.LOST_NODE,
        Condition.STUCK_STOP,
        Condition.UNSENT_STOP,
        Condition.ORPHAN,
        Condition.STUCK_ORPHAN,
    }
)
"""Conditions whose remedy deletes a pod."""

Verdict = tuple[Condition, str]


def join_views(snapshot: HubSnapshot, now: datetime) -> tuple[Row, ...]:
    """One row for each server, in order of user and server name.

    Pods are matched by annotation, never by a computed name: two escaping schemes exist. Finished
    pods that the hub does not know are left out: nothing runs in them.
    """
    joined = JoinedViews.of(snapshot)
    rows = [row for key in joined.keys for row in _rows(joined, key, now)]
    return tuple(_without_twins(joined, rows, now))


def unmatched_users(snapshot: HubSnapshot) -> tuple[str, ...]:
    """The users of pods that the hub's records lack: whether it knows them has to be asked."""
    joined = JoinedViews.of(snapshot)
    return tuple(
        dict.fromkeys(
            user
            for user, server in joined.keys
            if (user, server) not in joined.records and joined.living((user, server))
        )
    )


def waits_for_a_node(snapshot: HubSnapshot, now: datetime) -> bool:
    """Whether some start is late enough for the events of pods to matter."""
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
        hub=_hub_word(record, joined.snapshot.servers),
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
        why="" if leaving else f"{pod.name} is a second pod of the same server",
        pod=pod,
    )


def _without_twins(joined: JoinedViews, rows: Sequence[Row], now: datetime) -> list[Row]:
    """The rows, with those unknown that may be one server under two names.

    A user who was renamed while a server ran leaves a record without a pod beside a pod without a
    record; each alone would look dead. A start too young to have a pod yet is no such record.
    """
    snapshot = joined.snapshot
    records = {
        key
        for key, record in joined.records.items()
        if not joined.pods.get(key)
        and not (record.pending == "spawn" and not snapshot.is_late(record, now))
    }
    pods = {key for key in joined.keys if key not in joined.records or len(joined.living(key)) > 1}
    if not (records and pods):
        return list(rows)
    why = {
        **dict.fromkeys(records, f"its pod may be the one of {_some(pods)}, which has no record"),
        **dict.fromkeys(pods, f"its record may be the one of {_some(records)}, which has no pod"),
    }
    ends = (
        Condition.STALE_RECORD,
        Condition.STUCK_SPAWN,
        Condition.ORPHAN,
        Condition.STUCK_ORPHAN,
    )
    return [
        replace(row, condition=Condition.UNKNOWN, why=why[row.key])
        if row.key in why and row.condition in ends
        else row
        for row in rows
    ]


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
        found = _unknown(f"the hub says pending {record.pending}, a state that mayday doesn't know")
    else:
        found = _ready(joined, key, living, now)
    healthy = (Condition.OK, Condition.UNROUTED, Condition.STALE_ROUTE)
    if len(living) > 1 and found[0] not in healthy:
        return _unknown(f"it has {len(living)} pods: {', '.join(pod.name for pod in living)}")
    unlabelled = any(pod.release != joined.snapshot.release for pod in joined.pods.get(key, ()))
    if unlabelled and found[0] in ENDS_A_POD:
        return _unknown("no label of its pod says which release it belongs to")
    return found


def _ready(joined: JoinedViews, key: ServerKey, living: Sequence[Pod], now: datetime) -> Verdict:
    snapshot = joined.snapshot
    if not living:
        return (
            _maybe_elsewhere(joined, key)
            or _routed_to_the_living(joined, key)
            or (Condition.STALE_RECORD, "")
        )
    pod = living[0]
    if pod.deleting_since is not None:
        if not snapshot.is_overdue(pod, now):
            return Condition.STOPPING, ""
        if pod.ready:
            return _unknown("its pod is still ready, long after it should have been gone")
        return Condition.LOST_NODE, ""
    if pod.phase != "Running":
        return _unknown(f"the hub says ready, but its pod is {pod.reason or pod.phase}")
    if _crashes(pod, now):
        return Condition.CRASHING, _crash_words(pod)
    if not pod.ready:
        return _unknown("its pod is not ready, and its node may not respond")
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
    if not living and (elsewhere := _maybe_elsewhere(joined, key)):
        return elsewhere
    if living and not snapshot.events.complete:
        return _unknown(snapshot.events.unknown)
    for pod in living:
        if pod.ready:
            return _unknown("its pod is ready, but the hub is still waiting for it")
        if pod.deleting_since is not None:
            return _unknown("its pod is being deleted while the hub waits for it to start")
        if not pod.node and _node_is_added(pod, snapshot.events.items):
            return Condition.STARTING, "a node is being added for it"
        if _goes_on(pod, snapshot.events.items, now - snapshot.thresholds.start):
            return Condition.STARTING, "its pod got a node late and is still being created"
        if pod.phase != "Pending" and not _crashes(pod, now):
            return _unknown(f"the hub is still waiting for it, but its pod is {pod.phase}")
        if leads := joined.leading_to(pod):
            return _unknown(leads)
    return _not_routed(joined, key) or (Condition.STUCK_SPAWN, _pod_reason(living))


def _pending_stop(
    joined: JoinedViews, key: ServerKey, living: Sequence[Pod], now: datetime
) -> Verdict:
    snapshot = joined.snapshot
    waited = snapshot.seen_for(key, now) >= snapshot.thresholds.unsent_stop
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
    if leads := joined.leading_to(pod):
        return _unknown(f"the hub is stopping it, but {leads}")
    return Condition.UNSENT_STOP, ""


def _pending_check(joined: JoinedViews, key: ServerKey, now: datetime) -> Verdict:
    hangs = joined.snapshot.seen_for(key, now) >= joined.snapshot.thresholds.check
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
        return _unknown("the age of its pod is unknown")
    if not overdue and pod.created_at and now - pod.created_at < snapshot.thresholds.start:
        return Condition.STARTING, ""
    if routed := _not_routed(joined, key):
        return routed
    if overdue and not pod.ready:
        return Condition.STUCK_ORPHAN, ""
    if leads := joined.leading_to(pod):
        return _unknown(f"{leads}: someone may be working there")
    if pod.phase not in ("Running", "Pending"):
        return _unknown(f"its pod is {pod.phase}")
    known = snapshot.people.get(key[0], Unknown(why="the hub was not asked about this user"))
    if isinstance(known, Unknown):
        return _unknown(known.why)
    if not known.value:
        return _unknown(
            "the hub has no user of this name: renamed or deleted, or the hub's database was lost"
        )
    if not any(joined.matched(other) for other in joined.records):
        return _unknown(
            "none of the pods here has a record and a route: the hub's database may be lost"
        )
    young = pod.created_at is None or now - pod.created_at < snapshot.thresholds.start
    if overdue and young:
        return _unknown("its pod is still ready, long after it should have been gone")
    return (Condition.STUCK_ORPHAN if overdue else Condition.ORPHAN), ""


# --- single facts ------------------------------------------------------------------------------


def _unknown(why: str) -> Verdict:
    return Condition.UNKNOWN, why


def _maybe_elsewhere(joined: JoinedViews, key: ServerKey) -> Verdict | None:
    """Unknown where a server without a living pod may have one that is not seen as its own."""
    if stranger := joined.stranger(key):
        return _unknown(f"pod {stranger.name} of release {stranger.release} has its name")
    if not joined.ended(key) and not joined.snapshot.pods.complete:
        return _unknown(joined.snapshot.pods.unknown)
    return None


def _not_routed(joined: JoinedViews, key: ServerKey) -> Verdict | None:
    """Unknown where a server that should have no route has one, or the routes are not known."""
    if not joined.snapshot.routes.complete:
        return _unknown(joined.snapshot.routes.unknown)
    if joined.routes.get(key):
        return _unknown("a route leads to it: someone may be working there")
    return None


def _routed_to_the_living(joined: JoinedViews, key: ServerKey) -> Verdict | None:
    """Unknown where the route of a server without a pod may lead to one that lives.

    Its old route to an address that no pod has is what such a record leaves behind.
    """
    if not joined.snapshot.routes.complete:
        return _unknown(joined.snapshot.routes.unknown)
    for route in joined.routes.get(key, ()):
        if route.address is None:
            return _unknown(
                "its route leads to a host name, so mayday can't tell whether a pod is behind it"
            )
        for pod in (*joined.snapshot.pods.items, *joined.snapshot.strangers):
            if not pod.finished and pod.has_address(route.address):
                return _unknown(f"its route leads to pod {pod.name}, which is running")
    return None


def _crashes(pod: Pod, now: datetime) -> bool:
    lately = pod.last_exit_at is not None and now - pod.last_exit_at < RECENTLY
    if pod.ready:
        return pod.restarts >= RESTARTS and lately
    return pod.reason in CRASHES or (pod.restarts > 0 and lately)


def _crash_words(pod: Pod) -> str:
    reason = pod.last_exit or pod.reason
    times = "once" if pod.restarts == 1 else f"{pod.restarts} times"
    return f"{reason}, restarted {times}" if pod.restarts else reason


def _node_is_added(pod: Pod, events: Sequence[PodEvent]) -> bool:
    return any(event.pod_uid == pod.uid and event.reason in ADDS_A_NODE for event in events)


def _goes_on(pod: Pod, events: Sequence[PodEvent], since: datetime) -> bool:
    """Whether a pod that has its node now got on since then; no time at all counts as just now."""
    return pod.reason in BEING_CREATED and any(
        event.pod_uid == pod.uid
        and event.reason in PROGRESS
        and (event.at is None or event.at > since)
        for event in events
    )


def _pod_reason(living: Sequence[Pod]) -> str:
    return living[0].reason if living else ""


def _hub_word(record: Server | None, servers: View[Server]) -> str:
    if record is not None:
        return f"pending {record.pending}" if record.pending else "ready"
    if not servers.read:
        return "unread"
    return "absent" if servers.complete else "unknown"


def _some(keys: set[ServerKey]) -> str:
    first, *others = sorted(shown_name(key) for key in keys)
    return f"{first} or {len(others)} more" if others else first
