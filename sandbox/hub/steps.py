"""The steps of outages, and the repair of a hub after any outage."""

from __future__ import annotations

from sandbox.cluster.auth import anything
from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import DEPLOYMENTS, NODES, PODS
from sandbox.cluster.status import is_going, is_over
from sandbox.cluster.storage import Obj
from sandbox.cluster.waiting import wait_for
from sandbox.hub import manifests
from sandbox.hub.running import SERVERNAME, USERNAME, RunningHub


def belongs_to(pod: Obj, user: str) -> bool:
    """Whether a pod is a user's server."""
    return (pod["metadata"].get("annotations") or {}).get(USERNAME) == user


def scale(hub: RunningHub, component: str, replicas: int) -> None:
    """Scale the hub or the proxy to 0 or 1 and wait for it. Raises TimeoutError."""

    def scaled(deployment: Obj) -> None:
        deployment["spec"]["replicas"] = replicas

    hub.cluster.storage.mutate(DEPLOYMENTS, hub.namespace, component, scaled)
    way, healthy = (hub.front, hub.hub_ok) if component == "hub" else (hub.public, hub.proxy_ok)
    wanted = replicas > 0
    wait_for(
        lambda: hub.component_ready(component) is healthy() is way.listening is wanted,
        f"the {component} to be {'up' if wanted else 'down'}",
    )


def delete_now(hub: RunningHub, pod: Obj) -> None:
    """Delete a pod without grace; ignored if it is gone."""
    meta = pod["metadata"]
    try:
        hub.cluster.verbs.delete(PODS, meta["namespace"], meta["name"], {"gracePeriodSeconds": 0})
    except StatusError as exc:
        if exc.code != 404:
            raise


def wait_row(hub: RunningHub, user: str, *, said: str, pod: str) -> None:
    """Wait until hub and cluster report these states. Raises TimeoutError."""

    def there() -> bool:
        row = hub.row(user)
        return (row.hub, row.pod) == (said, pod)

    wait_for(there, f"{user}'s server to be {said} with pod {pod}")


def heal(hub: RunningHub) -> None:
    """Undo every fault, then reconcile hub, pods and routes. Raises TimeoutError."""
    cluster = hub.cluster
    cluster.kubelet.thaw()
    cluster.kubelet.unpullable = lambda _pod: False
    cluster.tokens.restrict("hub", anything)
    if cluster.storage.find(NODES, "", manifests.CORE_NODE) is None:
        hub.add_core_node()
    for component in ("proxy", "hub"):
        scale(hub, component, 1)
    for pod in cluster.storage.objects(PODS, hub.namespace):
        if is_over(pod) or is_going(pod):
            delete_now(hub, pod)
    for row in hub.rows():
        if row.hub == "pending spawn" or (row.hub == "ready" and row.pod == "none"):
            hub.rest.stop_server(row.user)
    absent = {(row.user, row.server) for row in hub.rows() if row.hub == "absent"}
    for pod in hub.user_pods():
        notes = pod["metadata"]["annotations"]
        if (notes[USERNAME], notes.get(SERVERNAME, "")) in absent:
            delete_now(hub, pod)
    wait_for(
        lambda: all(row.hub in ("ready", "absent") for row in hub.rows()),
        "every start and stop to end",
    )
    missing = {row.user for row in hub.rows() if row.hub == "absent"} & hub.started
    hub.rest.resync()
    if missing:
        hub.start_servers(sorted(missing))
    wait_for(lambda: hub.started <= _well(hub), "every server to be well")


def _well(hub: RunningHub) -> set[str]:
    return {
        row.user
        for row in hub.rows()
        if (row.hub, row.pod, row.route) == ("ready", "Running", True)
    }
