"""Puts pods on nodes: by node selector, readiness, cordon and free host ports."""

from __future__ import annotations

import contextlib

from sandbox.cluster.errors import StatusError
from sandbox.cluster.journal import Journal
from sandbox.cluster.resources import NODES, PODS
from sandbox.cluster.status import condition, host_ports, is_going, is_over, set_condition
from sandbox.cluster.storage import Obj, Storage
from sandbox.cluster.verbs import Verbs


class Scheduler:
    """Binds every unscheduled pod, or reports why it cannot."""

    def __init__(self, storage: Storage, verbs: Verbs, journal: Journal) -> None:
        self._storage = storage
        self._verbs = verbs
        self._journal = journal

    def reconcile(self) -> None:
        """Look at every pod once."""
        nodes = self._storage.objects(NODES)
        pods = self._storage.objects(PODS)
        taken = {
            port
            for pod in pods
            if pod["spec"].get("nodeName") and not is_over(pod)
            for port in host_ports(pod)
        }
        for pod in pods:
            if pod["spec"].get("nodeName") or is_going(pod) or is_over(pod):
                continue
            fitting, why = _choose(pod, nodes, taken)
            if fitting:
                self._bind(pod, fitting)
                taken |= host_ports(pod)
            else:
                self._refuse(pod, why)

    def _bind(self, pod: Obj, node: str) -> None:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        with contextlib.suppress(StatusError):
            self._verbs.bind(namespace, name, node)
            message = f"Successfully assigned {namespace}/{name} to {node}"
            self._journal.write(pod, "Scheduled", message, component="default-scheduler")

    def _refuse(self, pod: Obj, why: str) -> None:
        def refused(obj: Obj) -> None:
            set_condition(obj, "PodScheduled", False, "Unschedulable", why)

        said = [c.get("message") for c in pod["status"].get("conditions") or []]
        self._storage.change(pod, refused)
        if why not in said:
            self._journal.write(
                pod, "FailedScheduling", why, component="default-scheduler", warning=True
            )


def _choose(pod: Obj, nodes: list[Obj], taken: set[int]) -> tuple[str, str]:
    """The node that a pod fits on, or "" and the scheduler's message."""
    selector = pod["spec"].get("nodeSelector") or {}
    reasons: dict[str, int] = {}
    for node in nodes:
        labels = node["metadata"].get("labels") or {}
        if node["spec"].get("unschedulable"):
            why = "node(s) were unschedulable"
        elif not condition(node, "Ready"):
            why = "node(s) had taint {node.kubernetes.io/not-ready: }, that the pod didn't tolerate"
        elif any(labels.get(key) != value for key, value in selector.items()):
            why = "node(s) didn't match Pod's node affinity/selector"
        elif host_ports(pod) & taken:
            why = "node(s) didn't have free ports for the requested pod ports"
        else:
            return node["metadata"]["name"], ""
        reasons[why] = reasons.get(why, 0) + 1
    if not nodes:
        return "", "no nodes available to schedule pods"
    listed = ", ".join(f"{count} {why}" for why, count in reasons.items())
    return "", f"0/{len(nodes)} nodes are available: {listed}."
