"""The node of a control plane that has none: a test plays its kubelet.

What a kubelet reports goes through ``/status`` as from a real one, so it is the same for the double. A
real API server also asks the kubelet for logs: that is the small HTTPS server here.
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
    """Answers ``/containerLogs/NAMESPACE/POD/CONTAINER`` with what ``logs`` holds."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.logs: dict[tuple[str, str], str] = {}
        logs = self.logs

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

            def do_GET(self) -> None:
                split = urlsplit(self.path)
                _, _, namespace, pod, _ = split.path.split("/")
                lines = logs.get((namespace, pod), "").splitlines(keepends=True)
                for tail in parse_qs(split.query).get("tailLines", []):
                    lines = lines[len(lines) - min(int(tail), len(lines)) :]
                body = "".join(lines).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]

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
    """What a kubelet writes about its pods, through the API."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def runs(self, pod: Any) -> Any:
        """The pod's container runs and is ready."""
        state = {"running": {"startedAt": STARTED}}
        return self._report(pod, "Running", ready=True, state=state)

    def waits(self, pod: Any, reason: str) -> Any:
        """The container cannot be started, for this reason."""
        return self._report(pod, "Pending", ready=False, state={"waiting": {"reason": reason}})

    def failed(self, pod: Any, reason: str) -> Any:
        """The pod is over, with a reason of its own."""
        state = {"terminated": {"exitCode": 137, "reason": "Error"}}
        return self._report(pod, "Failed", ready=False, state=state, reason=reason)

    def let_go(self, pod: Any) -> None:
        """The container of a pod that is being deleted has ended: the object may go."""
        options = client.V1DeleteOptions(
            grace_period_seconds=0, preconditions=client.V1Preconditions(uid=pod.metadata.uid)
        )
        meta = pod.metadata
        self._core.delete_namespaced_pod(meta.name, meta.namespace, body=options)

    def _report(
        self, pod: Any, phase: str, *, ready: bool, state: dict[str, Any], reason: str = ""
    ) -> Any:
        container = pod.spec.containers[0]
        said = "True" if ready else "False"
        status = {
            "phase": phase,
            "reason": reason or None,
            "startTime": STARTED,
            "podIP": "10.1.0.1",
            "podIPs": [{"ip": "10.1.0.1"}],
            "conditions": [{"type": kind, "status": said} for kind in ("ContainersReady", "Ready")],
            "containerStatuses": [
                {
                    "name": container.name,
                    "image": container.image,
                    "imageID": "",
                    "ready": ready,
                    "restartCount": 0,
                    "state": state,
                }
            ],
        }
        meta = pod.metadata
        return self._core.patch_namespaced_pod_status(
            meta.name, meta.namespace, {"metadata": {"uid": meta.uid}, "status": status}
        )
