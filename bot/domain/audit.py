"""The lines of the audit log, and the chain of hashes that shows whether they were changed.

Each line has a number and a hash over its content and the hash of the line before. A line that is changed,
removed or moved breaks the chain there. ``audit_head`` repeats the last number and hash, so that a line
missing at the end is found, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any

MAYDAY = "mayday"
"""The actor of what mayday does automatically."""


class AuditOutcome(StrEnum):
    """How an act ended, or what was decided about it."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """Who did what, to what, from where.

    ``actor`` is a Slack user id, ``mayday`` or ``terminal:LOGIN``. ``origin`` is the kind of request and its
    channel. ``before`` and ``after`` are plain JSON. ``source`` is unique to the act: a second line with the
    same source is not added. A line without one is always added.
    """

    actor: str
    act: str
    outcome: AuditOutcome
    target: str = ""
    incident_id: str | None = None
    origin: str = ""
    reason: str = ""
    before: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    after: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChainedLine:
    """A line in its place in the log. ``previous`` is the hash of the line before, empty for the first."""

    number: int
    at: datetime
    line: AuditLine
    previous: str
    hash: str

    @property
    def content_hash(self) -> str:
        """The hash that the line has if it is unchanged."""
        return line_hash(self.number, self.at, self.line, self.previous)

    def plain(self) -> dict[str, Any]:
        """The line as JSON for programs."""
        return {
            "number": self.number,
            "at": self.at.astimezone(UTC).isoformat(),
            **_plain(self.line),
            "previous": self.previous,
            "hash": self.hash,
        }


@dataclass(frozen=True, kw_only=True)
class UnreadableLine:
    """A line with a value that mayday never writes, such as an unknown outcome: somebody changed it."""

    number: int
    previous: str
    hash: str


def line_hash(number: int, at: datetime, line: AuditLine, previous: str) -> str:
    """Return the SHA-256, in hex, of the line's canonical JSON: sorted keys, no spaces, ASCII only."""
    content = {
        "number": number,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "previous": previous,
        **_plain(line),
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return sha256(text.encode("ascii")).hexdigest()


def text_hash(text: str) -> str:
    """Return what the log keeps of a text that people may remove later: its hash."""
    return f"sha256:{sha256(text.encode('utf-8', 'replace')).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A place where the chain is broken."""

    number: int
    problem: str


CHANGED = "was changed"
MOVED = "does not follow the line before it: lines were reordered, or one was removed or replaced"
MISSING = "is missing"
ADDED = "was added"
HEAD_MISSING = "the row of audit_head is missing"
HEAD_DIFFERS = "differs from audit_head"


class ChainCheck:
    """Checks lines in the order of their numbers. After a fault it goes on from the line found there."""

    def __init__(self) -> None:
        self.number = 0
        self.hash = ""

    def faults(self, lines: Iterable[ChainedLine | UnreadableLine]) -> Iterator[Fault]:
        """Yield the faults of the next lines."""
        for one in lines:
            if one.number <= self.number:  # before the first
                yield Fault(number=one.number, problem=ADDED)
                continue
            is_next = one.number == self.number + 1
            for number in range(self.number + 1, one.number):
                yield Fault(number=number, problem=MISSING)
            if is_next and one.previous != self.hash:
                yield Fault(number=one.number, problem=MOVED)
            elif isinstance(one, UnreadableLine) or one.hash != one.content_hash:
                yield Fault(number=one.number, problem=CHANGED)
            self.number, self.hash = one.number, one.hash

    def end(self, head: tuple[int, str] | None) -> Iterator[Fault]:
        """Yield what is wrong at the end. ``head`` is the number and hash in ``audit_head``."""
        if head is None:
            yield Fault(number=self.number, problem=HEAD_MISSING)
            return
        for number in range(self.number + 1, head[0] + 1):
            yield Fault(number=number, problem=MISSING)
        if head[0] < self.number or (head[0] == self.number and head[1] != self.hash):
            yield Fault(number=self.number, problem=HEAD_DIFFERS)


def _plain(line: AuditLine) -> dict[str, Any]:
    plain = {**vars(line), "before": dict(line.before), "after": dict(line.after)}
    return {**plain, "outcome": line.outcome.value}
