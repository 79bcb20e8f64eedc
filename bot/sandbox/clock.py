"""The sandbox's clock, which a drill can move; whoever shares its file sees the same time.

The file is JSON, ``{"offset": seconds}``: by how much this clock differs from real time. It dates
messages and what is derived from them. Ages of servers, tokens and connections stay on real time.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SandboxClock:
    """A clock in a file, at real time until it is moved."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._offset = timedelta()
        file.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    def __call__(self) -> datetime:
        """The sandbox's time: aware, UTC."""
        return datetime.now(UTC) + self._offset

    def move_to(self, moment: datetime) -> None:
        """Let it be this moment now; the clock goes on from there."""
        self._offset = moment - datetime.now(UTC)
        self._write()

    def _write(self) -> None:
        aside = self.file.with_suffix(".new")
        aside.write_text(json.dumps({"offset": self._offset.total_seconds()}), encoding="utf-8")
        aside.replace(self.file)
