"""The steps of which outages and their repair are made."""

from __future__ import annotations

from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import DEPLOYMENTS, PODS
from sandbox.cluster.storage import Obj
from sandbox.cluster.waiting import wait_for
from sandbox.hub.running import USERNAME, RunningHub


def belongs_to(pod: Obj, user: str) -> bool:
    """Whether a pod is a user's server."""
    return (pod["metadata"].get("annotations") or {}).get(USERNAME) == user


def scale(hub: RunningHub, component: str, replicas: int) -> None:
    """Scale the hub or the proxy to 0 or 1 and wait until it is so. Raises TimeoutError."""

    def scaled(deployment: Obj) -> None:
        deployment["spec"]["replicas"] = replicas

    hub.cluster.storage.mutate(DEPLOYMENTS, hub.namespace, component, scaled)
    healthy = hub.hub_ok if component == "hub" else hub.proxy_ok
    wanted = replicas > 0
    wait_for(
        lambda: hub.component_ready(component) is wanted and healthy() is wanted,
        f"the {component} to be {'up' if wanted else 'down'}",
    )


def delete_now(hub: RunningHub, pod: Obj) -> None:
    """Delete a pod without grace; one that is gone already is fine."""
    meta = pod["metadata"]
    try:
        hub.cluster.verbs.delete(PODS, meta["namespace"], meta["name"], {"gracePeriodSeconds": 0})
    except StatusError as exc:
        if exc.code != 404:
            raise


def wait_row(hub: RunningHub, user: str, *, said: str, pod: str) -> None:
    """Wait until hub and cluster say this of a user's server. Raises TimeoutError."""

    def there() -> bool:
        row = hub.row(user)
        return (row.hub, row.pod) == (said, pod)

    wait_for(there, f"{user}'s server to be {said} with pod {pod}")
