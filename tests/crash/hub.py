"""A hub with two servers that hang while stopping, on the cluster double.

The hub's records follow its pods: a server whose stuck pod is gone has no record, and one that its
user starts again has a new pod with the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from sandbox.cluster import ClusterDouble
from sandbox.cluster.resources import NODES, PODS, STATEFUL_SETS
from sandbox.cluster.storage import Obj
from sandbox.fault_proxy import FaultProxy
from sandbox.own_words import System
from tests.support.hub_stub import TOKEN, page, refusal, route, user
from tests.support.hubs import SCOPES
from tests.support.stub import Answer, Asked, stub

NAMESPACE = "datahub-prod"
STUCK = ("kofi", "lena")
WELL = ("ines", "jonas")
PLACEHOLDER, PLACEHOLDERS = "user-placeholder", 2
NODE = "user-pool-1"
RELEASE = "datahub"
VERSION = {"X-JupyterHub-Version": "5.2.1"}


class StuckHub:
    """The hub and its cluster, each behind a proxy that applies faults."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.cluster = ClusterDouble(directory=directory, bare=True, name="practice")
        self.front = FaultProxy(system=System.HUB)
        self.doomed: dict[str, str] = {}
        self.first: dict[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def _start(self, stack: ExitStack) -> None:
        stack.enter_context(self.cluster)
        url = stack.enter_context(stub(self._answer)).url
        self.front.upstream = ("127.0.0.1", int(urlsplit(url).port or 0))
        stack.enter_context(self.front)
        self.kubeconfig = self.directory / "kubeconfig"
        self.context = self.cluster.write_kubeconfig(
            self.kubeconfig, user="mayday", namespace=NAMESPACE, server=self.cluster.front.url
        )
        self.cluster.add_namespace(NAMESPACE)
        self.cluster.verbs.create(NODES, "", {"metadata": {"name": NODE}})
        for component in ("hub", "proxy"):
            self._create(component, component)
        body: Obj = {"metadata": {"name": PLACEHOLDER}, "spec": {"replicas": PLACEHOLDERS}}
        self.cluster.verbs.create(STATEFUL_SETS, NAMESPACE, body)
        for name in (*WELL, *STUCK):
            self.start_server(name)
        for name in STUCK:
            self.doomed[name] = self._hang(name)
        self.first = self.pods()

    def __exit__(self, *_failure: object) -> None:
        self._stack.close()

    def settings(self) -> dict[str, Any]:
        """The sections ``hubs`` and ``clusters`` of a configuration."""
        hub = {
            "name": "datahub",
            "url": self.front.url,
            "api_url": f"{self.front.url}/hub/api",
            "api_token": TOKEN,
            "cluster": "practice",
            "namespace": NAMESPACE,
        }
        cluster = {
            "name": "practice",
            "kubeconfig": str(self.kubeconfig),
            "context": self.context,
            "server": self.cluster.front.url,
        }
        return {"hubs": [hub], "clusters": [cluster]}

    def pods(self) -> dict[str, str]:
        """The uid of each user's pod."""
        found = self.cluster.storage.objects(PODS, NAMESPACE)
        return {_user(pod): str(pod["metadata"]["uid"]) for pod in found if _user(pod)}

    def is_cleared(self) -> bool:
        """Whether every pod that hung is gone."""
        return not set(self.doomed.values()) & set(self.pods().values())

    def start_server(self, name: str) -> None:
        """Start a user's server, which is then ready; a running one stays as it is."""
        if name not in self.pods():
            self._create(f"jupyter-{name}", "singleuser-server", name)

    def start_long_ago(self, name: str) -> None:
        """Start a user's server an hour before now."""
        self.start_server(name)
        begun = _time(datetime.now(UTC) - timedelta(hours=1))
        self._change(
            f"jupyter-{name}", lambda pod: pod["metadata"]["annotations"].update(began=begun)
        )

    def stopped(self, name: str) -> None:
        """End the server that the hub is stopping; until then it hangs."""
        pod = self.cluster.storage.find(PODS, NAMESPACE, f"jupyter-{name}")
        if pod is not None and "deletionTimestamp" in pod["metadata"]:
            self.cluster.storage.remove(PODS, NAMESPACE, f"jupyter-{name}")

    def fail(self, name: str) -> None:
        """Have a pod of the release that failed."""
        if self.cluster.storage.find(PODS, NAMESPACE, name) is None:
            self._create(name, "batch")
            self._change(name, lambda pod: pod["status"].update(phase="Failed"))

    def failed(self) -> set[str]:
        """The names of the pods that failed."""
        found = self.cluster.storage.objects(PODS, NAMESPACE)
        return {str(p["metadata"]["name"]) for p in found if p["status"]["phase"] == "Failed"}

    def placeholders(self) -> tuple[int, dict[str, str]]:
        """How many placeholders there are to be, and what is written to their StatefulSet."""
        found = self.cluster.storage.get(STATEFUL_SETS, NAMESPACE, PLACEHOLDER)
        return found["spec"]["replicas"], found["metadata"].get("annotations") or {}

    def cordon(self) -> tuple[bool, dict[str, str]]:
        """Whether the node is cordoned, and what is written to it."""
        found = self.cluster.storage.get(NODES, "", NODE)
        cordoned = bool(found.get("spec", {}).get("unschedulable"))
        return cordoned, found["metadata"].get("annotations") or {}

    def _change(self, name: str, change: Callable[[Obj], None]) -> None:
        self.cluster.storage.mutate(PODS, NAMESPACE, name, change)

    def deletions(self) -> int:
        """How many deletions of pods the cluster received."""
        return self.cluster.front.count("DELETE", ".*/pods/")

    def _create(self, name: str, component: str, owner: str = "") -> None:
        notes = {"hub.jupyter.org/username": owner} if owner else {}
        body: Obj = {
            "metadata": {
                "name": name,
                "labels": {"app": "jupyterhub", "component": component, "release": RELEASE},
                "annotations": notes,
            },
            "spec": {"nodeName": NODE, "containers": [{"name": "notebook", "image": "x"}]},
        }
        self.cluster.verbs.create(PODS, NAMESPACE, body)
        number = len(self.cluster.storage.objects(PODS, NAMESPACE))

        def runs(pod: Obj) -> None:
            container = {"name": "notebook", "image": "x", "imageID": "x"}
            container |= {"ready": True, "restartCount": 0, "state": {"running": {}}}
            pod["status"] = {
                "phase": "Running",
                "podIP": f"10.1.0.{number}",
                "podIPs": [{"ip": f"10.1.0.{number}"}],
                "containerStatuses": [container],
                "conditions": [{"type": "Ready", "status": "True"}],
            }

        self.cluster.storage.mutate(PODS, NAMESPACE, name, runs)

    def _hang(self, name: str) -> str:
        """Stop a server on a node that is gone; returns the uid of the pod that stays."""
        ends = datetime.now(UTC) - timedelta(minutes=9)

        def hangs(pod: Obj) -> None:
            pod["metadata"]["deletionTimestamp"] = _time(ends)
            pod["metadata"]["deletionGracePeriodSeconds"] = 30
            pod["status"]["containerStatuses"][0]["ready"] = False
            pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]

        pod = self.cluster.storage.mutate(PODS, NAMESPACE, f"jupyter-{name}", hangs)
        assert pod is not None
        return str(pod["metadata"]["uid"])

    # The hub's API.

    def _answer(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/hub/api").rstrip("/")
        if path == "":
            return Answer(body={"version": VERSION["X-JupyterHub-Version"]}, headers=VERSION)
        if path == "/user":
            mine = {"kind": "service", "name": "mayday", "scopes": sorted(SCOPES)}
            return Answer(body=mine, headers=VERSION)
        records = self._records()
        if path == "/users":
            return page(list(records.values()))
        if path == "/proxy":
            return page(self._routes())
        name = path.removeprefix("/users/").partition("/")[0]
        if name not in records:
            return refusal(404, "Not Found")
        if asked.method == "DELETE":
            self._change(f"jupyter-{name}", _is_stopping)
            return Answer(status=202)
        return Answer(body=records[name], headers=VERSION)

    def _records(self) -> dict[str, dict[str, object]]:
        found: dict[str, dict[str, object]] = {}
        for pod in self.cluster.storage.objects(PODS, NAMESPACE):
            if name := _user(pod):
                stopping = "deletionTimestamp" in pod["metadata"]
                created = pod["metadata"]["creationTimestamp"]
                begun = pod["metadata"]["annotations"].get("began", created)
                state: Mapping[str, object] = (
                    {"ready": False, "pending": "stop"} if stopping else {"ready": True}
                )
                found[name] = user(name, **state, started=begun, last_activity=begun)
        return found

    def _routes(self) -> dict[str, object]:
        return {
            f"/user/{_user(pod)}/": {
                **route({"user": _user(pod), "server_name": ""}),
                "target": f"http://{pod['status']['podIP']}:8888",
            }
            for pod in self.cluster.storage.objects(PODS, NAMESPACE)
            if _user(pod) and "deletionTimestamp" not in pod["metadata"]
        }


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_stopping(pod: Obj) -> None:
    pod["metadata"].setdefault("deletionTimestamp", _time(datetime.now(UTC)))
    pod["metadata"].setdefault("deletionGracePeriodSeconds", 30)


def _user(pod: Obj) -> str:
    return str((pod["metadata"].get("annotations") or {}).get("hub.jupyter.org/username", ""))
