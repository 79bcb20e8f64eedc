"""mayday as a child process: starts, checks, and ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sandbox.cluster.processes import Process, Processes
from sandbox.world import environment

Settings = Mapping[str, Mapping[str, Any] | list[Any]]
"""mayday's configuration by section."""

ENDS_WITHIN = 10.0
"""Seconds after it was asked to."""


class Child:
    """``mayday run`` with only the given settings, no other configuration of this machine.

    It logs to a file. If this process is killed, a reaper ends it.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self._processes = Processes()
        self._process: Process | None = None

    def start(self, settings: Settings) -> None:
        """Start it; Slack reports when it is connected."""
        kept = {name: value for name, value in os.environ.items() if not _configures(name)}
        # An empty file, so that no file of the working directory is read.
        none = self.log.with_name("no-mayday.yaml")
        none.write_text("", encoding="utf-8")
        self._process = self._processes.start(
            [sys.executable, "-m", "bot", "run"],
            {**kept, **environment(settings), "MAYDAY_CONFIG": str(none)},
            directory=Path.cwd(),
            log=self.log,
            on_exit=lambda: None,
        )

    def problem(self) -> str:
        """Why it does not run, or an empty string."""
        if self._process is None or not self._process.ended.is_set():
            return ""
        last = next((line for line in reversed(self._lines()) if line.strip()), "it said nothing")
        return f"mayday ended with exit code {self._process.exit_code}: {last[:300]}"

    def events(self, name: str) -> int:
        """How often an event is logged."""
        return sum(event.get("event") == name for event in self._events())

    def errors(self) -> list[str]:
        """The errors in its log, with tracebacks."""
        return [
            json.dumps(event)
            for event in self._events()
            if event.get("level") in ("error", "critical")
        ]

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None:
            self._process.signal(signal.SIGTERM)
            self._process.ended.wait(ENDS_WITHIN)
        self._processes.stop()

    def _events(self) -> Iterator[Mapping[str, Any]]:
        for line in self._lines():
            if line.startswith("{"):
                try:
                    yield json.loads(line)
                except ValueError:
                    continue  # a line that is being written just now

    def _lines(self) -> list[str]:
        if not self.log.exists():
            return []
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()


def _configures(name: str) -> bool:
    return name.upper().startswith("MAYDAY_")
