"""The details of a pod that a diagnosis shows: when it began to run, its images, claims and memory limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from kubernetes.utils.quantity import parse_quantity

from bot.adapters.kubernetes_json import time


def details(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return these fields of :class:`bot.domain.hubs.Pod` from a pod's JSON; None and empty if unknown."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    containers = spec.get("containers") or ()
    limits = [_limit(container) for container in containers]
    return {
        "running_since": max(_starts(status), default=None),
        "unready_since": _unready_since(status),
        "images": tuple(each["image"] for each in containers if each.get("image")),
        "claims": tuple(_claims(spec)),
        # One container without a limit leaves the pod without one.
        "memory_limit": sum(filter(None, limits)) if limits and all(limits) else None,
    }


def _starts(status: Mapping[str, Any]) -> Iterator[datetime]:
    for container in status.get("containerStatuses") or ():
        running = (container.get("state") or {}).get("running") or {}
        if at := time(running.get("startedAt")):
            yield at


def _unready_since(status: Mapping[str, Any]) -> datetime | None:
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Ready" and condition.get("status") != "True":
            return time(condition.get("lastTransitionTime"))
    return None


def _claims(spec: Mapping[str, Any]) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        if name := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
            yield name


def _limit(container: Mapping[str, Any]) -> int | None:
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return int(parse_quantity(limit)) if limit else None
