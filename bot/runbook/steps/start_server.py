"""Have the hub start a user's server. It is harmless, also when repeated: the hub starts no second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.domain.hubs import Place
from bot.domain.rights import Right, Scope
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

START_SERVERS = Scope(name="start:servers", earlier="servers")

IS = {True: "there", False: "missing"}
STOPPED_STARTING = "The hub has no record of this server: it stopped, or its start failed."


@dataclass(frozen=True, kw_only=True)
class StartServer(Step):
    """It succeeds when the hub says that the server is ready and the proxy has its route.

    It isn't independent of other steps: the one before it may be the stop of the same server.
    """

    verb: ClassVar[str] = "start_server"
    destructive: ClassVar[bool] = False

    user: str
    server: str

    @property
    def identity(self) -> str:
        """The server."""
        return f"{self.user}/{self.server}"

    @property
    def target(self) -> str:
        """The server, as people call it."""
        return f"{self.user}/{self.server}" if self.server else self.user

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The scope to start servers."""
        return (START_SERVERS,)

    @property
    def measure(self) -> Measure:
        """A start may have to wait for a node and pull an image."""
        return Measure(within=300.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Ask the hub to start the server; return its answer."""
        return {"answer": site.hub.start_server(self.user, self.server).value}

    def already_done(self, site: Site) -> bool | None:
        """Whether the server is ready or starting."""
        record = site.hub.server(self.user, self.server)
        return record is not None and record.pending != "stop"

    def look(self, site: Site, read: Read) -> Look:
        """Whether the server is ready and has a route."""
        record = site.hub.server(self.user, self.server)
        if record is None or not record.ready:
            return Look(holds=False, why="" if record else STOPPED_STARTING)
        routes = site.hub.routes()
        routed = any((each.user, each.server) == (self.user, self.server) for each in routes)
        return Look(holds=routed, seen={"route": IS[routed]})
