"""What the API server fills in for an object that comes in, and what it refuses."""

from __future__ import annotations

import copy
import re
from typing import Any

from bot.sandbox.cluster import selectors
from bot.sandbox.cluster.errors import bad_request, invalid
from bot.sandbox.cluster.resources import Resource

Obj = dict[str, Any]

_LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_LABEL_VALUE = re.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
# Names that have to be one DNS label; all other kinds may have dots.
_LABEL_KINDS = {"Namespace", "Service"}


def check_type(resource: Resource, body: Any) -> None:
    """Raise StatusError 400 unless the body is an object of this kind (or names none)."""
    if not isinstance(body, dict) or not isinstance(body.get("metadata", {}), dict):
        raise bad_request("the object provided is unrecognized (must be of type Object)")
    for field, want in (("kind", resource.kind), ("apiVersion", resource.api_version)):
        if body.get(field) not in (None, "", want):
            raise bad_request(
                f"the {field} in the data ({body[field]}) does not match the expected {want}"
            )


def check_metadata(resource: Resource, obj: Obj) -> None:
    """Raise StatusError 422 for a name or a label that cannot be."""
    name = obj["metadata"].get("name", "")
    if not name:
        raise invalid(
            resource.kind, "", "metadata.name", "Required value: name or generateName is required"
        )
    pattern, limit = (_LABEL, 63) if resource.kind in _LABEL_KINDS else (_SUBDOMAIN, 253)
    if not pattern.match(name) or len(name) > limit:
        why = f'Invalid value: "{name}": must consist of lower case alphanumeric characters or -'
        raise invalid(resource.kind, name, "metadata.name", why)
    for key, value in (obj["metadata"].get("labels") or {}).items():
        if not isinstance(value, str) or len(value) > 63 or not _LABEL_VALUE.match(value):
            why = f'Invalid value: "{value}": a valid label must be at most 63 letters, digits, -_.'
            raise invalid(resource.kind, name, f"metadata.labels.{key}", why)


def fill_defaults(resource: Resource, obj: Obj) -> None:
    """Fill in what the API server would."""
    if resource.kind == "Pod":
        _pod_spec(obj.setdefault("spec", {}))
        obj["status"] = {"phase": "Pending", "qosClass": "BestEffort"}
    elif resource.kind in ("Deployment", "ReplicaSet", "StatefulSet"):
        spec = obj.setdefault("spec", {})
        spec.setdefault("replicas", 1)
        _pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
        if resource.kind == "Deployment":
            strategy = spec.setdefault("strategy", {})
            strategy.setdefault("type", "RollingUpdate")
            spec.setdefault("revisionHistoryLimit", 10)
            spec.setdefault("progressDeadlineSeconds", 600)
        obj["status"] = {} if resource.kind == "Deployment" else {"replicas": 0}
    elif resource.kind == "Namespace":
        obj.setdefault("spec", {})
        obj["status"] = {"phase": "Active"}
    elif resource.kind == "PersistentVolumeClaim":
        # Every claim is bound at once: pods here have no disks that could be late.
        obj["status"] = {"phase": "Bound"}


def _pod_spec(spec: Obj) -> None:
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("schedulerName", "default-scheduler")
    for container in spec.get("containers") or []:
        container.setdefault("imagePullPolicy", "IfNotPresent")
        for port in container.get("ports") or []:
            port.setdefault("protocol", "TCP")


def check_spec(resource: Resource, obj: Obj) -> None:
    """Raise StatusError 422 for a pod without containers or a selector that misses its template."""
    name, spec = obj["metadata"]["name"], obj.get("spec") or {}
    if resource.kind == "Pod":
        _check_containers(resource, name, "spec", spec)
    elif resource.kind in ("Deployment", "ReplicaSet", "StatefulSet"):
        template = spec.get("template") or {}
        _check_containers(resource, name, "spec.template.spec", template.get("spec") or {})
        if not isinstance(spec["replicas"], int) or spec["replicas"] < 0:
            why = f"Invalid value: {spec['replicas']}: must be greater than or equal to 0"
            raise invalid(resource.kind, name, "spec.replicas", why)
        if not spec.get("selector"):
            raise invalid(resource.kind, name, "spec.selector", "Required value")
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not selectors.from_spec(spec["selector"])(labels):
            why = "Invalid value: `selector` does not match template `labels`"
            raise invalid(resource.kind, name, "spec.template.metadata.labels", why)


def _check_containers(resource: Resource, name: str, path: str, spec: Obj) -> None:
    containers = spec.get("containers")
    if not containers:
        raise invalid(resource.kind, name, f"{path}.containers", "Required value")
    for index, container in enumerate(containers):
        for field in ("name", "image"):
            if not container.get(field):
                where = f"{path}.containers[{index}].{field}"
                raise invalid(resource.kind, name, where, "Required value")


def check_update(resource: Resource, old: Obj, new: Obj) -> None:
    """Raise StatusError 422 for a change of what may not change."""
    name = old["metadata"]["name"]
    if resource.kind == "Pod" and _fixed_pod_spec(old) != _fixed_pod_spec(new):
        why = (
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
            "`spec.activeDeadlineSeconds` or `spec.tolerations`"
        )
        raise invalid("Pod", name, "spec", why)
    if resource.generation and old["spec"].get("selector") != new["spec"].get("selector"):
        raise invalid(resource.kind, name, "spec.selector", "Invalid value: field is immutable")


def _fixed_pod_spec(pod: Obj) -> Obj:
    spec: Obj = copy.deepcopy(pod.get("spec") or {})
    for field in ("activeDeadlineSeconds", "tolerations"):
        spec.pop(field, None)
    for container in spec.get("containers") or []:
        container.pop("image", None)
    return spec
