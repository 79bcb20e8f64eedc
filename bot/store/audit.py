"""The audit log: lines are kept with their transaction and appended just before it commits.

The row of ``audit_head`` is locked while lines are appended, so it is the last lock that a transaction takes
and no two transactions can wait for each other there. A transaction that is rolled back leaves no line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, insert, select, update

from bot.domain.audit import AuditLine, AuditOutcome, ChainedLine, UnreadableLine, line_hash
from bot.errors import UserError
from bot.store.columns import NOW, String, shortened, storable, to_json
from bot.store.tables import audit, audit_head

PENDING = "mayday_audit"
"""The execution option that holds the lines of a transaction."""

HEAD = 1
BATCH = 1000
"""Lines that are read at once."""

UNREADABLE = (
    "Line {number} of the audit log has a value that mayday never writes. Run mayday audit --verify, which "
    "finds every line that was changed."
)

_LOCK_HEAD = (
    select(audit_head.c.number, audit_head.c.hash, NOW.label("now"))
    .where(audit_head.c.id == HEAD)
    .with_for_update()
)
_KNOWN = select(audit.c.source).where(audit.c.source.in_(bindparam("sources", expanding=True)))
_NOT_OURS = (ValueError, TypeError)
"""What reading a line raises that somebody changed to what mayday never writes."""
_ADD = insert(audit)
_MOVE_HEAD = (
    update(audit_head)
    .where(audit_head.c.id == HEAD)
    .values(number=bindparam("a_number"), hash=bindparam("a_hash"))
)


@dataclass(frozen=True, kw_only=True)
class End:
    """``audit_head``, which is None where its row is missing, and the number of the last line."""

    head: tuple[int, str] | None
    last: int


def add(tx: Connection, line: AuditLine) -> None:
    """Append a line when this transaction commits."""
    tx.get_execution_options()[PENDING].append(line)


def append(tx: Connection, lines: Sequence[AuditLine]) -> list[ChainedLine]:
    """Append lines, except those whose source is in the log already; return what was appended."""
    head = tx.execute(_LOCK_HEAD).one()
    lines = [_as_stored(line) for line in lines]
    sources = [line.source for line in lines if line.source is not None]
    known = set(tx.execute(_KNOWN, {"sources": sources}).scalars()) if sources else set()
    number, previous, added = head.number, head.hash, []
    for line in lines:
        if line.source is not None:
            if line.source in known:
                continue
            known.add(line.source)
        number += 1
        digest = line_hash(number, head.now, line, previous)
        added.append(
            ChainedLine(number=number, at=head.now, line=line, previous=previous, hash=digest)
        )
        previous = digest
    if added:
        tx.execute(_ADD, [_columns(one) for one in added])
        tx.execute(_MOVE_HEAD, {"a_number": number, "a_hash": previous})
    return added


def end(tx: Connection) -> End:
    """Where the log ends, read in one statement."""
    last = select(func.coalesce(func.max(audit.c.number), 0)).scalar_subquery()
    number = select(audit_head.c.number).where(audit_head.c.id == HEAD).scalar_subquery()
    digest = select(audit_head.c.hash).where(audit_head.c.id == HEAD).scalar_subquery()
    found = tx.execute(select(number, digest, last)).one()
    return End(head=None if found[0] is None else (found[0], found[1]), last=found[2])


def lines_after(
    tx: Connection, number: int | None, *, up_to: int
) -> list[ChainedLine | UnreadableLine]:
    """The next lines in order, at most :data:`BATCH`; from the lowest number where it is None."""
    wanted = select(audit).where(audit.c.number <= up_to).order_by(audit.c.number).limit(BATCH)
    if number is not None:
        wanted = wanted.where(audit.c.number > number)
    try:
        return [_line(row) for row in tx.execute(wanted).mappings()]
    except _NOT_OURS:
        numbers = tx.execute(wanted.with_only_columns(audit.c.number)).scalars()
        return [_line_or_less(tx, each) for each in numbers]


def latest(tx: Connection, *, limit: int, incident_id: str = "") -> list[ChainedLine]:
    """The latest lines, of one incident or of all, the oldest first.

    Raises:
        UserError: one of them has a value that mayday never writes.
    """
    wanted = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if incident_id:
        wanted = wanted.where(audit.c.incident_id == incident_id)
    try:
        return [_line(row) for row in tx.execute(wanted).mappings()][::-1]
    except _NOT_OURS:
        for number in tx.execute(wanted.with_only_columns(audit.c.number)).scalars():
            if isinstance(_line_or_less(tx, number), UnreadableLine):
                raise UserError(UNREADABLE.format(number=number)) from None
        raise


def _as_stored(line: AuditLine) -> AuditLine:
    """The line as the database returns it, over which its hash is made."""
    texts: dict[str, Any] = {
        name: _text(name, value) for name, value in vars(line).items() if isinstance(value, str)
    }
    texts["outcome"] = line.outcome
    before, after = (json.loads(to_json(dict(one))) for one in (line.before, line.after))
    return replace(line, **texts, before=before, after=after)


def _text(name: str, value: str) -> str:
    kind = audit.c[name].type
    return shortened(storable(value), kind.length) if isinstance(kind, String) else storable(value)


def _columns(one: ChainedLine) -> dict[str, Any]:
    return {
        **vars(one.line),
        "outcome": one.line.outcome.value,
        "number": one.number,
        "at": one.at,
        "previous": one.previous,
        "hash": one.hash,
    }


def _line_or_less(tx: Connection, number: int) -> ChainedLine | UnreadableLine:
    """A line by its number, of which only the chain may be readable."""
    one = audit.c.number == number
    try:
        return _line(tx.execute(select(audit).where(one)).mappings().one())
    except _NOT_OURS:
        chain = select(audit.c.number, audit.c.previous, audit.c.hash).where(one)
        return UnreadableLine(**tx.execute(chain).mappings().one())


def _line(row: RowMapping) -> ChainedLine:
    """A line.

    Raises:
        ValueError, TypeError: it has a value that mayday never writes.
    """
    place = {name: row[name] for name in ("number", "previous", "hash")}
    at = row["at"]
    values = {key: row[key] for key in row if key not in (*place, "at")}
    if not isinstance(at, datetime) or not all(
        isinstance(values[name], dict) for name in ("before", "after")
    ):
        raise TypeError(row["number"])
    line = AuditLine(**{**values, "outcome": AuditOutcome(row["outcome"])})
    return ChainedLine(**place, at=at, line=line)
