"""Read the diagnostics of a hub and share them as a file, with the incident or with the one who asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.hubs import Place, ServerKey
from bot.domain.rights import Right
from bot.ports import DiagnosticsFile
from bot.runbook.site import Site
from bot.runbook.steps.step import Look, Measure, Read, Step

IN_INCIDENT = "the incident's channel"
DIRECT = "a direct message to the person who asked"


@dataclass(frozen=True, kw_only=True)
class ShareDiagnostics(Step):
    """It changes nothing of hub and cluster, and looks for the file in Slack before it shares it.

    The fields are those of :class:`bot.ports.DiagnosticsFile`; ``since`` is when the plan was made.
    """

    verb: ClassVar[str] = "share_diagnostics"
    destructive: ClassVar[bool] = False

    key: str
    since: datetime
    by: str
    incident: str = ""
    servers: tuple[ServerKey, ...] = ()
    node: str = ""
    lines: int

    @property
    def identity(self) -> str:
        """The run and what it asks for, whatever is read then."""
        servers = ",".join("/".join(key) for key in self.servers)
        return f"{self.key}:{servers}:{self.node}:{self.lines}"

    @property
    def target(self) -> str:
        """Where the file goes. It names nobody, since reports show it."""
        return IN_INCIDENT if self.incident else DIRECT

    @property
    def lock(self) -> str:
        """Its own file: what only reads waits for no other run."""
        return f"file/{self.key}"

    @classmethod
    def needs(cls, place: Place) -> tuple[Right, ...]:
        """None: what mayday isn't allowed to read, the file names."""
        return ()

    @property
    def measure(self) -> Measure:
        """Slack's answer itself is the proof."""
        return Measure(within=0.0)

    def perform(self, site: Site) -> Mapping[str, Any]:
        """Read and share the file, or find that an earlier attempt did; return what it has."""
        return site.reachable_diagnostics.share(
            DiagnosticsFile(
                key=self.key,
                hub=site.place.hub,
                since=self.since,
                by=self.by,
                incident=self.incident,
                servers=frozenset(self.servers),
                node=self.node,
                lines=self.lines,
            )
        )

    def already_done(self, site: Site) -> bool | None:
        """Unknown: to share it is to look for it first, which shares nothing the second time."""
        return None

    def look(self, site: Site, read: Read) -> Look:
        """Slack took the file, or this is not asked."""
        return Look(holds=True)
