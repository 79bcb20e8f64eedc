"""A hub in its own cluster: starts and stops it; reads hub, pods and proxy."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.cluster import ClusterDouble
from sandbox.cluster.ports import Ports
from sandbox.cluster.resources import (
    DEPLOYMENTS,
    PODS,
    STATEFUL_SETS,
    STORAGE_CLASSES,
    VOLUME_CLAIMS,
)
from sandbox.cluster.status import condition, is_going, is_over, port_of
from sandbox.cluster.storage import Obj
from sandbox.cluster.waiting import wait_for
from sandbox.fault_proxy import FaultProxy
from sandbox.hub import images, manifests
from sandbox.hub.access import BOT_SCOPES, SANDBOX_SCOPES, bot_may
from sandbox.hub.crowd import Crowd
from sandbox.hub.rest import HubRest
from sandbox.own_words import System
from sandbox.rules import Breakable

DEFAULT_USERS = (
    *("ana", "ben", "chidi", "dara", "elif", "farid"),
    *("grace", "hana", "ivan", "jo", "kofi", "lena"),
)

CANARY = "canary"
"""The user for test spawns, who has no server in between."""

USERNAME = "hub.jupyter.org/username"
SERVERNAME = "hub.jupyter.org/servername"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A server's state.

    `hub` is "ready", "pending spawn", "pending stop", "absent", or "unknown" if the hub does not
    answer; `pod` is "Running", "Pending", "Terminating", "none", or another phase; `route` is
    whether the proxy has a route.
    """

    user: str
    server: str
    hub: str
    pod: str
    route: bool


class RunningHub(Breakable):
    """The hub, its proxy and its users' servers, as Deployments and pods of a cluster double.

    `directory` holds its database, logs and kubeconfig; it can be deleted after `stop`. The
    servers of the `crowd` run from the start and one process answers for all of them. The
    `faults` of the hub and its cluster apply to clients of `api_url` and `kubeconfig`, those of
    `public` to users of `url`, and those of `spawning` to the hub's own KubeSpawner; the sandbox
    itself bypasses all of them.
    """

    def __init__(
        self,
        *,
        directory: Path,
        users: Sequence[str] = DEFAULT_USERS,
        crowd: Sequence[str] = (),
    ) -> None:
        self.name = "datahub"
        self.namespace = "datahub-prod"
        self.cluster_name = "sandbox"
        self.users = (*users, *crowd)
        self.directory = directory = directory.resolve()
        directory.mkdir(parents=True, exist_ok=True)
        # A database of an earlier run would refer to deleted pods.
        directory.joinpath("jupyterhub.sqlite").unlink(missing_ok=True)
        self.kubeconfig = directory / "kubeconfig"
        ports = Ports()
        hub_port, proxy_port, api_port = ports.take(), ports.take(), ports.take()
        self._ports = {"hub": hub_port, "proxy": proxy_port}
        self.proxy_url = f"http://127.0.0.1:{proxy_port}"
        self.public = FaultProxy(
            ("127.0.0.1", proxy_port), system=System.PROXY, port=ports.take(), people=True
        )
        self.url = self.public.url
        self.hub_url = f"http://127.0.0.1:{hub_port}"
        self.front = FaultProxy(("127.0.0.1", hub_port), system=System.HUB, port=ports.take())
        self.rules = self.front.rules
        self.api_url = f"{self.front.url}/hub/api"
        self.proxy_api_url = f"http://127.0.0.1:{api_port}"
        self.api_token = secrets.token_hex(20)
        admin_token, proxy_token = secrets.token_hex(20), secrets.token_hex(20)
        settings = directory / "hub.json"
        hub_kubeconfig = directory / "kubeconfig.hub"
        table = {
            "proxy": images.proxy_image(api_port=api_port, hub_url=self.hub_url, token=proxy_token),
            "hub": images.hub_image(settings=settings, kubeconfig=hub_kubeconfig),
            "singleuser": images.singleuser_image(),
        }
        table[images.FORK] = table["proxy"]
        self.cluster = ClusterDouble(
            directory=directory, images=table, name=self.cluster_name, ports=ports
        )
        self.server = self.cluster.front.url
        self.context = self.cluster.write_kubeconfig(
            self.kubeconfig,
            user="mayday",
            namespace=self.namespace,
            rule=bot_may,
            server=self.server,
        )
        self.spawning = FaultProxy(
            self.cluster.api_address, system=System.CLUSTER, port=ports.take()
        )
        self.cluster.write_kubeconfig(
            hub_kubeconfig, user="hub", namespace=self.namespace, server=self.spawning.url
        )
        settings.touch(mode=0o600)
        self.crowd = Crowd(crowd, ports.take())
        values = {
            "crowd": self.crowd.settings(),
            "directory": str(directory),
            "public_url": self.proxy_url,
            "hub_url": self.hub_url,
            "proxy_api_url": self.proxy_api_url,
            "proxy_token": proxy_token,
            "namespace": self.namespace,
            "release": self.name,
            "services": {
                "mayday": {"token": self.api_token, "scopes": BOT_SCOPES},
                "sandbox": {"token": admin_token, "scopes": SANDBOX_SCOPES},
            },
        }
        settings.write_text(json.dumps(values), encoding="utf-8")
        self.rest = HubRest(
            api_url=f"{self.hub_url}/hub/api",
            token=admin_token,
            proxy_api_url=self.proxy_api_url,
            proxy_token=proxy_token,
        )
        self._ways = (self.front, self.public, self.spawning)
        self._tokens: dict[str, str] = {}
        self.started: set[str] = set()
        # Held during an outage from the page: one at a time.
        self.playing = threading.Lock()

    # -- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start cluster, proxy and hub, and add the users. Raises TimeoutError."""
        cluster, name = self.cluster, self.name
        cluster.add_namespace(self.namespace)
        self.add_core_node()
        cluster.add_node(manifests.USER_NODE, {manifests.PURPOSE: "user"})
        for component, health in (("proxy", "/_chp_healthz"), ("hub", "/hub/health")):
            deployment = manifests.deployment(
                name, component, image=component, port=self._ports[component], health=health
            )
            cluster.verbs.create(DEPLOYMENTS, self.namespace, deployment)
        for kind, where, body in (
            (STORAGE_CLASSES, "", manifests.storage_class()),
            (VOLUME_CLAIMS, self.namespace, manifests.database_claim()),
            (STATEFUL_SETS, self.namespace, manifests.placeholders(name)),
        ):
            cluster.verbs.create(kind, where, body)
        if self.crowd.names:
            self.crowd.start(cluster, self.namespace, name)
        cluster.start()
        for way in self._ways:
            way.start()
        try:
            wait_for(lambda: self.hub_ok() and self.proxy_ok(), "the hub to start", seconds=120)
            self.rest.add_users([*self._alone(), CANARY])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process of the sandbox and close its connections."""
        for way in self._ways:
            way.stop()
        self.cluster.stop()
        self.crowd.stop()
        self.rest.close()

    def add_core_node(self) -> None:
        """Add the node for hub and proxy to the cluster."""
        self.cluster.add_node(manifests.CORE_NODE, {manifests.PURPOSE: "core"})

    def start_servers(self, users: Iterable[str] | None = None) -> None:
        """Start servers (by default all but the crowd's) and let each owner log in once.

        Returns when all are ready, routed and visited. Raises TimeoutError.
        """
        wanted = list(self._alone() if users is None else users)
        with ThreadPoolExecutor(max_workers=max(1, len(wanted))) as pool:
            list(pool.map(self.rest.start_server, wanted))

        def all_there() -> bool:
            there = {r.user for r in self.rows() if r.hub == "ready" and r.route}
            return there >= set(wanted)

        wait_for(all_there, "the users' servers", seconds=90)
        self.started |= set(wanted)
        for user in wanted:
            self.visit(user)

    # -- reading -----------------------------------------------------------------------------

    def hub_ok(self) -> bool:
        """Whether the hub's own health check succeeds and its clients can reach it."""
        return self.rest.is_well(f"{self.hub_url}/hub/health") and self.front.listening

    def proxy_ok(self) -> bool:
        """Whether the proxy's own health check succeeds and users can reach it."""
        return self.rest.is_well(f"{self.proxy_url}/_chp_healthz") and self.public.listening

    def rows(self) -> list[Row]:
        """The rows of all users' default servers and of all other existing servers."""
        try:
            servers, hub_answers = self.rest.servers(), True
        except httpx.HTTPError:
            servers, hub_answers = {}, False
        routes = self.rest.routes()
        pods = {
            (notes[USERNAME], notes.get(SERVERNAME, "")): pod
            for pod in self.user_pods()
            if USERNAME in (notes := pod["metadata"].get("annotations") or {})
        }
        keys = {(user, "") for user in self.users} | set(servers) | set(pods) | set(routes)
        return [
            Row(
                user=key[0],
                server=key[1],
                hub=_state(servers.get(key)) if hub_answers else "unknown",
                pod=_phase(pods.get(key)),
                route=key in routes,
            )
            for key in sorted(keys)
        ]

    def row(self, user: str) -> Row:
        """The row of a user's default server."""
        return next(row for row in self.rows() if (row.user, row.server) == (user, ""))

    def user_pods(self) -> list[Obj]:
        """The pods of users' servers."""
        pods = self.cluster.storage.objects(PODS, self.namespace)
        return [p for p in pods if USERNAME in (p["metadata"].get("annotations") or {})]

    def user_pod(self, user: str) -> Obj | None:
        """The pod of a user's default server, or None."""
        for pod in self.user_pods():
            notes = pod["metadata"]["annotations"]
            if notes[USERNAME] == user and not notes.get(SERVERNAME):
                return pod
        return None

    def component_pod(self, component: str) -> Obj | None:
        """The live pod of the hub ("hub") or the proxy ("proxy"), or None."""
        wanted = manifests.labels(self.name, component).items()
        for pod in self.cluster.storage.objects(PODS, self.namespace):
            labels = pod["metadata"].get("labels") or {}
            if labels.items() >= wanted and not is_going(pod) and not is_over(pod):
                return pod
        return None

    def component_ready(self, component: str) -> bool:
        """Whether the hub's or the proxy's pod is Ready."""
        pod = self.component_pod(component)
        return pod is not None and condition(pod, "Ready")

    def visit(self, user: str) -> int:
        """The HTTP status of a user's server page for its logged-in owner, 0 if no answer.

        It sends a browser's request and follows redirects. A lost route gives the hub's own answer
        (500, "redirect loop"), a stopped server gives 424.
        """
        headers = {"Authorization": f"token {self._token(user)}", "Accept": "application/json"}
        return self.rest.page_status(f"{self.url}/user/{user}/", headers)

    def visits(self) -> dict[str, int]:
        """Every user's `visit`, side by side.

        The crowd opens its pages at the proxy's own address and follows no redirect, so a lost
        route gives 302.
        """

        def visit(user: str) -> int:
            if user in self.crowd.names:
                return self.rest.status(f"{self.proxy_url}/user/{user}/")
            return self.visit(user)

        with ThreadPoolExecutor(max_workers=16) as pool:
            return dict(zip(self.users, pool.map(visit, self.users), strict=True))

    def work_done(self, user: str) -> int:
        """How many cells a user has run in the current process, bypassing hub and proxy.

        Each visit runs one. Raises LookupError if the user has no pod, httpx.HTTPError if it does
        not answer.
        """
        pod = self.user_pod(user)
        if pod is None:
            raise LookupError(f"{user} has no pod.")
        address = f"http://{pod['status']['podIP']}:{port_of(pod)}"
        headers = {"Authorization": f"token {self._token(user)}"}
        return int(self.rest.page(f"{address}/user/{user}/work", headers))

    def _alone(self) -> list[str]:
        """The users with a process of their own."""
        return [user for user in self.users if user not in self.crowd.names]

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = self.rest.user_token(user)
        return self._tokens[user]


def _state(server: Mapping[str, Any] | None) -> str:
    if server and server["pending"]:
        return f"pending {server['pending']}"
    return "ready" if server and server["ready"] else "absent"


def _phase(pod: Obj | None) -> str:
    if pod is None:
        return "none"
    return "Terminating" if is_going(pod) else str(pod["status"]["phase"])
