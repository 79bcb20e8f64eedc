"""The outages of the sandbox's hub; each breaks the real component."""

from __future__ import annotations

from sandbox.cluster.auth import anything
from sandbox.cluster.resources import DEPLOYMENTS, NODES, PODS
from sandbox.cluster.storage import Obj
from sandbox.cluster.waiting import wait_for
from sandbox.hub import images, manifests, steps
from sandbox.hub.menu import menu, offered
from sandbox.hub.running import Row, RunningHub
from sandbox.outages import Outage, OutageError


class HubSandbox(RunningHub):
    """A hub to break and to repair.

    Every outage returns one sentence that describes what happened; it raises OutageError if it
    does not apply to the current state.
    """

    def outages(self) -> list[Outage]:
        """The outages, for the sandbox's page."""
        return menu(self)

    # -- the proxy ---------------------------------------------------------------------------

    @offered("Evict the proxy")
    def evict_proxy(self) -> str:
        """The node evicts the proxy's pod; its successor has no routes. Both health checks say 200
        while nobody reaches their server.
        """
        lost = len(self.rest.routes())
        pod = self._need_pod("proxy")
        self.cluster.kubelet.evict(
            self.namespace, pod["metadata"]["name"], "The node was low on resource: memory."
        )
        self._wait_proxy(unlike=pod)
        return f"The proxy's pod was evicted and a new one started; {lost} routes are gone."

    @offered("Kill the proxy")
    def kill_proxy(self) -> str:
        """The proxy runs out of memory and restarts in the same pod, without routes."""
        lost = len(self.rest.routes())
        pod = self._need_pod("proxy")
        before = pod["status"]["containerStatuses"][0]["restartCount"]
        self.cluster.kubelet.kill(pod["metadata"]["uid"])

        def restarted() -> bool:
            now = self.component_pod("proxy")
            statuses = (now["status"].get("containerStatuses") or []) if now else []
            return any(s["restartCount"] > before for s in statuses) and self.proxy_ok()

        wait_for(restarted, "the proxy to restart")
        return f"The proxy's process was killed and restarted; {lost} routes are gone."

    @offered("Drop the routes")
    def drop_routes(self) -> str:
        """The proxy runs on, empty."""
        routes = self.rest.routes()
        for route in routes.values():
            self.rest.drop_route(route)
        return f"{len(routes)} routes were taken out of the proxy."

    @offered("Deploy a fork of the proxy")
    def deploy_fork(self) -> str:
        """Another version of the proxy is rolled out; it starts without routes."""
        pod = self._need_pod("proxy")

        def changed(deployment: Obj) -> None:
            deployment["spec"]["template"]["spec"]["containers"][0]["image"] = images.FORK

        self.cluster.storage.mutate(DEPLOYMENTS, self.namespace, "proxy", changed)
        self._wait_proxy(unlike=pod)
        return f"The proxy runs {images.FORK}, without routes."

    @offered("Proxy down")
    def proxy_down(self) -> str:
        """The proxy is scaled to 0."""
        steps.scale(self, "proxy", 0)
        return "The proxy is down: its Deployment is scaled to 0."

    @offered("Proxy up", repairs=True)
    def proxy_up(self) -> str:
        """The proxy is scaled back to 1."""
        steps.scale(self, "proxy", 1)
        return "The proxy is up again, without routes."

    # -- the hub -----------------------------------------------------------------------------

    @offered("Hub down")
    def hub_down(self) -> str:
        """The hub is scaled to 0; servers run on."""
        steps.scale(self, "hub", 0)
        return "The hub is down: its Deployment is scaled to 0; running servers stay up."

    @offered("Hub up", repairs=True)
    def hub_up(self) -> str:
        """The hub is scaled back to 1."""
        steps.scale(self, "hub", 1)
        return "The hub is up again."

    @offered("Drain the core pool")
    def drain_core_pool(self) -> str:
        """The core pool loses its node: hub and proxy cannot be placed."""
        if self.cluster.storage.find(NODES, "", manifests.CORE_NODE) is None:
            raise OutageError("The core pool has no node already.")
        self.cluster.storage.remove(NODES, "", manifests.CORE_NODE)
        for component in ("hub", "proxy"):
            pod = self.component_pod(component)
            if pod is not None:
                steps.delete_now(self, pod)
        wait_for(
            lambda: not self.hub_ok() and not self.proxy_ok(), "the hub and the proxy to be gone"
        )
        return "The core pool has no node: the hub and the proxy are Pending."

    @offered("Refill the core pool", repairs=True)
    def refill_core_pool(self) -> str:
        """The core pool gets a node; hub and proxy start there, and the hub writes its routes."""
        if self.cluster.storage.find(NODES, "", manifests.CORE_NODE) is not None:
            raise OutageError("The core pool has its node.")
        self.add_core_node()
        wait_for(lambda: self.hub_ok() and self.proxy_ok(), "the hub and the proxy to be back")

        def whole() -> bool:
            """The hub answers before it has checked every server and written every route."""
            rows = self.rows()
            checked = all(row.hub not in ("unknown", "pending check") for row in rows)
            return checked and all(row.route for row in rows if row.hub == "ready")

        wait_for(whole, "the hub to find its servers", seconds=60)
        return "A core node is there, and the hub and the proxy run on it."

    # -- one user's server -------------------------------------------------------------------

    @offered("Hang a stop")
    def hang_stop(self, user: str) -> str:
        """A user's server is stopped and its node does not answer: it stays Terminating."""
        self._need(user, hub="ready", pod="Running")
        pod = self._user_pod(user)
        self.cluster.kubelet.freeze(pod["metadata"]["uid"])
        self.rest.begin("DELETE", user)
        steps.wait_row(self, user, said="pending stop", pod="Terminating")
        return f"The stop of {user}'s server hangs: the node of its pod does not answer."

    @offered("Hang a start")
    def hang_spawn(self, user: str) -> str:
        """A user's server is started and its image cannot be pulled: it stays Pending."""
        said = self._row(user).hub
        if said not in ("ready", "absent"):
            raise OutageError(f"{user}'s server is {said}; this needs ready or absent.")
        if said == "ready":
            self.rest.stop_server(user)
        steps.wait_row(self, user, said="absent", pod="none")
        kubelet, former = self.cluster.kubelet, self.cluster.kubelet.unpullable
        kubelet.unpullable = lambda pod: former(pod) or steps.belongs_to(pod, user)
        self.rest.begin("POST", user)
        steps.wait_row(self, user, said="pending spawn", pod="Pending")
        return f"The start of {user}'s server hangs: its image cannot be pulled."

    @offered("Orphan a pod")
    def orphan_pod(self, user: str) -> str:
        """The hub forgets a server that runs on."""
        # The label hides the pod from the hub; meanwhile the hub may not delete it, in case it has
        # not noticed yet.
        self._need(user, hub="ready", pod="Running")
        pod = self._user_pod(user)
        name, tokens = pod["metadata"]["name"], self.cluster.tokens
        self._relabel(pod, "hidden")
        tokens.restrict("hub", lambda wanted: (wanted.verb, wanted.name) != ("delete", name))
        try:
            wait_for(lambda: self._forgotten(user), f"the hub to forget {user}'s server")
        finally:
            tokens.restrict("hub", anything)
            self._relabel(pod, "singleuser-server")
        steps.wait_row(self, user, said="absent", pod="Running")
        return f"The hub has forgotten {user}'s server; its pod runs on."

    @offered("Leave a stale record")
    def stale_record(self, user: str) -> str:
        """A user's pod is gone and the hub still says ready."""
        self._need(user, hub="ready", pod="Running")
        steps.delete_now(self, self._user_pod(user))
        steps.wait_row(self, user, said="ready", pod="none")
        return f"{user}'s pod is gone; the hub still says that the server is ready."

    @offered("Put everything right", repairs=True)
    def heal(self) -> str:
        """Undo every outage of the hub."""
        steps.heal(self)
        return "Everything is healthy again."

    # -- steps -------------------------------------------------------------------------------

    def _row(self, user: str) -> Row:
        if user not in self.users:
            raise OutageError(f"There is no user {user}.")
        return self.row(user)

    def _need(self, user: str, *, hub: str, pod: str) -> None:
        row = self._row(user)
        if (row.hub, row.pod) != (hub, pod):
            raise OutageError(
                f"{user}'s server is {row.hub} with pod {row.pod}; this needs {hub} and {pod}."
            )

    def _need_pod(self, component: str) -> Obj:
        pod = self.component_pod(component)
        if pod is None or not self.component_ready(component):
            raise OutageError(f"The {component} is not running now.")
        return pod

    def _user_pod(self, user: str) -> Obj:
        pod = self.user_pod(user)
        if pod is None:
            raise OutageError(f"{user} has no pod.")
        return pod

    def _wait_proxy(self, *, unlike: Obj) -> None:
        def replaced() -> bool:
            pod = self.component_pod("proxy")
            new = pod is not None and pod["metadata"]["uid"] != unlike["metadata"]["uid"]
            return new and self.component_ready("proxy") and self.proxy_ok()

        wait_for(replaced, "a new proxy")

    def _forgotten(self, user: str) -> bool:
        """Ask the hub to stop a server whose pod is hidden from it; fails if it sees the pod."""
        self.rest.stop_server(user)
        return self.row(user).hub == "absent"

    def _relabel(self, pod: Obj, component: str) -> None:
        def relabelled(obj: Obj) -> None:
            obj["metadata"]["labels"]["component"] = component

        self.cluster.storage.mutate(PODS, self.namespace, pod["metadata"]["name"], relabelled)
