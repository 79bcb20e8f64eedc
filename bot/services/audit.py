"""The audit log as services use it: a line of its own, or one that commits with a change.

A change adds its line to its own transaction, with :func:`bot.store.audit.add`. Refusals, and what is only
read, change nothing else: :meth:`Audit.record` commits their lines alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.audit import AuditLine, ChainCheck, ChainedLine, Fault
from bot.store import audit as rows
from bot.store.engine import Store


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What checking the whole log found: how many lines it has, the last one's hash, and its faults."""

    lines: int
    hash: str
    faults: tuple[Fault, ...]


class Audit:
    """Writes, lists and checks the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store

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

    def _batches(self, *, up_to: int) -> Iterator[list[ChainedLine]]:
        number = 0
        while True:
            with self._store.read() as tx:
                lines = rows.lines_after(tx, number, up_to=up_to)
            if not lines:
                return
            number = lines[-1].number
            yield lines
