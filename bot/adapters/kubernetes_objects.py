"""Converts pods, their events and Deployments from JSON to mayday's values. Invalid ones raise an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address

from bot.adapters.kubernetes_json import Json, part, time
from bot.adapters.kubernetes_pod_details import details
from bot.domain.cluster import SAFE_TO_EVICT
from bot.domain.hubs import Deployment, Pod, PodEvent

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
USER = "hub.jupyter.org/username"
SERVER = "hub.jupyter.org/servername"
RELEASE = ("release", "app.kubernetes.io/instance")
COMPONENT = ("component", "app.kubernetes.io/component")
NEVER = datetime.min.replace(tzinfo=UTC)


def pod(item: Json) -> Pod:
    """Return a pod."""
    meta, status = item["metadata"], item["status"]
    notes = meta.get("annotations") or {}
    labels = meta.get("labels") or {}
    containers = status.get("containerStatuses") or ()
    grace = meta.get("deletionGracePeriodSeconds") or 0
    deadline = time(meta.get("deletionTimestamp"))
    exited, exited_at = _last_exit(containers)
    explanations = list(_explanations(status))
    return Pod(
        name=meta["name"],
        uid=meta.get("uid") or "",
        phase=status.get("phase") or "Unknown",
        reason=next((reason for reason, _ in explanations if reason), ""),
        node=part(item, "spec").get("nodeName") or "",
        user=notes.get(USER, ""),
        server=notes.get(SERVER, ""),
        component=next((labels[label] for label in COMPONENT if labels.get(label)), ""),
        created_at=time(meta.get("creationTimestamp")),
        started_at=time(status.get("startTime")),
        # The deletion timestamp is the time of the request plus the grace period.
        deleting_since=deadline - timedelta(seconds=grace) if deadline else None,
        grace=grace,
        finalizers=tuple(meta.get("finalizers") or ()),
        owner_kind=next((owner["kind"] for owner in meta.get("ownerReferences") or ()), ""),
        restarts=sum(container["restartCount"] for container in containers),
        ready=bool(containers)
        and all(container["ready"] for container in containers)
        and not _is_marked_unready(status),
        ips=_addresses(status),
        release=next((labels[label] for label in RELEASE if labels.get(label)), ""),
        message=next((message for _, message in explanations if message), ""),
        last_exit=exited,
        last_exit_at=exited_at,
        **details(item),
        safe_to_evict=notes.get(SAFE_TO_EVICT, ""),
    )


def _addresses(status: Json) -> tuple[str, ...]:
    """Return the pod's valid addresses.

    Older API servers accept ambiguous addresses with leading zeros. They are dropped, so that the address
    of such a pod is unknown and its routes don't count as leading elsewhere.
    """
    several = [found.get("ip") or "" for found in status.get("podIPs") or ()]
    return tuple(ip for ip in several or [status.get("podIP") or ""] if _is_address(ip))


@lru_cache(maxsize=8192)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_marked_unready(status: Json) -> bool:
    """Return whether the Ready condition is not true. For a dead node, only the condition is updated."""
    conditions = status.get("conditions") or ()
    return any(found["type"] == "Ready" and found["status"] != "True" for found in conditions)


def _explanations(status: Json) -> Iterator[tuple[str, str]]:
    """Yield reasons and messages why a pod isn't running: the pod's, its containers', the scheduler's."""
    yield status.get("reason") or "", status.get("message") or ""
    for kind in ("initContainerStatuses", "containerStatuses"):
        for container in status.get(kind) or ():
            state = container.get("state") or {}
            for stage in (state.get("waiting"), state.get("terminated")):
                if stage and stage.get("reason") and stage["reason"] != "Completed":
                    yield stage["reason"], stage.get("message") or ""
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield condition.get("reason") or "Unschedulable", condition.get("message") or ""


def _last_exit(containers: Sequence[Json]) -> tuple[str, datetime | None]:
    """Return the reason and time of the last container exit."""
    ends = [
        ended
        for container in containers
        for state in ("lastState", "state")
        if (ended := part(container, state).get("terminated"))
    ]
    if not ends:
        return "", None
    last = max(ends, key=lambda end: time(end.get("finishedAt")) or NEVER)
    return last.get("reason") or f"exit status {last['exitCode']}", time(last.get("finishedAt"))


def pod_event(item: Json) -> PodEvent:
    """Return an event of a pod, with the time of its latest occurrence."""
    return PodEvent(
        pod_uid=item["involvedObject"].get("uid") or "",
        reason=item.get("reason") or "",
        message=item.get("message") or "",
        at=max(event_times(item), default=None),
    )


def event_times(item: Json) -> list[datetime]:
    """Return the times that an event has: which ones depends on the component that wrote it."""
    texts = (
        item.get("firstTimestamp"),
        item.get("eventTime"),
        item.get("lastTimestamp"),
        part(item, "series").get("lastObservedTime"),
    )
    return [found for text in texts if (found := time(text))]


def deployment(item: Json) -> Deployment:
    """Return a Deployment with its rollout."""
    meta, spec, status = item["metadata"], item["spec"], item["status"]
    notes = part(spec["template"], "metadata", "annotations")
    replicas = spec.get("replicas")
    return Deployment(
        name=meta["name"],
        replicas=1 if replicas is None else replicas,
        ready=status.get("readyReplicas") or 0,
        updated=status.get("updatedReplicas") or 0,
        generation=meta.get("generation") or 0,
        observed_generation=status.get("observedGeneration") or 0,
        strategy=part(spec, "strategy").get("type") or "RollingUpdate",
        restarted_at=notes.get(RESTARTED_AT, ""),
        paused=bool(spec.get("paused")),
    )
