"""The sandbox's clock, which a drill or a person can move; all who share its file see the same time.

The file is JSON, ``{"offset": seconds}``: by how much this clock differs from real time. It dates
messages and what is derived from them. Ages of servers, tokens and connections stay on real time.
A clock that was moved stays moved over a restart, or what was said would lie in the future.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.errors import SandboxError

AT_MOST = timedelta(days=31)
"""How far a person may move it at once."""


class ClockError(SandboxError):
    """The clock cannot be moved like this; the text is one sentence that says why."""


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
        """By how much it differs from real time."""
        return self._offset

    def move_to(self, moment: datetime) -> None:
        """Let it be this moment now; the clock goes on from there."""
        with self._lock:
            self._offset = moment - datetime.now(UTC)
            self._write()

    def move_on(self, by: timedelta) -> None:
        """Let so much time have passed. Raises ClockError.

        Never back: messages have been dated by it, and what is due has been stored.
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
