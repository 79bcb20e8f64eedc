"""Have the hub stop a server: for a record without a pod, or a start that does not finish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from bot.domain.hubs import Place, Row
from bot.domain.rights import Right, Scope
from bot.runbook.site import Site
from bot.runbook.steps.server import ServerStep, lost_with, server_name, state_of
from bot.runbook.steps.step import Look, Read

DELETE_SERVERS = Scope(name="delete:servers")


@dataclass(frozen=True, kw_only=True)
class StopServer(ServerStep):
    """It succeeds when the record of this start and its pod are gone."""

    verb: ClassVar[str] = "stop_server"

    @classmethod
    def of(cls, row: Row) -> Self:
        """The stop of this row's server."""
        return cls(
            user=row.user,
            server=row.server,
            condition=row.condition,
            started=row.started,
            uid=row.pod.uid if row.pod else "",
            pod=row.pod.name if row.pod else "",
            found=state_of(row.hub, row.pod),
            loses=lost_with(row),
        )

    @property
    def target(self) -> str:
        """The server."""
        return server_name(self)

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The scope to stop servers."""
        return (DELETE_SERVERS,)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Ask the hub to stop the server; return its answer."""
        return {"answer": site.hub.stop_server(self.user, self.server).value}

    def already_done(self, site: Site) -> bool | None:
        """Whether the hub has no record of the server or is stopping it."""
        record = site.hub.server(self.user, self.server)
        return record is None or record.pending == "stop"

    def look(self, site: Site, read: Read) -> Look:
        """Whether record and pod are gone."""
        return self.settled(site, read)
