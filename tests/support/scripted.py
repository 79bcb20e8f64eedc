"""A hub and a cluster that do what a test says, for failures that healthy ones do not show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.hubs import Deployment, Health, Node, Pod, Route, Server
from bot.ports import Started, Stopped
from bot.services.steps import Site
from tests.support.hubs import PLACE, PROXY, server, terminating


@dataclass(kw_only=True)
class Scripted:
    """A hub and a cluster that hold what a test says, and fail the acts it names."""

    records: list[Server] = field(default_factory=list)
    live: list[Pod] = field(default_factory=list)
    known: list[Route] = field(default_factory=list)
    proxy: Deployment = PROXY
    fails: dict[str, BaseException] = field(default_factory=dict)
    takes_effect: bool = False

    def _act(self, name: str, effect: Callable[[], None]) -> None:
        error = self.fails.get(name)
        if error is None or self.takes_effect:
            effect()
        if error is not None:
            raise error

    def health(self) -> Health:
        return Health(hub=True, proxy=True)

    def servers(self) -> tuple[Server, ...]:
        return tuple(self.records)

    def server(self, user: str, name: str) -> Server | None:
        if "look" in self.fails:
            raise self.fails["look"]
        return next((s for s in self.records if (s.user, s.name) == (user, name)), None)

    def sees_everyone(self) -> bool:
        return True

    def routes(self) -> tuple[Route, ...]:
        return tuple(self.known)

    def resync_routes(self) -> None:
        self._act("resync", lambda: None)

    def stop_server(self, user: str, name: str) -> Stopped:
        self._act("stop", self.records.clear)
        return Stopped.GONE

    def start_server(self, user: str, name: str) -> Started:
        return Started.READY

    def close(self) -> None:
        pass

    def pods(self, namespace: str, selector: str) -> tuple[Pod, ...]:
        if "look" in self.fails:
            raise self.fails["look"]
        return tuple(self.live)

    def deployment(self, namespace: str, name: str) -> Deployment:
        return self.proxy

    def restart_deployment(self, namespace: str, name: str, at: str) -> None:
        self._act("restart", lambda: None)

    def delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self._act("delete", self.live.clear)

    def force_delete_pod(self, namespace: str, name: str, uid: str) -> None:
        self._act("delete", self.live.clear)

    def nodes(self) -> tuple[Node, ...]:
        return ()


def site(party: Scripted) -> Site:
    """The place of these two."""
    return Site(place=PLACE, hub=party, cluster=party)


def hung(**more: object) -> Scripted:
    """Ana's server hangs while stopping."""
    party = Scripted(records=[server("ana", pending="stop")], live=[terminating("ana")])
    for name, value in more.items():
        setattr(party, name, value)
    return party
