"""Stop the server of the canary user. Nobody works in it, so it is harmless, also when repeated."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.hubs import Place
from bot.domain.rights import Right
from bot.runbook.site import Site
from bot.runbook.steps.canary_step import CanaryStep, require_canary
from bot.runbook.steps.step import Look, Measure, Read
from bot.runbook.steps.stop_server import DELETE_SERVERS

NOT_RUNNING = "The server of the canary user doesn't run."
ANOTHER = "The server of the canary user was started after the test."


@dataclass(frozen=True, kw_only=True)
class StopCanary(CanaryStep):
    """It succeeds when the hub has no record of the server.

    A server that was started later than ``started_before`` is somebody else's, and is left alone.
    """

    verb: ClassVar[str] = "stop_canary"

    started_before: datetime | None = None

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """The scope to stop servers."""
        return (DELETE_SERVERS,)

    @property
    def measure(self) -> Measure:
        """The hub waits for the end of the pod."""
        return Measure(within=90.0)

    def drifted(self, site: Site) -> str | None:
        """Whether the server doesn't run, or was started after the test."""
        record = site.hub.server(self.user, "")
        if record is None:
            return NOT_RUNNING
        later = self.started_before and record.started and record.started > self.started_before
        return ANOTHER if later else ""

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Ask the hub to stop the server; return its answer and the time that it took.

        Raises:
            UserError: the configuration names another canary user by now.
        """
        require_canary(self.user, site)
        began = time.monotonic()
        answer = site.hub.stop_server(self.user, "").value
        return {"answer": answer, "seconds": round(time.monotonic() - began, 1)}

    def already_done(self, site: Site) -> bool | None:
        """Whether the hub has no record of it, or is stopping it."""
        record = site.hub.server(self.user, "")
        return record is None or record.pending == "stop"

    def look(self, site: Site, read: Read) -> Look:
        """Whether the record is gone."""
        return Look(holds=site.hub.server(self.user, "") is None)
