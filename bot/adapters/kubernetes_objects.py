"""Converts the official client's objects to mayday's values. Invalid objects raise ValueError."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from kubernetes import client

from bot.domain.hubs import Deployment, Pod, PodEvent

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
USER = "hub.jupyter.org/username"
SERVER = "hub.jupyter.org/servername"
RELEASE = ("release", "app.kubernetes.io/instance")
COMPONENT = ("component", "app.kubernetes.io/component")


def pod(item: client.V1Pod) -> Pod:
    """Return a pod."""
    meta, status, spec = item.metadata, item.status, item.spec
    if meta is None or status is None:
        raise ValueError("a pod without metadata or status")
    notes = meta.annotations or {}
    labels = meta.labels or {}
    containers = list(status.container_statuses or ())
    grace = meta.deletion_grace_period_seconds or 0
    deadline = meta.deletion_timestamp
    exited, exited_at = _last_exit(containers)
    return Pod(
        name=meta.name or "",
        uid=meta.uid or "",
        phase=status.phase or "Unknown",
        reason=next((reason for reason, _ in _explanations(status) if reason), ""),
        node=(spec.node_name if spec else None) or "",
        user=notes.get(USER, ""),
        server=notes.get(SERVER, ""),
        component=next((labels[label] for label in COMPONENT if labels.get(label)), ""),
        created_at=meta.creation_timestamp,
        started_at=status.start_time,
        # The deletion timestamp is the time of the request plus the grace period.
        deleting_since=deadline - timedelta(seconds=grace) if deadline else None,
        grace=grace,
        finalizers=tuple(meta.finalizers or ()),
        owner_kind=next((owner.kind for owner in meta.owner_references or ()), ""),
        restarts=sum(container.restart_count for container in containers),
        ready=bool(containers)
        and all(container.ready for container in containers)
        and not _is_marked_unready(status),
        ips=_addresses(status),
        release=next((labels[label] for label in RELEASE if labels.get(label)), ""),
        message=next((message for _, message in _explanations(status) if message), ""),
        last_exit=exited,
        last_exit_at=exited_at,
    )


def _addresses(status: client.V1PodStatus) -> tuple[str, ...]:
    """Return the pod's valid addresses.

    Older API servers accept ambiguous addresses with leading zeros. They are dropped, so that the address
    of such a pod is unknown and its routes don't count as leading elsewhere.
    """
    addresses = [found.ip or "" for found in status.pod_ips or ()] or [status.pod_ip or ""]
    return tuple(ip for ip in addresses if _is_address(ip))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_marked_unready(status: client.V1PodStatus) -> bool:
    """Return whether the Ready condition is not true. For a dead node, only the condition is updated."""
    conditions = status.conditions or ()
    return any(found.type == "Ready" and found.status != "True" for found in conditions)


def _explanations(status: client.V1PodStatus) -> Iterator[tuple[str, str]]:
    """Yield reasons and messages why a pod isn't running: the pod's, its containers', the scheduler's."""
    yield status.reason or "", status.message or ""
    for container in [*(status.init_container_statuses or ()), *(status.container_statuses or ())]:
        state: Any = container.state
        for stage in (state.waiting, state.terminated) if state else ():
            if stage is not None and stage.reason and stage.reason != "Completed":
                yield str(stage.reason), stage.message or ""
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            yield condition.reason or "Unschedulable", condition.message or ""


def _last_exit(containers: list[client.V1ContainerStatus]) -> tuple[str, datetime | None]:
    """Return the reason and time of the last container exit."""
    ends = [
        state.terminated
        for container in containers
        for state in (container.last_state, container.state)
        if state is not None and state.terminated is not None
    ]
    if not ends:
        return "", None
    last = max(ends, key=lambda end: end.finished_at or datetime.min.replace(tzinfo=UTC))
    return last.reason or f"exit status {last.exit_code}", last.finished_at


def pod_event(item: client.CoreV1Event) -> PodEvent:
    """Return an event of a pod, with the time of its latest occurrence."""
    series = item.series.last_observed_time if item.series else None
    times = (item.last_timestamp, item.event_time, series, item.first_timestamp)
    return PodEvent(
        pod_uid=item.involved_object.uid or "",
        reason=item.reason or "",
        message=item.message or "",
        at=max((time for time in times if time), default=None),
    )


def deployment(item: client.V1Deployment) -> Deployment:
    """Return a Deployment with its rollout."""
    meta, spec, status = item.metadata, item.spec, item.status
    if meta is None or spec is None or status is None:
        raise ValueError("a deployment without metadata, spec or status")
    template = spec.template.metadata
    notes = (template.annotations if template else None) or {}
    return Deployment(
        name=meta.name or "",
        replicas=1 if spec.replicas is None else spec.replicas,
        ready=status.ready_replicas or 0,
        updated=status.updated_replicas or 0,
        generation=meta.generation or 0,
        observed_generation=status.observed_generation or 0,
        strategy=(spec.strategy.type if spec.strategy else None) or "RollingUpdate",
        restarted_at=notes.get(RESTARTED_AT, ""),
        paused=bool(spec.paused),
    )
