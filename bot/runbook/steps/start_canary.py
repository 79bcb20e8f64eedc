"""Start the server of the canary user, for a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.runbook.steps.start_server import StartServer
from bot.runbook.steps.step import Step
from bot.runbook.steps.stop_canary import StopCanary


@dataclass(frozen=True, kw_only=True)
class StartCanary(StartServer):
    """``until`` is when its server is stopped at the latest, also after a failure or a kill."""

    verb: ClassVar[str] = "start_canary"

    until: datetime

    @property
    def undo(self) -> Step | None:
        """The stop."""
        return StopCanary(user=self.user, started_before=self.until)

    @property
    def undo_at(self) -> datetime | None:
        """The latest time of the stop."""
        return self.until
