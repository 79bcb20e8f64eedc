"""The measured processes: mayday as an operator runs it, and Bolt alone with empty listeners.

Both are children of the bench, so that their CPU time and memory are their own. They are read from
Linux's ``/proc``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.slack import SlackSandbox
from sandbox.world import environment
from tests.support.bot import settings
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")
_MEGABYTE = 1024


@dataclass(frozen=True, kw_only=True)
class Process:
    """A running child. ``seconds_to_connect`` is the time from its start until Slack saw its socket."""

    process: subprocess.Popen[bytes]
    log: Path
    seconds_to_connect: float | None = None

    @property
    def cpu(self) -> float:
        """The seconds of CPU time that it has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    @property
    def resident(self) -> float:
        """Its resident memory in megabytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / _MEGABYTE

    @property
    def has_ended(self) -> bool:
        """Whether it runs no more."""
        return self.process.poll() is not None


def configuration(slack: SlackSandbox, url: str, directory: Path) -> dict[str, str]:
    """The environment of a mayday with its own time limits instead of the tests' short ones."""
    found = settings(slack, url, directory)
    found["practice"] = {"clock_file": found["practice"]["clock_file"]}
    return environment(found)


@contextmanager
def mayday(
    slack: SlackSandbox, url: str, directory: Path, *, name: str = "mayday", wait: bool = True
) -> Iterator[Process]:
    """mayday on this Slack and this database, connected; ended afterwards. ``name`` is its log's."""
    made = configuration(slack, url, directory)
    with _child(slack, ["-m", "bot", "run"], made, directory / f"{name}.log", wait=wait) as process:
        yield process


@contextmanager
def bolt(slack: SlackSandbox, directory: Path) -> Iterator[Process]:
    """Bolt alone on this Slack, connected; ended afterwards."""
    tokens = [slack.bot_token, slack.app_token, slack.api_url]
    with _child(slack, ["-m", "tests.bench.bolt", *tokens], {}, directory / "bolt.log") as process:
        yield process


@contextmanager
def _child(
    slack: SlackSandbox,
    arguments: Sequence[str],
    extra: Mapping[str, str],
    log: Path,
    *,
    wait: bool = True,
) -> Iterator[Process]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAYDAY_")}
    sockets = slack.socket_count
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**clean, **extra},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        seconds = None
        if wait:
            _wait(slack, process, log, sockets)
            seconds = time.monotonic() - began
        yield Process(process=process, log=log, seconds_to_connect=seconds)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait(slack: SlackSandbox, process: subprocess.Popen[bytes], log: Path, sockets: int) -> None:
    def connected() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"The process ended:\n{log.read_text(errors='replace')}")
        return slack.socket_count > sockets

    wait_until(connected, "a socket", timeout=60)
