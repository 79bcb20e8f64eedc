"""The audit log as services use it: a line of its own, or one that commits with a change.

A change adds its line to its own transaction, with :func:`bot.store.audit.add`. Refusals, and what is only
read, change nothing else: :meth:`Audit.record` commits their lines alone.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import structlog

from bot.domain.audit import AuditLine, AuditOutcome, ChainCheck, ChainedLine, Fault, UnreadableLine
from bot.logs import masked
from bot.store import audit as rows
from bot.store.engine import Store

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What checking the whole log found: how many lines it has, the last one's hash, and its faults."""

    lines: int
    hash: str
    faults: tuple[Fault, ...]


@dataclass
class _Request:
    """What was decided about the request that a thread serves now."""

    allowed: AuditLine | None = None
    is_refused: bool = False


_current: ContextVar[_Request | None] = ContextVar("audited_request", default=None)


class Audit:
    """Writes, lists and checks the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def request(self) -> Iterator[None]:
        """Serve a request, whose failure is recorded beside what was allowed."""
        token = _current.set(_Request())
        try:
            yield
        finally:
            _current.reset(token)

    def decided(self, line: AuditLine) -> None:
        """Commit a decision about a request, before anything that it allows is done or answered."""
        self.record(line)
        if current := _current.get():
            if line.outcome is AuditOutcome.ALLOWED:
                current.allowed = line
            else:
                current.is_refused = True

    def failed(self, reason: str) -> None:
        """Record that the request which is served now was allowed and failed nevertheless."""
        current = _current.get()
        if current is None or current.allowed is None or current.is_refused:
            return
        source = current.allowed.source
        line = replace(
            current.allowed,
            outcome=AuditOutcome.FAILED,
            reason=masked(reason),
            source=f"failed/{source}" if source else None,
        )
        try:
            self.record(line)
        except Exception:  # the person is told of the failure all the same
            log.exception("audit.failed", act=line.act)

    def record(self, line: AuditLine) -> None:
        """Commit a line in a transaction of its own."""
        with self._store.write() as tx:
            rows.add(tx, line)

    def latest(self, *, limit: int, incident_id: str = "") -> list[ChainedLine]:
        """The latest lines, of one incident or of all, the oldest first."""
        with self._store.read() as tx:
            return rows.latest(tx, limit=limit, incident_id=incident_id)

    def verify(self) -> Verified:
        """Check every line that the log has now, and that it ends where ``audit_head`` says.

        Lines that are appended meanwhile are left to the next check.
        """
        with self._store.read() as tx:
            end = rows.end(tx)
        check = ChainCheck()
        faults: list[Fault] = []
        for lines in self._batches(up_to=end.last):
            faults += check.faults(lines)
        faults += check.end(end.head)
        return Verified(lines=check.number, hash=check.hash, faults=tuple(faults))

    def _batches(self, *, up_to: int) -> Iterator[list[ChainedLine | UnreadableLine]]:
        number: int | None = None
        while True:
            with self._store.read() as tx:
                lines = rows.lines_after(tx, number, up_to=up_to)
            if not lines:
                return
            number = lines[-1].number
            yield lines


def terminal() -> str:
    """Return the actor of a command on the terminal: the account that runs it."""
    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's account may have no name
        return f"terminal:{os.getuid()}"
