"""The state of a model of one hub: facts, and how what happens to a pod or a server shows in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

from bot.domain.evidence import Known, View
from bot.domain.facts import HubFacts
from bot.domain.hubs import (
    Condition,
    Deployment,
    Pod,
    Route,
    RouteState,
    Row,
    Server,
)
from bot.errors import UserError

UNREAD = "It was not read, so the model doesn't have it."
REPLACED = "{name} isn't the one that the plan was made for."
OTHER_POD = "other pod"
RUNNING = "practice"
BY_ROUTE = (Condition.UNROUTED, Condition.STALE_ROUTE)
"""The conditions that a route cures."""


class ModelState:
    """The state. ``facts`` are in the form in which runbooks read them."""

    def __init__(self, facts: HubFacts) -> None:
        self.facts = facts
        self._made = 0

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.set(read_at=self.facts.read_at + timedelta(seconds=seconds))

    def set(self, **parts: Any) -> None:
        """Replace parts of the facts."""
        self.facts = replace(self.facts, **parts)

    def set_around(self, **lists: Any) -> None:
        """Replace lists of the cluster."""
        self.set(around=replace(self.facts.around, **lists))

    def change(self, name: str, uid: str, change: Callable[[Any], Any]) -> None:
        """Change the object with this uid in a list of the cluster.

        Raises:
            UserError: there is none.
        """
        known = getattr(self.facts.around, name)
        if not any(each.uid == uid for each in known.items):
            raise UserError(REPLACED.format(name="The object"), code="409")
        items = tuple(change(each) if each.uid == uid else each for each in known.items)
        self.set_around(**{name: replace(known, items=items)})

    def deployment(self, namespace: str, name: str) -> Deployment:
        """A Deployment."""
        proxy = self.facts.proxy
        if name == self.facts.place.proxy and isinstance(proxy, Known):
            return proxy.value
        for each in self.facts.around.deployments.items:
            if each.name == name:
                return each
        raise UserError(f"{name}: {UNREAD}")

    def every_pod(self) -> tuple[Pod, ...]:
        """Return every pod that was read."""
        facts = self.facts
        every = (*facts.pods.items, *facts.proxy_pods.items, *facts.around.pods.items)
        return tuple({pod.uid: pod for pod in every}.values())

    def pod_of(self, uid: str) -> Pod | None:
        """Return the pod with this uid."""
        return next((pod for pod in self.every_pod() if pod.uid == uid), None)

    def is_lost(self, pod: Pod) -> bool:
        """Return whether the pod's node is known not to be ready."""
        node = self.facts.around.node(pod.node) if pod.node else None
        return node is not None and node.ready is not True

    def each_pod(self, uid: str, change: Callable[[Pod], Pod | None]) -> None:
        """Change the pod with this uid everywhere; None removes it."""

        def changed(view: View[Pod]) -> View[Pod]:
            kept = [change(pod) if pod.uid == uid else pod for pod in view.items]
            return replace(view, items=tuple(pod for pod in kept if pod is not None))

        facts = self.facts
        rows = [
            replace(row, pod=change(row.pod)) if row.pod and row.pod.uid == uid else row
            for row in facts.rows
        ]
        self.set(pods=changed(facts.pods), proxy_pods=changed(facts.proxy_pods), rows=tuple(rows))
        self.set_around(pods=changed(facts.around.pods))

    def drop(self, pod: Pod) -> None:
        """Take a pod away, and its server with it: the hub notices by its next poll."""
        rows = [row for row in self.facts.rows if row.pod and row.pod.uid == pod.uid]
        proxies = [each for each in self.facts.proxy_pods.items if each.uid == pod.uid]
        self.each_pod(pod.uid, lambda _pod: None)
        for row in rows:
            if row.hub == OTHER_POD:
                left = (each for each in self.facts.rows if each.hub != OTHER_POD or each.pod)
                self.set(rows=tuple(left))
            else:
                self.end(*row.key)
        if proxies:
            self._renew_proxy(proxies)

    def end(self, user: str, name: str) -> None:
        """Take a server away: its record, its pod and its route."""
        key, facts = (user, name), self.facts
        for row in facts.rows:
            if row.key == key and row.hub != OTHER_POD and row.pod is not None:
                self.each_pod(row.pod.uid, lambda _pod: None)
        facts = self.facts
        servers = tuple(each for each in facts.servers.items if (each.user, each.name) != key)
        routes = tuple(each for each in facts.routes.items if (each.user, each.server) != key)
        self.set(
            servers=replace(facts.servers, items=servers),
            routes=replace(facts.routes, items=routes),
            rows=tuple(row for row in facts.rows if row.key != key or row.hub == OTHER_POD),
        )

    def run(self, user: str, name: str) -> None:
        """Add a server that runs."""
        self._made += 1
        facts, now = self.facts, self.facts.read_at
        pod = Pod(
            name=f"{RUNNING}-{self._made}",
            uid=f"{RUNNING}-{self._made}",
            phase="Running",
            ready=True,
            user=user,
            server=name,
            component="singleuser-server",
            created_at=now,
            started_at=now,
        )
        record = Server(user=user, name=name, ready=True, started=now, last_activity=now)
        row = Row(user=user, server=name, hub="ready", condition=Condition.OK, pod=pod, started=now)
        self.set(
            servers=replace(facts.servers, items=(*facts.servers.items, record)),
            pods=replace(facts.pods, items=(*facts.pods.items, pod)),
            routes=replace(facts.routes, items=(*facts.routes.items, route(record))),
            rows=(*facts.rows, replace(row, route=RouteState.LEADS)),
        )

    def roll_out(self, name: str, **changes: Any) -> None:
        """Replace the pods of a Deployment; a paused one, or one without replicas, does nothing."""
        place, before = self.facts.place, self.deployment("", name)
        generation = before.generation + 1
        after = replace(before, generation=generation, observed_generation=generation, **changes)
        if not before.paused:
            after = replace(after, ready=before.replicas, updated=before.replicas)
        known = self.facts.around.deployments
        items = tuple(after if each.name == name else each for each in known.items)
        self.set_around(deployments=replace(known, items=items))
        if name == place.proxy and isinstance(self.facts.proxy, Known):
            self.set(proxy=Known(value=after))
        if before.paused or not before.replicas:
            return
        if name == place.proxy:
            self._renew_proxy(self.facts.proxy_pods.items[:1])
        elif name == place.hub_deployment and isinstance(health := self.facts.health, Known):
            self.set(health=Known(value=replace(health.value, hub=True)))

    def _renew_proxy(self, before: Sequence[Pod]) -> None:
        """Have a proxy that answers and has no routes, in pods in the place of those before."""
        facts = self.facts
        pods = [
            replace(
                pod,
                uid=f"{pod.uid}-{RUNNING}",
                phase="Running",
                ready=True,
                reason="",
                restarts=0,
                deleting_since=None,
            )
            for pod in before
        ]
        if isinstance(facts.health, Known):
            self.set(health=Known(value=replace(facts.health.value, proxy=True)))
        if isinstance(facts.proxy, Known):
            proxy = facts.proxy.value
            ready = replace(proxy, ready=proxy.replicas, updated=proxy.replicas)
            self.set(proxy=Known(value=ready))
        self.set(
            routes=replace(facts.routes, items=()) if facts.routes.read else facts.routes,
            proxy_pods=replace(facts.proxy_pods, items=tuple(pods)),
            rows=tuple(unrouted(row) if row.is_ready else row for row in facts.rows),
        )


def listed(view: View[Any]) -> tuple[Any, ...]:
    """Return the items of a list that was read.

    Raises:
        UserError: it was not.
    """
    return view.items if view.read else unread(view.unknown)


def unread(why: str) -> NoReturn:
    """Raise the UserError of what was not read."""
    raise UserError(why or UNREAD)


def route(record: Server) -> Route:
    """Return the route of a server."""
    path = f"/user/{record.user}/{record.name}".rstrip("/") + "/"
    return Route(user=record.user, server=record.name, path=path, target="")


def routed(row: Row) -> Row:
    """Return the row of a server that has its route."""
    condition = Condition.OK if row.condition in BY_ROUTE else row.condition
    return replace(row, route=RouteState.LEADS, condition=condition)


def unrouted(row: Row) -> Row:
    """Return the row of a server that lost its route."""
    condition = Condition.UNROUTED if row.condition is Condition.OK else row.condition
    return replace(row, route=RouteState.MISSING, condition=condition)
