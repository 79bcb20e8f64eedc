"""Repairs a hub, whatever outage was played on it."""

from __future__ import annotations

from sandbox.cluster.auth import anything
from sandbox.cluster.resources import NODES, PODS
from sandbox.cluster.status import is_going, is_over
from sandbox.cluster.waiting import wait_for
from sandbox.hub import manifests, steps
from sandbox.hub.running import SERVERNAME, USERNAME, RunningHub


def heal(hub: RunningHub) -> None:
    """Undo every fault, then bring hub, pods and routes together. Raises TimeoutError."""
    cluster = hub.cluster
    cluster.kubelet.thaw()
    cluster.kubelet.unpullable = lambda _pod: False
    cluster.tokens.restrict("hub", anything)
    if cluster.storage.find(NODES, "", manifests.CORE_NODE) is None:
        hub.add_core_node()
    for component in ("proxy", "hub"):
        steps.scale(hub, component, 1)
    for pod in cluster.storage.objects(PODS, hub.namespace):
        if is_over(pod) or is_going(pod):
            steps.delete_now(hub, pod)
    for row in hub.rows():
        if row.hub == "pending spawn" or (row.hub == "ready" and row.pod == "none"):
            hub.rest.stop_server(row.user)
    absent = {(row.user, row.server) for row in hub.rows() if row.hub == "absent"}
    for pod in hub.user_pods():
        notes = pod["metadata"]["annotations"]
        if (notes[USERNAME], notes.get(SERVERNAME, "")) in absent:
            steps.delete_now(hub, pod)
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
