"""The lease of this process: while it is valid, no other replica touches the work that this one began.

On PostgreSQL the lease is a row that a thread renews. A replica that could not renew it begins nothing more
and, before another one may take its work over, ends itself. On SQLite the lock of the file admits one
process, so the lease never ends.
"""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.limits import Limits
from bot.errors import LeaseLost
from bot.ports import Durable
from bot.store import audit
from bot.store import leases as rows
from bot.store import obligations as obligation_rows
from bot.store.engine import Store, Tx
from bot.store.leases import Replica

ALWAYS = timedelta(days=36500)
LEASE_LOST = "mayday lost its lease on the database and stops, so that another replica can go on."

log = structlog.get_logger()


class Lease:
    """This replica's lease. ``lost`` is called once, from another thread, when the process has to end."""

    def __init__(
        self, store: Store, limits: Limits, *, version: str, lost: Callable[[], None]
    ) -> None:
        self.id = uuid.uuid4().hex
        self._store = store
        self._limits = limits
        self._version = version
        self._lost = lost
        self._renewed = time.monotonic()
        self._is_kept = False
        self._ending = threading.Event()
        self._is_lost = threading.Event()

    def start(self) -> None:
        """Register this replica and keep its lease."""
        began = time.monotonic()
        alone = self._store.is_sqlite
        with self._store.write() as tx:
            now = self._store.now(tx)
            length = ALWAYS if alone else timedelta(seconds=self._limits.lease)
            rows.register(
                tx,
                Replica(
                    id=self.id,
                    host=socket.gethostname()[:200],
                    version=self._version,
                    started_at=now,
                    lease_until=now + length,
                    taken_by=None,
                ),
            )
            if alone:
                rows.end_others(tx, self.id)
            rows.forget_ended(tx, now)
        self._renewed = began
        self._is_kept = not alone
        if not alone:
            threading.Thread(target=self._renew_always, name="lease", daemon=True).start()
            threading.Thread(target=self._watch, name="lease-watch", daemon=True).start()

    def stop(self) -> None:
        """End the lease: others may take over what is left once no call of this replica can have effect."""
        self._ending.set()
        with self._store.write() as tx:
            rows.end(tx, self.id, self._store.now(tx))

    @property
    def is_valid(self) -> bool:
        """Whether this replica may begin work, as far as it knows without asking the database."""
        return self._store.is_sqlite or self._age < self._limits.lease

    @property
    def is_lost(self) -> bool:
        """Whether another replica may have taken over the work of this one."""
        return self._is_lost.is_set()

    def replicas(self) -> int:
        """How many replicas are alive, this one included."""
        with self._store.read() as tx:
            return rows.living(tx, self._store.now(tx))

    def set_foreign_sockets(self, number: int) -> None:
        """Store how many connections to Slack are not those of replicas, for ``mayday doctor``."""
        with self._store.write() as tx:
            rows.set_foreign_sockets(tx, self.id, number)

    def check(self, tx: Tx) -> None:
        """Return if this replica holds its lease, in the transaction that announces an outside call.

        Raises:
            LeaseLost: it does not.
        """
        if self._ending.is_set():
            raise LeaseLost(LEASE_LOST)  # on SQLite, another process may have the file's lock now
        if self._store.is_sqlite:
            return
        if not (self.is_valid and rows.holds(tx, self.id, self._store.now(tx))):
            raise LeaseLost(LEASE_LOST)

    def refuse_late(self) -> None:
        """Return if this replica may still commit, as far as it knows without asking the database.

        A command that waited in a stopped process, or for a database that was cut off, is refused: Slack
        told its author long ago that it failed, and another replica may have carried out its repetition.

        Raises:
            LeaseLost: the replica's work may have been taken over.
        """
        if self._is_kept and not self._ending.is_set() and self._age >= self._limits.over:
            self._lose()  # also where it could be renewed now: the thread that is refused here ends
            raise LeaseLost(LEASE_LOST)

    @property
    def _age(self) -> float:
        return time.monotonic() - self._renewed

    def _renew_always(self) -> None:
        while not self._ending.wait(self._limits.heartbeat):
            if self._is_lost.is_set():
                return
            began = time.monotonic()
            try:
                with self._store.write() as tx:
                    until = self._store.now(tx) + timedelta(seconds=self._limits.lease)
                    renewed = rows.renew(tx, self.id, until)
            except Exception as exc:  # noqa: BLE001 - whatever it is: if it lasts, the lease ends
                log.warning("lease.not_renewed", error=type(exc).__name__, age=round(self._age, 1))
                continue
            if not renewed:
                self._lose()
                return
            self._renewed = began

    def _watch(self) -> None:
        """End the process before its work may be taken over, even while the database does not answer."""
        last = self._limits.over
        while not self._ending.wait(min(0.5, last / 10)):
            if self._age >= last:
                self._lose()
                return

    def _lose(self) -> None:
        if self._ending.is_set() or self._is_lost.is_set():
            return
        self._is_lost.set()
        log.error("lease.lost", replica=self.id, age=round(self._age, 1))
        self._lost()


class Takeover:
    """Takes over the work of replicas whose leases have ended."""

    def __init__(self, store: Store, durable: Durable, lease: Lease, limits: Limits) -> None:
        self._store = store
        self._durable = durable
        self._lease = lease
        self._limits = limits
        self._unresumed: set[str] = set()

    def take_over(self) -> list[str]:
        """Resume the workflows of ended replicas and free what they had claimed; return the keys.

        A replica is left alone until no call that it began under its lease can have an effect any more.
        """
        wait = timedelta(seconds=0.0 if self._store.is_sqlite else self._limits.call)
        with self._store.read() as tx:
            ended_before = self._store.now(tx) - wait
            if not (self._unresumed or rows.has_ended(tx, ended_before=ended_before)):
                return []
        with self._store.write() as tx:
            self._lease.check(tx)
            now = self._store.now(tx)
            claimed = rows.claim_ended(tx, self._lease.id, ended_before=now - wait)
            # On SQLite an ended process is not waited for, and its last call may still have an effect.
            calls_end = now - wait + timedelta(seconds=self._limits.call)
            obligation_rows.release(tx, claimed, until=calls_end)
            for replica in claimed:
                audit.add(tx, _taken_over(replica, self._lease.id))
        # Until it succeeds: nobody else resumes what this replica has claimed.
        self._unresumed.update(claimed)
        ended = sorted(self._unresumed)
        if not ended:
            return []
        keys = self._durable.resume(ended)
        self._unresumed.clear()
        if keys:
            log.info("takeover.resumed", replicas=ended, workflows=keys)
        return keys


def _taken_over(replica: str, by: str) -> AuditLine:
    return AuditLine(
        actor=MAYDAY,
        act="replica.take_over",
        outcome=AuditOutcome.DONE,
        target=f"replica/{replica}",
        after={"by": by},
        source=f"replica.take_over/{replica}",
    )
