"""What the API server fills in for an object that comes in, and what it refuses."""

from __future__ import annotations

import copy
import re
from typing import Any

from sandbox.cluster import selectors
from sandbox.cluster.errors import bad_request, invalid
from sandbox.cluster.names import LABEL, SUBDOMAIN, is_label_value, is_qualified
from sandbox.cluster.resources import Resource

Obj = dict[str, Any]

_NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character"
)
_DATA_KEY = re.compile(r"^[-._a-zA-Z0-9]+$")
_FINALIZERS = {"foregroundDeletion", "orphan", "kubernetes"}
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
        why = "Required value: name or generateName is required"
        raise invalid(resource.group, resource.kind, "", "metadata.name", why)
    pattern, limit = (LABEL, 63) if resource.kind in _LABEL_KINDS else (SUBDOMAIN, 253)
    if not pattern.match(name) or len(name) > limit:
        why = f'Invalid value: "{name}": must consist of lower case alphanumeric characters or -'
        raise invalid(resource.group, resource.kind, name, "metadata.name", why)
    for field in ("labels", "annotations"):
        for key in obj["metadata"].get(field) or {}:
            if not is_qualified(key):
                why = f'Invalid value: "{key}": {_NAME_RULE}'
                raise invalid(resource.group, resource.kind, name, f"metadata.{field}", why)
    for index, finalizer in enumerate(obj["metadata"].get("finalizers") or []):
        if not is_qualified(finalizer) or ("/" not in finalizer and finalizer not in _FINALIZERS):
            why = (
                f'Invalid value: "{finalizer}": name is neither a standard finalizer name nor is it '
                "fully qualified"
            )
            where = f"metadata.finalizers[{index}]"
            raise invalid(resource.group, resource.kind, name, where, why)
    for key, value in (obj["metadata"].get("labels") or {}).items():
        if not isinstance(value, str) or not is_label_value(value):
            why = f'Invalid value: "{value}": a valid label must be at most 63 letters, digits, -_.'
            raise invalid(resource.group, resource.kind, name, f"metadata.labels.{key}", why)


def check_finalizers(resource: Resource, old: Obj, new: Obj) -> None:
    """Raise StatusError 422 when an object that is being deleted gets a new finalizer."""
    if "deletionTimestamp" not in old["metadata"]:
        return
    had = set(old["metadata"].get("finalizers") or [])
    more = [f for f in new["metadata"].get("finalizers") or [] if f not in had]
    if more:
        why = (
            "Forbidden: no new finalizers can be added if the object is being deleted, found new "
            f"finalizers {more}"
        )
        name = old["metadata"]["name"]
        raise invalid(resource.group, resource.kind, name, "metadata.finalizers", why)


def check_form(body: Any, *, kind: str, versions: set[str]) -> None:
    """Raise StatusError 400 unless the body of a subresource is of this kind, in a known form."""
    if not isinstance(body, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind})")
    version = body.get("apiVersion")
    if body.get("kind", kind) != kind or (version and version not in versions):
        raise bad_request(
            f'{body.get("kind")} in version "{version}" cannot be handled as a {kind}'
        )


def check_choice(kind: str, field: str, value: str | None, choices: tuple[str, ...]) -> None:
    """Raise StatusError 422 for an option that is given and none of the choices."""
    if value is not None and value not in choices:
        supported = ", ".join(f'"{choice}"' for choice in choices)
        why = f'Unsupported value: "{value}": supported values: {supported}'
        raise invalid("meta.k8s.io", kind, "", field, why)


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
            if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
                rolling = strategy.setdefault("rollingUpdate", {})
                rolling |= {"maxUnavailable": "25%", "maxSurge": "25%"} | rolling
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
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    for container in spec.get("containers") or []:
        tag = str(container.get("image", "")).rpartition("/")[2].partition(":")[2]
        always = tag in ("", "latest") and "@" not in str(container.get("image", ""))
        container.setdefault("imagePullPolicy", "Always" if always else "IfNotPresent")
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("resources", {})
        for port in container.get("ports") or []:
            port.setdefault("protocol", "TCP")


def check_spec(resource: Resource, obj: Obj) -> None:
    """Raise StatusError 422 for what a kind cannot be, as a pod without containers."""
    name, spec = obj["metadata"]["name"], obj.get("spec") or {}
    if resource.kind == "Pod":
        _check_containers(resource, name, "spec", spec)
    elif resource.kind == "Event":
        involved = (obj.get("involvedObject") or {}).get("namespace") or "default"
        if involved != obj["metadata"]["namespace"]:
            why = f'Invalid value: "{involved}": does not match event.namespace'
            raise invalid("", "Event", name, "involvedObject.namespace", why)
    elif resource.kind in ("ConfigMap", "Secret"):
        for key in obj.get("data") or {}:
            if not _DATA_KEY.match(key):
                why = f'Invalid value: "{key}": a valid config key must consist of letters, digits, -_.'
                raise invalid("", resource.kind, name, f"data[{key}]", why)
    elif resource.kind in ("Deployment", "ReplicaSet", "StatefulSet"):
        template = spec.get("template") or {}
        _check_containers(resource, name, "spec.template.spec", template.get("spec") or {})
        if not isinstance(spec["replicas"], int) or spec["replicas"] < 0:
            why = f"Invalid value: {spec['replicas']}: must be greater than or equal to 0"
            raise invalid(resource.group, resource.kind, name, "spec.replicas", why)
        if not spec.get("selector"):
            raise invalid(resource.group, resource.kind, name, "spec.selector", "Required value")
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not selectors.from_spec(spec["selector"])(labels):
            why = "Invalid value: `selector` does not match template `labels`"
            raise invalid(resource.group, resource.kind, name, "spec.template.metadata.labels", why)


def _check_containers(resource: Resource, name: str, path: str, spec: Obj) -> None:
    policy = spec.get("restartPolicy")
    if policy not in ("Always", "OnFailure", "Never"):
        why = f'Unsupported value: "{policy}": supported values: "Always", "OnFailure", "Never"'
        raise invalid(resource.group, resource.kind, name, f"{path}.restartPolicy", why)
    containers = spec.get("containers")
    if not containers:
        raise invalid(resource.group, resource.kind, name, f"{path}.containers", "Required value")
    for index, container in enumerate(containers):
        for field in ("name", "image"):
            if not container.get(field):
                where = f"{path}.containers[{index}].{field}"
                raise invalid(resource.group, resource.kind, name, where, "Required value")


def check_update(resource: Resource, old: Obj, new: Obj) -> None:
    """Raise StatusError 422 for a change of what may not change."""
    name = old["metadata"]["name"]
    if resource.kind == "Pod" and _fixed_pod_spec(old) != _fixed_pod_spec(new):
        why = (
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`, "
            "`spec.activeDeadlineSeconds` or `spec.tolerations`"
        )
        raise invalid("", "Pod", name, "spec", why)
    if resource.generation and old["spec"].get("selector") != new["spec"].get("selector"):
        raise invalid(
            resource.group,
            resource.kind,
            name,
            "spec.selector",
            "Invalid value: field is immutable",
        )


def _fixed_pod_spec(pod: Obj) -> Obj:
    spec: Obj = copy.deepcopy(pod.get("spec") or {})
    for field in ("activeDeadlineSeconds", "tolerations"):
        spec.pop(field, None)
    for container in spec.get("containers") or []:
        container.pop("image", None)
    return spec
