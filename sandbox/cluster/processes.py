"""Starts and ends the local processes of containers, and leaves none running."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sandbox.cluster import reaper


class Process:
    """One process with all its children, as a process group."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.exit_code: int | None = None
        self.ended = threading.Event()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group; ignored if it has ended."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def wait(self) -> None:
        """Wait for the process to end, then kill its remaining children."""
        code = self._popen.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        # The exit code of shells and container runtimes for "killed by signal N".
        self.exit_code = code if code >= 0 else 128 - code
        self.ended.set()


class Processes:
    """All processes of one sandbox, with the reaper that outlives it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._running: dict[int, Process] = {}
        self._reaper: subprocess.Popen[bytes] | None = None

    def start(
        self,
        argv: Sequence[str],
        env: Mapping[str, str],
        *,
        directory: Path,
        log: Path,
        on_exit: Callable[[], None],
    ) -> Process:
        """Start a process that writes to `log`. Raises OSError if it cannot be started."""
        with log.open("ab") as output:
            popen = subprocess.Popen(  # noqa: S603 - the image table decides what runs
                list(argv),
                env=dict(env),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(popen)
        with self._guard:
            self._running[process.pid] = process
            self._list(f"+{process.pid}")

        def watch() -> None:
            process.wait()
            with self._guard:
                self._running.pop(process.pid, None)
                self._list(f"-{process.pid}")
            on_exit()

        threading.Thread(target=watch, name=f"process-{process.pid}", daemon=True).start()
        return process

    def _list(self, line: str) -> None:
        """Write a line to the reaper; the first line starts the reaper."""
        if self._reaper is None:
            self._reaper = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-I", "-S", str(Path(reaper.__file__))],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        pipe = self._reaper.stdin
        if pipe is not None and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(f"{line}\n".encode())
                pipe.flush()

    def stop(self) -> None:
        """Kill all processes and wait until they end, the reaper last."""
        with self._guard:
            running = list(self._running.values())
        for process in running:
            process.signal(signal.SIGKILL)
        for process in running:
            process.ended.wait(timeout=10)
        with self._guard:
            if self._reaper is None:
                return
            if self._reaper.stdin is not None:
                self._reaper.stdin.close()
            self._reaper.wait(timeout=10)
