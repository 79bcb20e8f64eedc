"""The sandbox's clock, which a drill or a person can move; processes share it by a file.

The file is JSON, ``{"offset": seconds}``: the difference from real time. It dates messages and
what is derived from them. Ages of servers, tokens and connections use real time. The offset
survives a restart; otherwise earlier messages would lie in the future.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.errors import SandboxError

AT_MOST = timedelta(days=31)
"""The furthest single move by a person."""


class ClockError(SandboxError):
    """The clock cannot move this way; the text is one sentence that says why."""


class SandboxClock:
    """A clock in a file, at real time until it is moved."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._offset = timedelta()
        if file.exists():
            self._offset = timedelta(seconds=json.loads(file.read_text("utf-8"))["offset"])
        file.parent.mkdir(parents=True, exist_ok=True)
        self._write()

    def __call__(self) -> datetime:
        """The sandbox's time: aware, UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def ahead(self) -> timedelta:
        """The difference from real time."""
        return self._offset

    def move_to(self, moment: datetime) -> None:
        """Set the clock to this time; it runs on from there."""
        with self._lock:
            self._offset = moment - datetime.now(UTC)
            self._write()

    def move_on(self, by: timedelta) -> None:
        """Move the clock forward. Raises ClockError.

        Never back: messages are dated by it, and due times are stored.
        """
        if not timedelta() < by <= AT_MOST:
            raise ClockError(f"The clock goes forward, and at most {AT_MOST.days} days at once.")
        with self._lock:
            self._offset += by
            self._write()

    def _write(self) -> None:
        aside = self.file.with_suffix(".new")
        aside.write_text(json.dumps({"offset": self._offset.total_seconds()}), encoding="utf-8")
        aside.replace(self.file)
