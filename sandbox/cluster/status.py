"""Helpers that the scheduler, the controllers and the kubelet share."""

from __future__ import annotations

from sandbox.cluster.storage import Obj, now


def set_condition(obj: Obj, type_: str, status: bool | str, reason: str, message: str) -> None:
    """Set a status condition; its transition time changes only with its status."""
    said = status if isinstance(status, str) else str(status)
    conditions: list[Obj] = obj["status"].setdefault("conditions", [])
    new: Obj = {"type": type_, "status": said, "lastTransitionTime": now()}
    if reason:
        new |= {"reason": reason, "message": message}
    for index, old in enumerate(conditions):
        if old["type"] == type_:
            if old["status"] == said:
                new["lastTransitionTime"] = old["lastTransitionTime"]
            conditions[index] = new
            return
    conditions.append(new)


def condition(obj: Obj, type_: str) -> bool:
    """Whether a condition is true."""
    conditions = (obj.get("status") or {}).get("conditions") or []
    return any(c["type"] == type_ and c["status"] == "True" for c in conditions)


def is_over(pod: Obj) -> bool:
    """Whether a pod has ended, in success or failure."""
    return pod["status"].get("phase") in ("Failed", "Succeeded")


def is_going(obj: Obj) -> bool:
    """Whether an object is being deleted."""
    return "deletionTimestamp" in obj["metadata"]


def owned_by(obj: Obj, owner: Obj) -> bool:
    """Whether `owner` is the controller of an object."""
    references = obj["metadata"].get("ownerReferences") or []
    uid = owner["metadata"]["uid"]
    return any(r["uid"] == uid and r.get("controller") for r in references)


def port_of(pod: Obj) -> int:
    """The port that a pod listens on: its container's first port, else 8080."""
    ports = pod["spec"]["containers"][0].get("ports") or [{"containerPort": 8080}]
    port: int = ports[0]["containerPort"]
    return port


def host_ports(pod: Obj) -> set[int]:
    """The host ports that a pod requests."""
    return {
        port["hostPort"]
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or []
        if port.get("hostPort")
    }
