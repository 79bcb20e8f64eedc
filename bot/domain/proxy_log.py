"""The lines of configurable-http-proxy's log that are known to be bad."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from bot.domain.signs import LogLine

BURST = 10
"""So many failed requests in the lines that were read count as a burst; single ones are normal."""

_FATAL = re.compile(r"uncaught exception|EPIPE|heap out of memory|EMFILE", re.IGNORECASE)
_FAILED = re.compile(r"\b(50[34]) ([A-Z]+) \S+ ?(.*)")
_NUMBERS = re.compile(r"[0-9a-f.:]*\d[0-9a-f.:]*")


def bad_lines(log: str, pod: str) -> tuple[LogLine, ...]:
    """Return each known bad line once, with its first and latest time and how often it occurs.

    Every line of ``log`` begins with the kubelet's time. Failed requests lose their paths, which name users,
    and are returned only if there are many.
    """
    found: dict[str, LogLine] = {}
    failed: dict[str, LogLine] = {}
    for at, text in _lines(log):
        if _FATAL.search(text):
            _count(found, _NUMBERS.sub("", text), LogLine(text=text, pod=pod, at=at))
        elif match := _FAILED.search(text):
            status, method, why = match.groups()
            said = f"{status} {method} … {why}".rstrip()
            _count(failed, status, LogLine(text=said, pod=pod, at=at))
    bursts = (line for line in failed.values() if line.count >= BURST)
    return (*found.values(), *bursts)


def _lines(log: str) -> Iterator[tuple[datetime | None, str]]:
    # Only a line feed ends a line: what else ends one in Python may be in a path.
    for line in log.split("\n"):
        stamp, _, text = line.partition(" ")
        at = _time(stamp)
        yield at, (text if at else line).strip()


def _time(stamp: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _count(lines: dict[str, LogLine], key: str, line: LogLine) -> None:
    before = lines.get(key)
    lines[key] = replace(
        line,
        first_at=(before.first_at if before else None) or line.at,
        count=before.count + 1 if before else 1,
    )
