"""Runs each pod as a local process at its own loopback address.

A pod has one container; one with a `hostPort` listens on 127.0.0.1. The kubelet reads the desired
state from the storage, checks its processes, and writes the status.
"""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sandbox.cluster.containers import Command, Container, Image, read_log
from sandbox.cluster.errors import StatusError
from sandbox.cluster.journal import Journal
from sandbox.cluster.ports import Ports
from sandbox.cluster.processes import Processes
from sandbox.cluster.resources import PODS
from sandbox.cluster.status import (
    condition,
    host_ports,
    is_going,
    is_over,
    port_of,
    set_condition,
)
from sandbox.cluster.storage import Obj, Storage, now

_HOST = "127.0.0.1"
_PROBE_TIMEOUT = 0.5
# A pod gets only the environment variables that any program needs.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")

__all__ = ["Command", "Image", "Kubelet"]


class Kubelet:
    """The kubelets of all nodes. `wake` is called when a process ends.

    `unpullable` selects pods whose image cannot be pulled. Frozen pods are on a node that does not
    respond: they do not change until they are deleted without grace. Pods on a `virtual` node
    run without a process here.
    """

    def __init__(
        self,
        storage: Storage,
        journal: Journal,
        images: Mapping[str, Image],
        directory: Path,
        ports: Ports,
        wake: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._journal = journal
        self._images = images
        self._directory = directory
        self._ports = ports
        self._wake = wake
        self._processes = Processes()
        self._containers: dict[str, Container] = {}
        self._frozen: set[str] = set()
        self._guard = threading.RLock()
        self.unpullable: Callable[[Obj], bool] = lambda _pod: False
        self.virtual: set[str] = set()

    # -- faults ------------------------------------------------------------------------------

    def freeze(self, uid: str) -> None:
        """Make a pod's node unresponsive; the node controller marks the pod as not ready."""

        def lost(obj: Obj) -> None:
            set_condition(obj, "Ready", False, "NodeNotReady", "Node is not ready")

        with self._guard:
            self._frozen.add(uid)
            for pod in self._storage.objects(PODS):
                if pod["metadata"]["uid"] == uid:
                    self._storage.change(pod, lost)

    def thaw(self) -> None:
        """Unfreeze all nodes."""
        with self._guard:
            self._frozen.clear()
        self._wake()

    def kill(self, uid: str) -> bool:
        """Kill a pod's process as the out-of-memory killer would; False if it has none."""
        with self._guard:
            container = self._containers.get(uid)
            if container is None or container.process is None:
                return False
            container.process.signal(signal.SIGKILL)
            return True

    def evict(self, namespace: str, name: str, message: str) -> None:
        """Evict a pod as a node short of memory does: phase Failed, reason Evicted."""
        with self._guard:
            pod = self._storage.get(PODS, namespace, name)
            self.kill(pod["metadata"]["uid"])

            def failed(obj: Obj) -> None:
                obj["status"] |= {"phase": "Failed", "reason": "Evicted", "message": message}
                set_condition(obj, "Ready", False, "PodFailed", message)
                for status in obj["status"].get("containerStatuses") or []:
                    ended = {"exitCode": 137, "reason": "Error", "finishedAt": now()}
                    status |= {"ready": False, "started": False, "state": {"terminated": ended}}

            self._storage.mutate(PODS, namespace, name, failed)
        self._journal.write(pod, "Evicted", message, component="kubelet", warning=True)

    # -- reconciling -------------------------------------------------------------------------

    def reconcile(self) -> float:
        """Reconcile every pod once; returns the maximum seconds until the next call."""
        with self._guard:
            pods = [p for p in self._storage.objects(PODS) if p["spec"].get("nodeName")]
            uids = {p["metadata"]["uid"] for p in pods}
            self._frozen &= uids
            for uid in [uid for uid in self._containers if uid not in uids]:
                self._forget(uid)
            soonest = 5.0
            for pod in pods:
                if pod["metadata"]["uid"] not in self._frozen:
                    soonest = min(soonest, self._sync(pod))
            return soonest

    def _forget(self, uid: str) -> None:
        """Kill the process of a pod that was deleted without grace."""
        container = self._containers[uid]
        if container.process is not None and container.alive:
            container.process.signal(signal.SIGKILL)
            return
        del self._containers[uid]

    def _sync(self, pod: Obj) -> float:
        uid = pod["metadata"]["uid"]
        container = self._containers.get(uid)
        if is_going(pod) or is_over(pod):
            return self._wind_down(pod, container)
        if pod["spec"]["nodeName"] in self.virtual:
            return 5.0
        if container is None:
            container = self._place(pod)
            if container is None:
                return 0.1
            self._containers[uid] = container
        if container.process is None:
            return self._start(pod, container)
        if not container.alive:
            return self._exited(pod, container)
        return self._probe(pod, container)

    def _place(self, pod: Obj) -> Container | None:
        """A container for a new pod; None while another process has its port."""
        others = self._containers.values()
        ports = host_ports(pod)
        if ports & {c.port for c in others if c.address == _HOST and c.alive}:
            return None
        directory = self._directory / pod["metadata"]["uid"]
        directory.mkdir(parents=True, exist_ok=True)
        address = _HOST if ports else self._ports.take_address({c.address for c in others})
        return Container(directory=directory, address=address, port=port_of(pod))

    def _wind_down(self, pod: Obj, container: Container | None) -> float:
        meta = pod["metadata"]
        if container is None or container.process is None or not container.alive:
            if is_going(pod) and not meta.get("finalizers"):
                try:
                    self._storage.remove(PODS, meta["namespace"], meta["name"], uid=meta["uid"])
                except StatusError:
                    return 0.1
            return 5.0
        moment = time.monotonic()
        grace = 0.0 if is_over(pod) else float(meta["deletionGracePeriodSeconds"])
        if container.kill_at is None:
            container.process.signal(signal.SIGTERM)
            container.kill_at = moment + grace
            self._journal.write(pod, "Killing", "Stopping container", component="kubelet")
        container.kill_at = min(container.kill_at, moment + grace)
        if moment >= container.kill_at:
            container.process.signal(signal.SIGKILL)
        return max(0.05, container.kill_at - moment)

    def _start(self, pod: Obj, container: Container) -> float:
        spec = pod["spec"]["containers"][0]
        moment = time.monotonic()
        if moment < container.next_start:
            self._write(pod, container)
            return container.next_start - moment
        image = None if self.unpullable(pod) else self._images.get(spec["image"])
        if image is None:
            message = f'Failed to pull image "{spec["image"]}": not found'
            return self._cannot_start(pod, container, "ImagePullBackOff", message)
        command = image.command(pod, container.port)
        env = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        env |= {e["name"]: e.get("value") or "" for e in spec.get("env") or []}
        env |= {"POD_IP": container.address, "PORT": str(container.port)}
        env |= {"HOSTNAME": pod["metadata"]["name"], **command.env}
        try:
            container.process = self._processes.start(
                command.argv,
                env,
                directory=container.directory,
                log=container.log(container.restarts),
                on_exit=self._wake,
            )
        except OSError as exc:
            return self._cannot_start(pod, container, "CreateContainerError", str(exc))
        container.started_at = now()
        container.ready = "readinessProbe" not in spec
        message = f"Started container {spec['name']}"
        self._journal.write(pod, "Started", message, component="kubelet")
        self._write(pod, container)
        return 5.0 if container.ready else 0.1

    def _cannot_start(self, pod: Obj, container: Container, why: str, message: str) -> float:
        """Report it in the pod's status and an event; retry after a second."""
        container.next_start = time.monotonic() + 1.0
        container.waiting = why
        self._journal.write(pod, "Failed", message, component="kubelet", warning=True)
        self._write(pod, container)
        return 1.0

    def _exited(self, pod: Obj, container: Container) -> float:
        policy = pod["spec"]["restartPolicy"]
        ended = container.terminated(now())
        if policy == "Always" or (policy == "OnFailure" and ended["exitCode"] != 0):
            container.last = ended
            container.back_off()
            if container.waiting == "CrashLoopBackOff":
                message = "Back-off restarting failed container"
                self._journal.write(pod, "BackOff", message, component="kubelet", warning=True)
            return self._start(pod, container)
        container.ready = False
        phase = "Succeeded" if ended["exitCode"] == 0 else "Failed"
        self._write(pod, container, phase=phase, state={"terminated": ended})
        return 5.0

    def _probe(self, pod: Obj, container: Container) -> float:
        """Run the readiness probe: often until it succeeds, then at its period."""
        spec = pod["spec"]["containers"][0]
        if container.ready and not condition(pod, "Ready"):
            # Its node answers again.
            self._write(pod, container)
        probe = spec.get("readinessProbe")
        if probe is None:
            return 5.0
        moment = time.monotonic()
        if moment < container.next_probe:
            return container.next_probe - moment
        path = probe.get("httpGet", {}).get("path", "/")
        container.ready = _answers(container, path)
        period = float(probe.get("periodSeconds", 10)) if container.ready else 0.1
        container.next_probe = moment + period
        self._write(pod, container)
        return period

    def _write(
        self, pod: Obj, container: Container, *, phase: str = "", state: Obj | None = None
    ) -> None:
        spec = pod["spec"]["containers"][0]
        started = container.process is not None or container.restarts > 0

        def write(obj: Obj) -> None:
            obj["status"] |= {
                "phase": phase or ("Running" if started else "Pending"),
                "hostIP": _HOST,
                "containerStatuses": [container.status(spec, state)],
            }
            obj["status"].setdefault("startTime", now())
            if started:
                ip = container.address
                obj["status"] |= {"podIP": ip, "podIPs": [{"ip": ip}]}
            words = ("", "") if container.ready else ("ContainersNotReady", "containers not ready")
            set_condition(obj, "Initialized", True, "", "")
            set_condition(obj, "ContainersReady", container.ready, *words)
            set_condition(obj, "Ready", container.ready, *words)

        self._storage.change(pod, write)

    def log(self, pod: Obj, params: Mapping[str, str]) -> str:
        """The log of a pod. Raises StatusError 400."""
        return read_log(pod, params, self._directory)

    def stop(self) -> None:
        """Kill every process and wait until all are gone."""
        self._processes.stop()


def _answers(container: Container, path: str) -> bool:
    connection = http.client.HTTPConnection(
        container.address, container.port, timeout=_PROBE_TIMEOUT
    )
    try:
        connection.request("GET", path)
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
