"""What happens to replicas while a story runs: one is killed, stopped, cut off, joined, or updated."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import inspect

from tests.crash.commits import NEXT
from tests.crash.proxy import DatabaseProxy
from tests.crash.replicas import Replica
from tests.crash.stage import Stage
from tests.crash.update import COLUMN, next_version
from tests.support.waiting import wait_until

LONGER = 2.0
"""Seconds beyond the time after which a replica's work is taken over."""

ENDS_WITHIN = 20.0
LEASE_LOST = 75
"""The exit code of a replica that lost its lease."""


class What(StrEnum):
    """What happens to a replica."""

    KILL = "kill"
    STOP = "stop"
    CUT = "cut"
    JOIN = "join"
    UPDATE = "update"


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """Something that happens right after people began an act."""

    act: str
    what: What


class Disturber:
    """Starts the replicas of a story and disturbs them. The second reaches its database by a proxy."""

    def __init__(self, stage: Stage, disturbances: Sequence[Disturbance], stack: ExitStack) -> None:
        self._stage = stage
        self._at = {each.act: each.what for each in disturbances}
        self._stack = stack
        self._proxy: DatabaseProxy | None = None
        self._cut_off: Replica | None = None
        self._lost: list[Replica] = []
        self._timers: list[threading.Timer] = []

    def start(self, number: int) -> None:
        """Start so many replicas."""
        for index in range(number):
            if index != 1 or What.CUT not in self._at.values():
                self._stage.replicas.start()
                continue
            directory = self._stage.replicas.directory / "proxy"
            url = self._stage.scene.store.engine.url.set(drivername="postgresql")
            shown = url.render_as_string(hide_password=False)
            self._proxy = self._stack.enter_context(DatabaseProxy(shown, directory))
            more = {"MAYDAY_DATABASE__URL": self._proxy.url}
            self._cut_off = self._stage.replicas.start(more=more)

    def during(self, act: str) -> None:
        """Do what is planned for this act."""
        what = self._at.pop(act, None)
        if what is not None:
            getattr(self, f"_{what.value}")()

    def finish(self) -> list[str]:
        """Wait until each lost replica has ended itself; returns what did not happen as it should."""
        for timer in self._timers:
            timer.join()
        replicas, problems = self._stage.replicas, [f"{act} was not played" for act in self._at]
        for replica in self._lost:
            try:
                wait_until(
                    lambda r=replica: replicas.look() or r.code is not None,  # type: ignore[misc]
                    "a lost replica to end itself",
                    timeout=ENDS_WITHIN,
                )
            except TimeoutError as exc:
                problems.append(f"replica {replica.number}: {exc}")
            if replica.code not in (None, LEASE_LOST):
                problems.append(f"replica {replica.number} ended with {replica.code}")
        return problems

    def _serving(self) -> list[Replica]:
        self._stage.replicas.look()
        return [r for r in self._stage.replicas.alive if r not in self._lost]

    def _kill(self) -> None:
        self._stage.replicas.kill(self._serving()[0])

    def _stop(self) -> None:
        victim = next(r for r in self._serving() if r is not self._cut_off)
        self._lose(victim)
        self._stage.replicas.freeze(victim)
        self._later(lambda: self._stage.replicas.thaw(victim))

    def _cut(self) -> None:
        assert self._proxy is not None
        assert self._cut_off is not None
        self._lose(self._cut_off)
        self._proxy.cut()
        self._later(self._proxy.restore)

    def _join(self) -> None:
        self._stage.start()

    def _update(self) -> None:
        """Replace the replicas one by one by the next version, which migrates first."""
        path = next_version(Path(self._stage.replicas.directory))
        for old in self._serving():
            new = self._stage.replicas.start(more={NEXT: str(path)})
            self._stage.replicas.wait_ready(new)
            os.kill(old.pid, signal.SIGTERM)
        columns = inspect(self._stage.scene.store.engine).get_columns("incident")
        assert COLUMN in {column["name"] for column in columns}

    def _lose(self, replica: Replica) -> None:
        replica.expected = True
        self._lost.append(replica)

    def _later(self, do: Callable[[], None]) -> None:
        limits = self._stage.limits
        timer = threading.Timer(limits.lease + limits.call + LONGER, do)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)
