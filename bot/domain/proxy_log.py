"""The lines of configurable-http-proxy's log that are known to be bad."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from bot.domain.signs import LogLine

BURST = 10
"""So many failed requests in the lines that were read count as a burst; single ones are normal."""

_FATAL = re.compile(r"uncaught exception|EPIPE|heap out of memory|EMFILE", re.IGNORECASE)
_FAILED = re.compile(r"\b(50[34]) ([A-Z]+) \S+ ?(.*)")
_NUMBERS = re.compile(r"[0-9a-f.:]*\d[0-9a-f.:]*")


def bad_lines(log: str, pod: str) -> tuple[LogLine, ...]:
    """Return each known bad line once, with its latest time and how often it occurs.

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
    for line in log.splitlines():
        stamp, _, text = line.partition(" ")
        try:
            at = datetime.fromisoformat(stamp)
        except ValueError:
            at, text = None, line
        yield at, text.strip()


def _count(lines: dict[str, LogLine], key: str, line: LogLine) -> None:
    before = lines.get(key)
    count = 1 if before is None else before.count + 1
    lines[key] = LogLine(text=line.text, pod=line.pod, at=line.at, count=count)
