"""The processes of one mayday: started, killed, stopped, and told apart by their connections."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.forkserver import ForkServer
from tests.support.waiting import wait_until

PEER: ContextVar[tuple[str, int] | None] = ContextVar("peer", default=None)
"""The client whose request a double judges now."""

STARTS_WITHIN = 60.0
READY = "mayday.ready"


@dataclass(kw_only=True)
class Replica:
    """One process. ``killed``: the controller ended it. ``expected``: it has to end itself."""

    number: int
    pid: int
    log: Path
    killed: bool = False
    expected: bool = False
    code: int | None = None

    def logged(self) -> str:
        """Its log."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    @property
    def is_ready(self) -> bool:
        """Whether it has started completely."""
        return READY in self.logged()


@dataclass(kw_only=True)
class Replicas:
    """All processes that were started on one database."""

    forkserver: ForkServer
    environment: Mapping[str, str]
    directory: Path
    all: list[Replica] = field(default_factory=list)

    def start(self, *, more: Mapping[str, str] | None = None) -> Replica:
        """Start one more; returns at once."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAYDAY_")}
        number = len(self.all) + 1
        log = self.directory / f"mayday-{number}.log"
        environment = {**inherited, **self.environment, **(more or {})}
        replica = Replica(number=number, pid=0, log=log)
        replica.pid = self.forkserver.start(["run"], environment, log)
        self.all.append(replica)
        return replica

    def wait_ready(self, replica: Replica) -> None:
        """Wait until it has started completely. Raises AssertionError if it ended."""

        def ready() -> bool:
            self.look()
            assert replica.code is None, f"mayday ended: {replica.logged()[-3000:]}"
            return replica.is_ready

        wait_until(ready, f"replica {replica.number} to start", timeout=STARTS_WITHIN)

    @property
    def alive(self) -> list[Replica]:
        """Those that run, or are stopped."""
        return [replica for replica in self.all if replica.code is None]

    def look(self) -> list[Replica]:
        """Collect ended processes; returns those that ended since the last call."""
        ended = []
        for replica in self.alive:
            replica.code = self.forkserver.ended(replica.pid)
            if replica.code is not None:
                ended.append(replica)
        return ended

    def kill(self, replica: Replica) -> None:
        """Kill it, if it runs."""
        if replica.code is None:
            replica.killed = True
            os.kill(replica.pid, signal.SIGKILL)

    def freeze(self, replica: Replica) -> None:
        """Suspend it."""
        os.kill(replica.pid, signal.SIGSTOP)

    def thaw(self, replica: Replica) -> None:
        """Let it continue."""
        os.kill(replica.pid, signal.SIGCONT)

    def of_peer(self) -> Replica | None:
        """The process whose request is judged now; None if it has ended."""
        alive = [replica for replica in self.all if replica.code is None and not replica.killed]
        if len(alive) == 1:
            return alive[0]
        peer = PEER.get()
        inode = _inode(peer) if peer else ""
        return next((r for r in alive if inode and _holds(r.pid, inode)), None)

    def stop(self) -> None:
        """Kill all that still run."""
        for replica in self.alive:
            self.kill(replica)
        for replica in self.alive:
            replica.code = self.forkserver.ended(replica.pid, within=10)


def _inode(peer: tuple[str, int]) -> str:
    """The inode of the loopback socket with this port at its own end."""
    local = f"0100007F:{peer[1]:04X}"
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1] == local:
            return fields[9]
    return ""


def _holds(pid: int, inode: str) -> bool:
    wanted = f"socket:[{inode}]"
    try:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            if str(descriptor.readlink()) == wanted:
                return True
    except OSError:
        return False  # it has ended, or closed one meanwhile
    return False
