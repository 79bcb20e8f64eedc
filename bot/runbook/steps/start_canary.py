"""Start the server of the canary user, for a test."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.runbook.site import Site
from bot.runbook.steps.canary_step import require_canary
from bot.runbook.steps.start_server import StartServer
from bot.runbook.steps.step import Step
from bot.runbook.steps.stop_canary import StopCanary


@dataclass(frozen=True, kw_only=True)
class StartCanary(StartServer):
    """``until`` is when its server is stopped at the latest, also after a failure or a kill."""

    verb: ClassVar[str] = "start_canary"

    until: datetime

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Ask the hub to start the server; return its answer, which comes when the server is ready or after
        10 seconds, and the time that it took.

        Raises:
            UserError: the configuration names another canary user by now.
        """
        require_canary(self.user, site)
        began = time.monotonic()
        return {**super().perform(site), "seconds": round(time.monotonic() - began, 1)}

    @property
    def undo(self) -> Step | None:
        """The stop."""
        return StopCanary(user=self.user, started_before=self.until)

    @property
    def undo_at(self) -> datetime | None:
        """The latest time of the stop."""
        return self.until
