"""A scripted hub and cluster, for failures that healthy ones do not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.evidence import View
from bot.domain.hubs import Deployment, Health, HubAccess, Pod, PodEvent, Route, Server
from bot.domain.rights import Permission
from bot.ports import Stopped
from bot.runbook.site import Site
from tests.support.hubs import ACCESS, PLACE, PROXY, RELEASE, pod, route, server, terminating

HUB_POD = Pod(
    name="hub-1", uid="uid-hub", phase="Running", component="hub", release=RELEASE, ready=True
)
PROXY_POD = Pod(
    name="proxy-1", uid="uid-proxy", phase="Running", component="proxy", release=RELEASE, ready=True
)


WELL = Health(hub=True, proxy=True)


@dataclass(kw_only=True)
class Scripted:
    """A hub and a cluster with given contents, which fail the named acts.

    ``look`` fails every read of the cluster. ``asked`` lists the reads in order.
    """

    records: list[Server] = field(default_factory=list)
    live: list[Pod] = field(default_factory=list)
    known: list[Route] = field(default_factory=list)
    parts: list[Pod] = field(default_factory=lambda: [HUB_POD, PROXY_POD])
    users: set[str] | None = None
    told: Health = WELL
    who: HubAccess = ACCESS
    events: list[PodEvent] = field(default_factory=list)
    refused: set[Permission] = field(default_factory=set)
    proxy: Deployment = PROXY
    fails: dict[str, BaseException] = field(default_factory=dict)
    takes_effect: bool = False
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

    def stop_server(self, user: str, name: str) -> Stopped:
        self._act("stop", self.records.clear)
        return Stopped.GONE

    def close(self) -> None:
        pass

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        self._look("pods", "look")
        return (*self.live, *self.parts)

    def pod(self, namespace: str, name: str) -> Pod | None:
        self._look("pod", "look")
        return next((pod for pod in (*self.live, *self.parts) if pod.name == name), None)

    def pod_events(self, namespace: str) -> tuple[PodEvent, ...]:
        self._look("events", "look")
        return tuple(self.events)

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


def site(party: Scripted) -> Site:
    """The place of these two."""
    return Site(place=PLACE, hub=party, cluster=party)


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
