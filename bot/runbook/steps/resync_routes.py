"""Have the hub write every missing route into the proxy. It is harmless, also when repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.facts import Part
from bot.domain.hubs import Place
from bot.domain.rights import Right, Scope
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

PROXY = Scope(name="proxy")

APART = 15.0
"""Seconds between the looks that prove a restarted proxy, as operators check it by hand."""


@dataclass(frozen=True, kw_only=True)
class ResyncRoutes(Step):
    """``looks`` in a row must show every route; two where the proxy was just restarted."""

    verb: ClassVar[str] = "resync_routes"
    destructive: ClassVar[bool] = False

    looks: int = 1

    @property
    def identity(self) -> str:
        """All routes of the hub."""
        return self.target

    @property
    def target(self) -> str:
        """All routes of the hub."""
        return "routes"

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The scope to write routes."""
        return (PROXY,)

    @property
    def measure(self) -> Measure:
        """The hub answers after it wrote the routes, so they are there at once or late."""
        return Measure(times=self.looks, apart=APART if self.looks > 1 else 2.0, within=120.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Ask the hub to compare its servers with the proxy's routes and write the missing ones."""
        site.hub.resync_routes()
        return {}

    def already_done(self, site: Site) -> bool | None:
        """Whether every ready server has a route; None while the hub leaves servers out."""
        routed = {(route.user, route.server) for route in site.hub.routes()}
        servers = site.hub.servers()
        there = all((s.user, s.name) in routed for s in servers.items if s.ready)
        return there if servers.complete else None

    def look(self, site: Site, read: Read) -> Look:
        """Whether every ready server has a route to its pod, and no proxy pod restarted meanwhile."""
        facts = read()
        why = facts.lacks(Part.SERVERS) or facts.lacks(Part.ROUTES)
        return Look(
            holds=None if why else facts.unrouted == 0,
            # Servers that got stuck meanwhile are left out: the resync did not cause that.
            seen={key: number for key, number in facts.totals.items() if key != "stuck"},
            stamp=tuple((pod.uid, pod.restarts) for pod in facts.proxy_pods.items),
            why=why,
        )
