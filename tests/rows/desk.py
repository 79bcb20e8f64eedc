"""An operator's desk at the sandbox's hub: ``mayday runbooks plan`` with a custom config.

A plan must not change the hub, cluster or proxy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from bot.config import Config
from bot.domain.runs import Result
from sandbox.cluster.resources import DEPLOYMENTS, PODS
from sandbox.cluster.storage import Obj
from sandbox.hub import HubSandbox, steps
from sandbox.hub.access import bot_may
from sandbox.hub.manifests import USER_NODE
from sandbox.hub.running import SERVERNAME, USERNAME
from tests.support.planning import FORCE, NOW, Told, carried_out, told

NARROW = {
    "no-servers": ("list:users", "delete:servers", "proxy"),
    "servers-of-a-group": ("list:users", "read:servers!group=a", "delete:servers", "proxy"),
    "servers-of-ana": ("list:users", "read:servers!user=ana", "delete:servers", "proxy"),
    "users-of-a-group": ("list:users!group=a", "read:servers", "delete:servers", "proxy"),
    "no-stops": ("list:users", "read:servers", "proxy"),
}
"""Services whose tokens lack needed scopes."""


class Desk:
    """``mayday runbooks plan`` for the sandbox's hub. ``database`` is where sightings are kept."""

    def __init__(self, sandbox: HubSandbox, tokens: Mapping[str, str], database: str) -> None:
        self.sandbox = sandbox
        self.tokens = tokens
        self.database = database
        self._added: set[str] = set()
        self._proxy = json.loads((sandbox.directory / "hub.json").read_text())["proxy_token"]

    def config(self, *, limit: Mapping[str, int] | None = None, **hub: Any) -> Config:
        """The configuration of the hub, with overrides."""
        sandbox = self.sandbox
        settings = {
            "name": sandbox.name,
            "url": sandbox.url,
            "api_url": sandbox.api_url,
            "api_token": sandbox.api_token,
            "cluster": sandbox.cluster_name,
            "namespace": sandbox.namespace,
        }
        cluster = {
            "name": sandbox.cluster_name,
            "kubeconfig": str(sandbox.kubeconfig),
            "context": sandbox.context,
            "server": sandbox.server,
        }
        return Config.model_validate(
            {
                "database": {"url": self.database},
                "runbooks": {"limit": limit or {}},
                "hubs": [settings | hub],
                "clusters": [cluster],
            }
        )

    def plan(
        self,
        runbook: str = FORCE,
        *users: str,
        later: timedelta = NOW,
        clock_of_hub: timedelta | None = None,
        config: Config | None = None,
        **hub: Any,
    ) -> Told:
        """The command's output ``later``; asserts that it changes nothing.

        ``later`` shifts all clocks; ``clock_of_hub`` overrides the hub's.
        """
        before = self.state()
        said = told(config or self.config(**hub), runbook, users, later=later, hub=clock_of_hub)
        assert self.state() == before
        return said

    def carry_out(
        self, runbook: str = FORCE, *users: str, later: timedelta = NOW, **hub: Any
    ) -> list[Result]:
        """Run each step of the current plan, replanning before each step."""
        return carried_out(self.config(**hub), runbook, users, later=later)

    # -- state -----------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """State that a plan must not change: records, pods, routes and rollouts."""
        storage, namespace = self.sandbox.cluster.storage, self.sandbox.namespace
        return {
            "records": self.records(),
            "pods": {
                (pod["metadata"]["name"], pod["metadata"]["uid"]): pod["metadata"].get(
                    "deletionTimestamp"
                )
                for pod in storage.objects(PODS)
            },
            "routes": {path: route["target"] for path, route in self.routes().items()},
            "rollouts": {
                item["metadata"]["name"]: item["metadata"]["generation"]
                for item in storage.objects(DEPLOYMENTS, namespace)
            },
        }

    def records(self) -> dict[tuple[str, str], tuple[bool, str, str]] | None:
        """Each server's readiness, pending action and start time."""
        try:
            servers = self.sandbox.rest.servers()
        except httpx.HTTPError:
            return None
        return {
            key: (server["ready"], server["pending"] or "", server["started"] or "")
            for key, server in servers.items()
        }

    def pods(self) -> set[str]:
        """The uids of all pods of users' servers."""
        return {pod["metadata"]["uid"] for pod in self.sandbox.user_pods()}

    # -- the proxy's own table -------------------------------------------------------------------

    def routes(self) -> dict[str, dict[str, Any]]:
        """The users' routes by path; empty if the proxy does not answer."""
        try:
            found = self._ask("GET", "").json()
        except httpx.HTTPError:
            return {}
        return {path: route for path, route in found.items() if route.get("user")}

    def lead(self, user: str, target: str, *, server: str = "") -> None:
        """Point a server's route at a target, through the proxy's API."""
        path = f"/user/{user}/{server}".rstrip("/")
        data = {"user": user, "server_name": server, "jupyterhub": True}
        self._ask("POST", path, {"target": target, **data})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        return httpx.request(
            method,
            f"{self.sandbox.proxy_api_url}/api/routes{path}",
            headers={"Authorization": f"token {self._proxy}"},
            json=body,
            trust_env=False,
        ).raise_for_status()

    # -- pods without a kubelet -----------------------------------------------------------------

    def write(self, pod: Obj, status: Mapping[str, Any]) -> Obj:
        """Write a pod's status, as ``pods/status`` allows; return the pod."""
        meta = pod["metadata"]
        found = self.sandbox.cluster.storage.mutate(
            PODS, meta["namespace"], meta["name"], lambda obj: obj["status"].update(status)
        )
        assert found is not None
        return found

    def add_pod(
        self,
        name: str,
        *,
        release: str,
        component: str = "singleuser-server",
        user: str = "",
        server: str = "",
        ip: str = "127.9.9.9",
    ) -> Obj:
        """Add a pod without a kubelet, reported as running and ready."""
        notes = {USERNAME: user, SERVERNAME: server} if user else {}
        body = {
            "metadata": {
                "name": name,
                "labels": {"app": "jupyterhub", "release": release, "component": component},
                "annotations": notes,
            },
            "spec": {
                "nodeSelector": {"hub.jupyter.org/node-purpose": "of-another-cluster"},
                "containers": [{"name": "main", "image": "singleuser"}],
            },
        }
        pod = self.sandbox.cluster.verbs.create(PODS, self.sandbox.namespace, body)
        self._added.add(name)
        running = {
            "name": "main",
            "image": "singleuser",
            "imageID": "",
            "ready": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": pod["metadata"]["creationTimestamp"]}},
        }
        return self.write(
            pod,
            {
                "phase": "Running",
                "podIP": ip,
                "podIPs": [{"ip": ip}],
                "containerStatuses": [running],
            },
        )

    # -- repair ----------------------------------------------------------------------------------

    def repair(self) -> None:
        """Undo all faults, added pods and restrictions."""
        sandbox = self.sandbox
        for broken in (sandbox, sandbox.spawning, sandbox.cluster):
            broken.faults = []
        sandbox.cluster.tokens.restrict("mayday", bot_may)
        sandbox.cluster.set_node_ready(USER_NODE, ready=True)
        for pod in sandbox.cluster.storage.objects(PODS, sandbox.namespace):
            if pod["metadata"]["name"] in self._added:
                steps.delete_now(sandbox, pod)
        for path, route in self.routes().items():
            if route["user"] not in sandbox.users:
                self._ask("DELETE", path)
        sandbox.heal()


def sandbox_with_tokens(directory: Path, users: Sequence[str]) -> tuple[HubSandbox, dict[str, str]]:
    """An unstarted hub, and the tokens of its limited services."""
    sandbox = HubSandbox(directory=directory, users=users)
    file = sandbox.directory / "hub.json"
    settings = json.loads(file.read_text())
    tokens = {name: f"{number:02}" * 20 for number, name in enumerate(NARROW)}
    settings["services"] |= {
        name: {"token": tokens[name], "scopes": scopes} for name, scopes in NARROW.items()
    }
    file.write_text(json.dumps(settings))
    return sandbox, tokens
