"""The defaults that the API server sets on a new object."""

from __future__ import annotations

from typing import Any

from sandbox.cluster.resources import (
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    VOLUME_CLAIMS,
    Resource,
)


def fill_defaults(resource: Resource, obj: dict[str, Any]) -> None:
    """Set the defaults of a kind, in place."""
    if resource == PODS:
        _pod_spec(obj.setdefault("spec", {}))
        obj["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
    elif resource.workload:
        spec = obj.setdefault("spec", {})
        spec.setdefault("replicas", 1)
        _pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
        obj["status"] = {} if resource == DEPLOYMENTS else {"replicas": 0}
        if resource == DEPLOYMENTS:
            strategy = spec.setdefault("strategy", {})
            if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
                rolling = strategy.setdefault("rollingUpdate", {})
                rolling |= {"maxUnavailable": "25%", "maxSurge": "25%"} | rolling
            spec.setdefault("revisionHistoryLimit", 10)
            spec.setdefault("progressDeadlineSeconds", 600)
    elif resource == NAMESPACES:
        obj["status"] = {"phase": "Active"}
    elif resource == VOLUME_CLAIMS:
        # Pods have no volumes here to wait for.
        obj["status"] = {"phase": "Bound"}


def _pod_spec(spec: dict[str, Any]) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    for container in spec.get("containers") or []:
        tag = str(container["image"]).rpartition("/")[2].partition(":")[2]
        policy = "Always" if tag in ("", "latest") else "IfNotPresent"
        container.setdefault("imagePullPolicy", policy)
        container.setdefault("resources", {})
        for port in container.get("ports") or []:
            port.setdefault("protocol", "TCP")
