"""Assembles the cluster double and runs it."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path

import yaml

from sandbox.cluster.auth import Rule, Tokens, anything
from sandbox.cluster.deployments import DeploymentController
from sandbox.cluster.following import StatusController
from sandbox.cluster.http import application
from sandbox.cluster.journal import Journal
from sandbox.cluster.kubelet import Image, Kubelet
from sandbox.cluster.ports import Ports
from sandbox.cluster.resources import NAMESPACES, NODES
from sandbox.cluster.routes import Routes
from sandbox.cluster.scheduler import Scheduler
from sandbox.cluster.status import set_condition
from sandbox.cluster.storage import Obj, Storage
from sandbox.cluster.verbs import Verbs
from sandbox.fault_proxy import FaultProxy
from sandbox.own_words import System
from sandbox.rules import Breakable
from sandbox.server import Server

_log = logging.getLogger(__name__)
_AT_LEAST_EVERY = 1.0
"""Seconds between two rounds of the control loop."""


class ClusterDouble(Breakable):
    """A one-process Kubernetes cluster on loopback.

    `images` is what its nodes can run; `directory` holds logs and kubeconfig files. `ports`
    allocates its processes' ports. A `bare` one has no scheduler, no kubelet, and of the
    controllers only that of Deployments: the user does these jobs. Outages use `storage`,
    `verbs`, `kubelet` and `tokens` directly. `server` is the API's own address; `faults` apply to
    requests through `front`.
    """

    def __init__(
        self,
        *,
        directory: Path,
        images: Mapping[str, Image] | None = None,
        name: str = "sandbox",
        ports: Ports | None = None,
        bare: bool = False,
    ) -> None:
        self.name = name
        self._bare = bare
        self._ports = ports or Ports()
        self.directory = directory = directory.resolve()
        self.storage = Storage()
        self.verbs = Verbs(self.storage)
        self.tokens = Tokens()
        self.admin_token = secrets.token_urlsafe(24)
        self.tokens.add(self.admin_token, "system:admin")
        self._wake = threading.Event()
        self._stopping = False
        self.journal = Journal(self.storage)
        self.kubelet = Kubelet(
            self.storage,
            self.journal,
            images or {},
            directory / "pods",
            self._ports,
            self._wake.set,
        )
        self._scheduler = Scheduler(self.storage, self.verbs, self.journal)
        self._deployments = DeploymentController(self.storage, self.verbs, self.journal)
        self._statuses = StatusController(self.storage)
        routes = Routes(self.storage, self.verbs, self.tokens, self.kubelet.log)
        self._application = application(routes)
        port = self._ports.take()
        self._http = Server(port)
        self.server = self._http.url.rstrip("/")
        self.api_address = ("127.0.0.1", port)
        self.front = FaultProxy(self.api_address, system=System.CLUSTER, port=self._ports.take())
        self.rules = self.front.rules
        self.storage.listen(self._wake.set)
        self._loop = threading.Thread(target=self._run, name="cluster-control", daemon=True)
        for namespace in ("default", "kube-system"):
            self.add_namespace(namespace)

    def start(self) -> None:
        """Serve the API and run pods."""
        self._http.start(self._application)
        self.front.start()
        self._loop.start()

    def stop(self) -> None:
        """Kill every pod's process and close the API."""
        self._stopping = True
        self._wake.set()
        if self._loop.is_alive():
            self._loop.join(timeout=10)
        self.kubelet.stop()
        self.storage.close()
        self.front.stop()
        self._http.stop()
        self._ports.close()

    def _run(self) -> None:
        """Run the scheduler, controllers and kubelet in one loop; each change wakes it."""
        while not self._stopping:
            self._wake.clear()
            soonest = _AT_LEAST_EVERY
            try:
                self._deployments.reconcile()
                if not self._bare:
                    self._statuses.reconcile()
                    self._scheduler.reconcile()
                    soonest = min(soonest, self.kubelet.reconcile())
            except Exception:  # noqa: BLE001 - the loop is the boundary: a broken round is logged
                _log.exception("The cluster's control loop failed once; it continues.")
            self._wake.wait(soonest)

    # -- initial cluster state -----------------------------------------------------------------

    def add_namespace(self, name: str) -> None:
        """Add a namespace. Raises StatusError 409 if it exists."""
        self.verbs.create(NAMESPACES, "", {"metadata": {"name": name}})

    def add_node(self, name: str, labels: Mapping[str, str]) -> None:
        """Add a Ready node. Raises StatusError 409 if it exists."""
        node = {"metadata": {"name": name, "labels": dict(labels)}, "spec": {}}
        self.verbs.create(NODES, "", node)
        self.set_node_ready(name, ready=True)

    def set_node_ready(self, name: str, *, ready: bool) -> None:
        """Set whether a node is Ready."""

        words = ("KubeletReady", "kubelet is posting ready status")
        if not ready:
            words = ("NodeStatusUnknown", "Kubelet stopped posting node status.")

        def write(obj: Obj) -> None:
            obj.setdefault("status", {})
            set_condition(obj, "Ready", True if ready else "Unknown", *words)

        node = self.storage.mutate(NODES, "", name, write)
        if node is not None and not ready:
            message = f"Node {name} status is now: NodeNotReady"
            self.journal.write(
                node, "NodeNotReady", message, component="node-controller", warning=True
            )

    def write_kubeconfig(
        self,
        path: Path,
        *,
        user: str,
        namespace: str = "default",
        rule: Rule = anything,
        server: str = "",
    ) -> str:
        """Write a kubeconfig for a new user and return the name of its context.

        `server` overrides the API's own address.
        """
        token = secrets.token_urlsafe(24)
        self.tokens.add(token, user, rule)
        context = f"{user}@{self.name}"
        of_context = {"cluster": self.name, "user": user, "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": self.name, "cluster": {"server": server or self.server}}],
            "users": [{"name": user, "user": {"token": token}}],
            "contexts": [{"name": context, "context": of_context}],
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        return context
