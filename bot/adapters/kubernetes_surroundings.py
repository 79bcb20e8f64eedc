"""Converts what a cluster has beside pods from JSON to mayday's values. Invalid objects raise an error."""

from __future__ import annotations

from collections.abc import Mapping

from kubernetes.utils.quantity import parse_quantity

from bot.adapters.kubernetes_json import Json, owner, part, texts, time, true_conditions
from bot.adapters.kubernetes_objects import event_times
from bot.domain.cluster import Budget, Claim, Event, Node, PodMemory, Quota, Revision, Workload

CORDON = "node.kubernetes.io/unschedulable"
REVISION = "deployment.kubernetes.io/revision"
CHANGE_CAUSE = "kubernetes.io/change-cause"
READY = "Ready"


def node(item: Json) -> Node:
    """Return a node. Conditions such as ``KernelReady``, which some clouds add, are no pressures."""
    meta, spec = item["metadata"], part(item, "spec")
    conditions = part(item, "status").get("conditions") or ()
    ready: Json = next((found for found in conditions if found["type"] == READY), {})
    taints = spec.get("taints") or ()
    cordon: Json = next((taint for taint in taints if taint["key"] == CORDON), {})
    said = (ready.get("reason") or "", ready.get("message") or "")
    return Node(
        name=meta["name"],
        uid=meta.get("uid") or "",
        ready={"True": True, "False": False}.get(ready.get("status", "")),
        why=": ".join(filter(None, said)),
        since=time(ready.get("lastTransitionTime")),
        pressures=tuple(kind for kind in true_conditions(item) if not kind.endswith(READY)),
        is_cordoned=bool(spec.get("unschedulable")),
        cordoned_at=time(cordon.get("timeAdded")),
        labels=texts(meta, "labels"),
        annotations=texts(meta, "annotations"),
        taints=tuple(_taint(taint) for taint in taints),
        created_at=time(meta.get("creationTimestamp")),
    )


def _taint(taint: Json) -> str:
    """Return a taint as kubectl writes it: ``key=value:Effect``."""
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def claim(item: Json, classes: Mapping[str, bool] | None) -> Claim:
    """Return a claim. ``classes`` says whether each StorageClass allows expansion; None if unknown."""
    meta, spec, status = item["metadata"], item["spec"], part(item, "status")
    kind = spec.get("storageClassName") or ""
    return Claim(
        name=meta["name"],
        uid=meta.get("uid") or "",
        phase=status.get("phase") or "",
        storage_class=kind,
        capacity=_bytes(part(status, "capacity").get("storage")),
        requested=_bytes(part(spec, "resources", "requests").get("storage")),
        can_grow=None if classes is None else classes.get(kind),
        volume=spec.get("volumeName") or "",
        access_modes=tuple(spec.get("accessModes") or ()),
        conditions=tuple(true_conditions(item)),
        created_at=time(meta.get("creationTimestamp")),
    )


def _bytes(quantity: str | None) -> int | None:
    return None if quantity is None else int(parse_quantity(quantity))


def storage_class(item: Json) -> tuple[str, bool]:
    """Return a StorageClass's name and whether its volumes can grow."""
    return item["metadata"]["name"], bool(item.get("allowVolumeExpansion"))


def event(item: Json) -> Event:
    """Return an event with the times of its first and latest occurrence."""
    involved, times = item["involvedObject"], event_times(item)
    return Event(
        kind=involved.get("kind") or "",
        name=involved.get("name") or "",
        uid=involved.get("uid") or "",
        reason=item.get("reason") or "",
        message=item.get("message") or "",
        is_warning=item.get("type") == "Warning",
        at=max(times, default=None),
        first_at=min(times, default=None),
        count=item.get("count") or part(item, "series").get("count") or 1,
        source=part(item, "source").get("component") or item.get("reportingComponent") or "",
    )


def budget(item: Json) -> Budget:
    """Return a PodDisruptionBudget as its controller counts it; before that it allows no disruption."""
    status = part(item, "status")
    return Budget(
        name=item["metadata"]["name"],
        allowed=status.get("disruptionsAllowed") or 0,
        healthy=status.get("currentHealthy") or 0,
        desired=status.get("desiredHealthy") or 0,
        expected=status.get("expectedPods") or 0,
        selector=texts(item, "spec", "selector", "matchLabels"),
        by_labels=not part(item, "spec", "selector").get("matchExpressions"),
    )


def quota(item: Json) -> Quota:
    """Return a ResourceQuota."""
    return Quota(
        name=item["metadata"]["name"],
        hard=texts(item, "status", "hard"),
        used=texts(item, "status", "used"),
    )


def pod_memory(item: Json) -> PodMemory:
    """Return what a pod's containers use together."""
    used = [parse_quantity(each["usage"]["memory"]) for each in item["containers"] or ()]
    return PodMemory(
        pod=item["metadata"]["name"],
        used=int(sum(used)) if used else None,
        at=time(item.get("timestamp")),
    )


def revision(item: Json) -> Revision | None:
    """Return a Deployment's revision, or None for a ReplicaSet of nothing."""
    meta, template = item["metadata"], item["spec"]["template"]
    notes = texts(meta, "annotations")
    deployment, number = owner(item, "Deployment"), notes.get(REVISION, "")
    if not (deployment and number.isdecimal()):
        return None
    return Revision(
        deployment=deployment,
        number=int(number),
        name=meta["name"],
        created_at=time(meta.get("creationTimestamp")),
        replicas=part(item, "status").get("replicas") or 0,
        images=tuple(each.get("image") or "" for each in template["spec"]["containers"]),
        cause=notes.get(CHANGE_CAUSE, ""),
        annotations=notes,
        template=template,
    )


def stateful_set(item: Json) -> Workload:
    """Return a StatefulSet."""
    replicas = item["spec"].get("replicas")
    ready = part(item, "status").get("readyReplicas") or 0
    return _workload(item, "StatefulSet", 1 if replicas is None else replicas, ready)


def daemon_set(item: Json) -> Workload:
    """Return a DaemonSet; its ``replicas`` are the nodes that should run it."""
    status = part(item, "status")
    wanted = status.get("desiredNumberScheduled") or 0
    return _workload(item, "DaemonSet", wanted, status.get("numberReady") or 0)


def _workload(item: Json, kind: str, replicas: int, ready: int) -> Workload:
    meta = item["metadata"]
    return Workload(
        kind=kind,
        name=meta["name"],
        uid=meta.get("uid") or "",
        replicas=replicas,
        ready=ready,
        generation=meta.get("generation") or 0,
        annotations=texts(meta, "annotations"),
    )
