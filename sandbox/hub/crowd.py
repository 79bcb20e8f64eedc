"""A crowd of users whose servers already run when the hub starts; one process answers for all.

The hub finds them in its database, as after any restart: with a pod, a route and an answer each.
Their pods are on a node of their own, whose kubelet starts no process for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.cluster import ClusterDouble
from sandbox.cluster.resources import PODS
from sandbox.cluster.status import set_condition
from sandbox.cluster.storage import Obj, now
from sandbox.server import Server

NODE = "crowd-pool-1"
_HOST = "127.0.0.1"


class Crowd:
    """The servers of `names` at one port; a page there asks for no login."""

    def __init__(self, names: Sequence[str], port: int) -> None:
        self.names = tuple(names)
        self._port = port
        self._server = Server(port)

    def settings(self) -> dict[str, object]:
        """What the hub's configuration writes into its database: pod by user, and the port."""
        return {"port": self._port, "pods": {name: f"jupyter-{name}" for name in self.names}}

    def start(self, cluster: ClusterDouble, namespace: str, release: str) -> None:
        """Add node and pods, and answer."""
        cluster.add_node(NODE, {"type": "virtual-kubelet"})
        cluster.kubelet.virtual.add(NODE)
        for name in self.names:
            pod = cluster.verbs.create(PODS, namespace, _pod(name, release, self._port))
            cluster.storage.change(pod, _runs)
        self._server.start(Starlette(routes=[Route("/user/{name}/{rest:path}", _page)]))

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()


async def _page(request: Request) -> PlainTextResponse:
    headers = {"X-JupyterHub-Version": version("jupyterhub")}
    return PlainTextResponse(f"{request.path_params['name']} is at work.", headers=headers)


def _pod(name: str, release: str, port: int) -> Obj:
    ports = [{"name": "notebook-port", "containerPort": port}]
    container = {"name": "notebook", "image": "singleuser", "ports": ports}
    return {
        "metadata": {
            "name": f"jupyter-{name}",
            "labels": {
                "app": "jupyterhub",
                "component": "singleuser-server",
                "release": release,
            },
            "annotations": {"hub.jupyter.org/username": name},
        },
        "spec": {"nodeName": NODE, "containers": [container]},
    }


def _runs(pod: Obj) -> None:
    status = {"name": "notebook", "ready": True, "restartCount": 0, "image": "singleuser"}
    pod["status"] |= {"phase": "Running", "podIP": _HOST, "startTime": now()}
    pod["status"]["containerStatuses"] = [status | {"state": {"running": {"startedAt": now()}}}]
    set_condition(pod, "Ready", True, "", "")
