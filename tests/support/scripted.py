"""A scripted hub and cluster, for failures that healthy ones do not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.cluster import (
    Budget,
    Claim,
    ClusterFacts,
    Event,
    Node,
    PodMemory,
    Quota,
    Revision,
    Workload,
)
from bot.domain.evidence import View
from bot.domain.hubs import Deployment, Health, HubAccess, Pod, PodEvent, Route, Server
from bot.domain.rights import Permission
from bot.domain.signs import Certificate, HubMetrics, Merge
from bot.ports import Notices, Started, Stopped
from bot.runbook.site import Site
from tests.support.fleet import Fleet
from tests.support.hubs import ACCESS, PLACE, PROXY, RELEASE, pod, route, server, terminating

HUB_POD = Pod(
    name="hub-1", uid="uid-hub", phase="Running", component="hub", release=RELEASE, ready=True
)
PROXY_POD = Pod(
    name="proxy-1",
    uid="uid-proxy",
    phase="Running",
    component="proxy",
    release=RELEASE,
    ready=True,
    memory_limit=2**29,
)


WELL = Health(hub=True, proxy=True)


@dataclass(kw_only=True)
class Scripted(Fleet):
    """A hub and a cluster with given contents, which fail the named acts.

    ``look`` fails every read of the cluster. ``asked`` lists the reads in order. ``logs`` are by pod and
    whether the log is of the previous container.
    """

    records: list[Server] = field(default_factory=list)
    live: list[Pod] = field(default_factory=list)
    known: list[Route] = field(default_factory=list)
    parts: list[Pod] = field(default_factory=lambda: [HUB_POD, PROXY_POD])
    users: set[str] | None = None
    told: Health = WELL
    who: HubAccess = ACCESS
    happened: list[PodEvent] = field(default_factory=list)
    around: ClusterFacts = field(default_factory=ClusterFacts)
    logs: dict[tuple[str, bool], str] = field(default_factory=dict)
    measured: HubMetrics = field(default_factory=HubMetrics)
    shown: Certificate | None = None
    merged: tuple[Merge, ...] = ()
    since: datetime | None = None
    refused: set[Permission] = field(default_factory=set)
    proxy: Deployment = PROXY
    fails: dict[str, BaseException] = field(default_factory=dict)
    takes_effect: bool = False
    behind: timedelta | None = None
    asked: list[str] = field(default_factory=list)

    def _act(self, name: str, effect: Callable[[], None]) -> None:
        error = self.fails.get(name)
        if error is None or self.takes_effect:
            effect()
        if error is not None:
            raise error

    def _look(self, *names: str) -> None:
        self.asked.append(names[0])
        for name in names:
            if name in self.fails:
                raise self.fails[name]

    def access(self) -> HubAccess:
        self._look("access")
        return self.who

    def health(self) -> Health:
        self._look("health")
        return self.told

    def metrics(self) -> HubMetrics:
        self._look("metrics")
        return self.measured

    def certificate(self) -> Certificate | None:
        self._look("certificate")
        return self.shown

    def merges(self, since: datetime) -> tuple[Merge, ...]:
        self._look("merges")
        self.since = since
        return self.merged

    def servers(self) -> View[Server]:
        self._look("servers")
        return View(items=tuple(self.records))

    def server(self, user: str, name: str) -> Server | None:
        self._look("server", "look")
        return next((s for s in self.records if (s.user, s.name) == (user, name)), None)

    def knows(self, user: str) -> bool:
        self._look("knows")
        return self.users is None or user in self.users

    def routes(self) -> tuple[Route, ...]:
        self._look("routes")
        return tuple(self.known)

    def resync_routes(self) -> None:
        self._act("resync", lambda: None)

    def start_server(self, user: str, name: str) -> Started:
        self._act("start", lambda: self.records.append(server(user, name=name)))
        return Started.READY

    def stop_server(self, user: str, name: str) -> Stopped:
        self._act("stop", self.records.clear)
        return Stopped.GONE

    def close(self) -> None:
        pass

    def skew(self) -> timedelta | None:
        return self.behind

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        self._look("pods", "look")
        return (*self.live, *self.parts)

    def pod(self, namespace: str, name: str) -> Pod | None:
        self._look("pod", "look")
        return next((pod for pod in (*self.live, *self.parts) if pod.name == name), None)

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        self._look("events", "look")
        return tuple(self.happened)

    def all_pods(self, namespace: str) -> tuple[Pod, ...]:
        self._look("cluster_pods", "look")
        return (*self.live, *self.parts)

    def nodes(self) -> tuple[Node, ...]:
        self._look("nodes", "look")
        return self.around.nodes.items

    def node(self, name: str) -> Node | None:
        self._look("node", "look")
        return self.around.node(name)

    def events(self, namespace: str) -> tuple[Event, ...]:
        self._look("cluster_events", "look")
        return tuple(event for event in self.around.events.items if event.kind != "Node")

    def node_events(self) -> tuple[Event, ...]:
        self._look("node_events", "look")
        return tuple(event for event in self.around.events.items if event.kind == "Node")

    def claims(self, namespace: str) -> tuple[Claim, ...]:
        self._look("claims", "look")
        return self.around.claims.items

    def budgets(self, namespace: str) -> tuple[Budget, ...]:
        self._look("budgets", "look")
        return self.around.budgets.items

    def quotas(self, namespace: str) -> tuple[Quota, ...]:
        self._look("quotas", "look")
        return self.around.quotas.items

    def deployments(self, namespace: str) -> tuple[Deployment, ...]:
        self._look("deployments", "look")
        return self.around.deployments.items

    def revisions(self, namespace: str) -> tuple[Revision, ...]:
        self._look("revisions", "look")
        return self.around.revisions.items

    def workloads(self, namespace: str) -> tuple[Workload, ...]:
        self._look("workloads", "look")
        return self.around.workloads.items

    def memory(self, namespace: str, selector: str) -> tuple[PodMemory, ...]:
        self._look("memory", "look")
        return self.around.memory.items

    def log(
        self,
        namespace: str,
        pod: str,
        *,
        lines: int = 200,
        previous: bool = False,
        container: str = "",
    ) -> str:
        self._look("log", "look")
        return self.logs.get((pod, previous), "")

    def may(self, namespace: str, permission: Permission) -> bool:
        self._look("may")
        return permission not in self.refused

    def deployment(self, namespace: str, name: str) -> Deployment:
        self._look("proxy", "look")
        return self.proxy

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        self._act("restart", lambda: None)

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self._act("delete", self.live.clear)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self._act("delete", self.live.clear)


def site(party: Scripted, notices: Notices | None = None) -> Site:
    """The place of these two."""
    return Site(place=PLACE, hub=party, cluster=party, notices=notices)


def hung(**more: object) -> Scripted:
    """Ana's server hangs while stopping; Zoe's works."""
    party = Scripted(
        records=[server("ana", pending="stop"), server("zoe")],
        live=[terminating("ana"), pod("zoe")],
        known=[route("zoe")],
    )
    for name, value in more.items():
        setattr(party, name, value)
    return party
