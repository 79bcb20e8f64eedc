"""Have the hub stop a server in which somebody may be working. What runs in it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from bot.domain.hubs import Row
from bot.runbook.site import Site
from bot.runbook.steps.stop_server import StopServer

NOT_READY = "{server} is not a ready server with a pod"
ENDED = "The server was stopped or is stopping."
ANOTHER = "The server was started again since the plan was made."


@dataclass(frozen=True, kw_only=True)
class StopRunningServer(StopServer):
    """Unlike its base it is for a server that hub and cluster both show alive."""

    verb: ClassVar[str] = "stop_running_server"
    ends_run: ClassVar[bool] = True  # a server that did not stop can't be started again

    @classmethod
    def of(cls, row: Row) -> Self:
        """The stop of this row's server.

        Raises:
            ValueError: hub and cluster don't both show it alive.
        """
        if not row.is_ready or row.pod is None:
            raise ValueError(NOT_READY.format(server="/".join(row.key)))
        return super().of(row)

    @property
    def identity(self) -> str:
        """The server, its start and its pod. Whether it has its route makes no difference."""
        started = self.started.isoformat() if self.started else ""
        return f"{self.user}/{self.server}:{started}:{self.uid}"

    def drifted(self, site: Site) -> str | None:
        """Whether the server is no longer ready, or was started again."""
        record = site.hub.server(self.user, self.server)
        if record is None or not record.ready:
            return ENDED
        return ANOTHER if record.started != self.started else ""
