"""A hub of 2,000 users and a cluster of 1,000 pods as a process of its own, each answer after a delay.

Its parties can be made to hang. ``python -m tests.support.crowd DELAY`` prints its address, and answers each
line of its input: ``hang PREFIX`` lets paths with this prefix hang, ``stats`` returns what was asked so far.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.adapters.jupyterhub import JupyterHub
from bot.adapters.kubernetes import KubernetesCluster
from bot.domain.hubs import Place
from bot.runbook.site import Site
from tests.support.kube_stub import kubeconfig

ROOT = Path(__file__).parents[2]
USERS, SERVERS, NODES = 2000, 1000, 40
NAMESPACE = "datahub-prod"
SCOPES = ["list:users", "read:servers", "delete:servers", "proxy", "read:metrics"]


class Crowd:
    """The running process. ``url`` is the address of both the hub and the API server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url = self._line()

    def hang(self, prefix: str) -> None:
        """Let paths with this prefix hang; none if it is empty."""
        self._say(f"hang {prefix}")

    def stats(self) -> dict[str, int]:
        """The requests since the last call (``asked``), and how many were under way at once (``most``)."""
        found: dict[str, int] = json.loads(self._say("stats"))
        return found

    def site(self, directory: Path, *, timeout: float = 10.0) -> Site:
        """The hub and cluster, by our adapters."""
        return Site(
            place=Place(hub="datahub", cluster="teaching", namespace=NAMESPACE),
            hub=JupyterHub(
                name="datahub",
                url=self.url,
                api_url=f"{self.url}/hub/api",
                token="0123456789abcdef",
                timeout=timeout,
            ),
            cluster=KubernetesCluster(
                name="teaching",
                kubeconfig=kubeconfig(directory, self.url),
                context="teaching",
                server=self.url,
                timeout=timeout,
            ),
        )

    def _say(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def crowd(delay: float = 0.05) -> Iterator[Crowd]:
    """Start the process; it ends with its input."""
    command = [sys.executable, "-m", "tests.support.crowd", str(delay)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Crowd(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _iso(ago: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")


HOUR = timedelta(hours=1)


def _ip(number: int) -> str:
    return f"10.1.{number // 250}.{number % 250 + 1}"


def _pod(name: str, component: str, number: int, notes: dict[str, str]) -> dict[str, Any]:
    """A pod of the size that a real one has."""
    env = [{"name": f"JUPYTERHUB_VARIABLE_{n}", "value": "x" * 60} for n in range(25)]
    times = {"lastTransitionTime": _iso(HOUR), "lastProbeTime": None, "status": "True"}
    kinds = ("Initialized", "Ready", "ContainersReady", "PodScheduled")
    fields = {f"f:field-{n}": {f"f:part-{m}": {} for m in range(4)} for n in range(15)}
    return {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": f"uid-{name}",
            "labels": {"app": "jupyterhub", "component": component, "release": "datahub"},
            "annotations": notes,
            "creationTimestamp": _iso(HOUR),
            "managedFields": [{"manager": "OpenAPI-Generator", "fieldsV1": fields}],
        },
        "spec": {
            "nodeName": f"user-{number % NODES}",
            "containers": [{"name": "notebook", "image": "example.org/user:1", "env": env}],
        },
        "status": {
            "phase": "Running",
            "podIP": _ip(number),
            "podIPs": [{"ip": _ip(number)}],
            "startTime": _iso(HOUR),
            "conditions": [{"type": kind} | times for kind in kinds],
            "containerStatuses": [
                {
                    "name": "notebook",
                    "ready": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": _iso(HOUR)}},
                    "lastState": {},
                }
            ],
        },
    }


@cache
def _items(path: str) -> list[dict[str, Any]]:
    """The objects of a list of the API server."""
    kind = path.rpartition("/")[2]
    if kind == "pods":
        notes = [{"hub.jupyter.org/username": f"student{n:04}"} for n in range(SERVERS)]
        mine = [
            _pod(f"jupyter-student{n:04}", "singleuser-server", n, note)
            for n, note in enumerate(notes)
        ]
        proxy = _pod("proxy-1", "proxy", 1101, {})
        proxy["spec"]["containers"][0]["resources"] = {"limits": {"memory": "1Gi"}}
        return [_pod("hub-1", "hub", 1100, {}), proxy, *mine]
    if kind == "nodes":
        ready = [{"type": "Ready", "status": "True", "lastTransitionTime": _iso(HOUR)}]
        return [
            {"metadata": {"name": f"user-{n}", "uid": str(n)}, "status": {"conditions": ready}}
            for n in range(NODES)
        ]
    if kind == "events":
        return [
            {
                "metadata": {"name": f"event-{n}"},
                "involvedObject": {"kind": "Pod", "name": f"jupyter-student{n:04}", "uid": str(n)},
                "reason": "Pulled",
                "message": "Container image is present",
                "type": "Normal",
                "lastTimestamp": _iso(),
            }
            for n in range(SERVERS)
        ]
    if kind == "persistentvolumeclaims":
        spec = {"storageClassName": "fast", "resources": {"requests": {"storage": "10Gi"}}}
        status = {"phase": "Bound", "capacity": {"storage": "10Gi"}}
        return [
            {"metadata": {"name": f"claim-{n}", "uid": str(n)}, "spec": spec, "status": status}
            for n in range(USERS)
        ]
    return []


@cache
def _page(path: str, limit: int, offset: int) -> bytes:
    items = _items(path)
    following = str(offset + limit) if offset + limit < len(items) else ""
    page = {"metadata": {"continue": following}, "items": items[offset : offset + limit]}
    return json.dumps(page).encode()


@cache
def _hubs_page(path: str, offset: int) -> bytes:
    names = [f"student{n:04}" for n in range(SERVERS)]
    started = {"started": _iso(HOUR), "last_activity": _iso()}
    server = {"name": "", "ready": True, "pending": None, "url": "/", "state": {}} | started
    part = list(enumerate(names))[offset : offset + 200]
    items: Any = [{"name": name, "groups": [], "servers": {"": server}} for _, name in part]
    if path.endswith("/proxy"):
        items = {
            f"/user/{name}/": {
                "target": f"http://{_ip(n)}:8888",
                "data": {"user": name, "server_name": ""},
            }
            for n, name in part
        }
    more = {"offset": offset + 200} if offset + 200 < len(names) else None
    return json.dumps({"items": items, "_pagination": {"offset": offset, "next": more}}).encode()


def _deployment() -> bytes:
    spec = {"replicas": 1, "template": {"metadata": {}}}
    status = {"readyReplicas": 1, "updatedReplicas": 1}
    return json.dumps({"metadata": {"name": "proxy"}, "spec": spec, "status": status}).encode()


def _answer(path: str, query: dict[str, str]) -> bytes:
    match path:
        case "/hub/api/user":
            return json.dumps({"name": "mayday", "scopes": SCOPES}).encode()
        case "/hub/api/" | "/hub/api":
            return b'{"version": "6.1.1"}'
        case "/hub/api/metrics":
            bucket = 'jupyterhub_request_duration_seconds_bucket{code="200",le="0.1"} 1.0\n'
            return f"jupyterhub_running_servers {SERVERS}.0\n{bucket * 5000}".encode()
        case "/hub/api/users" | "/hub/api/proxy":
            return _hubs_page(path, int(query.get("offset", 0)))
    if "/metrics.k8s.io/" in path:
        usage = [{"name": "chp", "usage": {"memory": "200Mi"}}]
        measured = {"metadata": {"name": "proxy-1"}, "timestamp": _iso(), "containers": usage}
        return json.dumps({"items": [measured]}).encode()
    if path.endswith("/log"):
        return b"2026-11-22T10:00:00.123456789Z uncaught exception: write EPIPE\n"
    if path.endswith("/deployments/proxy"):
        return _deployment()
    return _page(path, int(query.get("limit", 500)), int(query.get("continue", 0)))


def main(delay: float) -> None:
    """Serve until the input ends."""
    guard, asked, under_way, most = threading.Lock(), 0, 0, 0
    hanging, over = "", threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            nonlocal asked, under_way, most
            address = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(address.query).items()}
            with guard:
                asked, under_way = asked + 1, under_way + 1
                most = max(most, under_way)
            try:
                if hanging and address.path.startswith(hanging):
                    over.wait(60)
                time.sleep(delay)
                body = _answer(address.path, query)
            finally:
                with guard:
                    under_way -= 1
            self.send_response(200)
            self.send_header("X-JupyterHub-Version", "6.1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Write no access log."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore clients that disconnect."""

    # The answers are made before they are asked for, so that only the delay counts.
    root = f"/api/v1/namespaces/{NAMESPACE}"
    for kind in ("pods", "events", "persistentvolumeclaims"):
        for offset in range(0, USERS, 500):
            _page(f"{root}/{kind}", 500, offset)
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
    for line in sys.stdin:
        said, _, prefix = line.strip().partition(" ")
        if said == "hang":
            hanging = prefix
        with guard:
            print(json.dumps({"asked": asked, "most": most}), flush=True)  # noqa: T201
            asked = most = 0
    over.set()
    server.shutdown()


if __name__ == "__main__":
    main(float(sys.argv[1]))
