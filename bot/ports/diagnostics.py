"""The file with the diagnostics of a hub, as steps use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.domain.hubs import ServerKey


@dataclass(frozen=True, kw_only=True)
class DiagnosticsFile:
    """What one file has, and for whom it is.

    ``key`` is the same in every attempt to share this file, of which the first is after ``since``. It goes to
    the channel of ``incident``, an incident's id; empty: to ``by``, the person who asked. It
    describes the pods of ``servers`` and those on ``node``; without either, those of servers that are not
    well. ``lines`` is how many lines of each log it has.
    """

    key: str
    hub: str
    since: datetime
    by: str
    incident: str = ""
    servers: frozenset[ServerKey] = frozenset()
    node: str = ""
    lines: int


class Diagnostics(Protocol):
    """Reads hubs and clusters, and shares what it read in Slack."""

    def share(self, file: DiagnosticsFile) -> Mapping[str, Any]:
        """Share the file, unless an earlier attempt did; return counts of what it has."""
