"""A simulated node and kubelet for a control plane without nodes.

Kubelet reports go through ``/status``, so they work for the double too. A real API
server also requests logs from the kubelet; a small HTTPS server answers.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from kubernetes import client

STARTED = "2026-11-22T10:00:00Z"


class PlayedNode:
    """Answers ``/containerLogs/NAMESPACE/POD/CONTAINER`` with the output set by ``say``."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._said: dict[tuple[str, str, bool], str] = {}
        node = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Log nothing."""

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                _, _, namespace, pod, container = split.path.split("/")
                asked = {name: values[-1] for name, values in parse_qs(split.query).items()}
                previous = asked.get("previous") == "true"
                said = node._said.get((namespace, pod, previous))
                if said is None and previous:
                    told = f'previous terminated container "{container}" in pod "{pod}" not found'
                    self._answer(400, told)
                else:
                    lines = (said or "").splitlines(keepends=True)
                    tail = int(asked.get("tailLines", len(lines)))
                    self._answer(200, "".join(lines[max(0, len(lines) - tail) :]))

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]

    def say(self, namespace: str, pod: str, text: str, *, previous: bool) -> None:
        """Set the output of the pod's current or previous container."""
        self._said[namespace, pod, previous] = text

    @contextmanager
    def answering(self) -> Iterator[PlayedNode]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(timeout=5)


class Kubelet:
    """Writes pod status through the API, as a kubelet does."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def runs(self, pod: Any, *, restarts: int = 0, ip: str = "10.1.0.1") -> Any:
        """The container is ready, with this number of restarts."""
        state = {"running": {"startedAt": STARTED}}
        return self._report(pod, "Running", ready=True, state=state, restarts=restarts, ip=ip)

    def waits(self, pod: Any, reason: str) -> Any:
        """The container cannot be started, for this reason."""
        return self._report(pod, "Pending", ready=False, state={"waiting": {"reason": reason}})

    def failed(self, pod: Any, reason: str) -> Any:
        """The pod has failed, with this reason."""
        state = {"terminated": {"exitCode": 137, "reason": "Error"}}
        return self._report(pod, "Failed", ready=False, state=state, reason=reason)

    def lost(self, pod: Any) -> Any:
        """Its node is unreachable: the node controller writes only the condition."""
        meta = pod.metadata
        unready = {"type": "Ready", "status": "False", "reason": "NodeNotReady"}
        return self._core.patch_namespaced_pod_status(
            meta.name, meta.namespace, {"status": {"conditions": [unready]}}
        )

    def out_of_memory(self, pod: Any) -> Any:
        """The container was killed and waits for its restart."""
        ended = {"exitCode": 137, "reason": "OOMKilled", "finishedAt": STARTED}
        waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting container"}
        state = {"waiting": waiting}
        return self._report(pod, "Running", ready=False, state=state, restarts=12, last=ended)

    def let_go(self, pod: Any) -> None:
        """The container of a terminating pod has exited: delete the object."""
        options = client.V1DeleteOptions(
            grace_period_seconds=0, preconditions=client.V1Preconditions(uid=pod.metadata.uid)
        )
        meta = pod.metadata
        self._core.delete_namespaced_pod(meta.name, meta.namespace, body=options)

    def _report(
        self,
        pod: Any,
        phase: str,
        *,
        ready: bool,
        state: dict[str, Any],
        reason: str = "",
        restarts: int = 0,
        last: dict[str, Any] | None = None,
        ip: str = "10.1.0.1",
    ) -> Any:
        container = pod.spec.containers[0]
        said = "True" if ready else "False"
        status = {
            "phase": phase,
            "reason": reason or None,
            "startTime": STARTED,
            "podIP": ip,
            "podIPs": [{"ip": ip}],
            "conditions": [{"type": kind, "status": said} for kind in ("ContainersReady", "Ready")],
            "containerStatuses": [
                {
                    "name": container.name,
                    "image": container.image,
                    "imageID": "",
                    "ready": ready,
                    "restartCount": restarts,
                    "state": state,
                    "lastState": {"terminated": last} if last else {},
                }
            ],
        }
        meta = pod.metadata
        return self._core.patch_namespaced_pod_status(
            meta.name, meta.namespace, {"metadata": {"uid": meta.uid}, "status": status}
        )
