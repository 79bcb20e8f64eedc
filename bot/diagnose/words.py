"""Words that several rules share: times, ages, counts and what a cluster says, as plain text on one line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.domain.evidence import Fact, Unknown
from bot.domain.facts import HubFacts
from bot.domain.hubs import Row

SHOWN = 5
"""How many names one line has."""
AHEAD = timedelta(minutes=5)
SAID = 200
"""How many characters of a foreign message one line has."""

_SMALL = (
    *(
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
    ),
    "twelve",
)
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))
_MARKUP = str.maketrans(dict.fromkeys("<>*`~|", " "))


def plain(text: str, limit: int = SAID) -> str:
    """Return what another system says on one line, at most ``limit`` characters, without final stop."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{line[: limit - 1].rstrip()}…" if len(line) > limit else line.rstrip(" .")


def unmarked(text: str) -> str:
    """Return a sentence without the characters that are markup in Slack or HTML."""
    return " ".join(text.replace("&", "and").translate(_MARKUP).split())


def in_words(number: int) -> str:
    """Return a number up to twelve as a word, a greater one in digits."""
    return _SMALL[number] if 0 <= number < len(_SMALL) else str(number)


def count(number: int, noun: str, several: str = "") -> str:
    """Return ``1 pod`` or ``3 pods``."""
    return f"{number} {noun if number == 1 else several or f'{noun}s'}"


def span(length: timedelta) -> str:
    """Return a length of time in words, in its greatest whole unit below which it is not zero."""
    seconds = max(0, round(length.total_seconds()))
    unit, size = next(((u, s) for u, s in _UNITS if seconds >= 2 * s), ("second", 1))
    number = seconds // size
    return f"{in_words(number)} {unit if number == 1 else f'{unit}s'}"


def clock(at: datetime, now: datetime) -> str:
    """Return a time in the zone of ``now``, with its date unless it is of the same day."""
    at = at.astimezone(now.tzinfo)
    return at.strftime("%H:%M:%S %Z" if at.date() == now.date() else "%Y-%m-%d %H:%M:%S %Z")


def some(names: Iterable[str], shown: int = SHOWN) -> str:
    """Return the first names, and how many there are besides."""
    found = [plain(name, 63) for name in dict.fromkeys(names)]
    first = ", ".join(found[:shown])
    return f"{first} and {len(found) - shown} more" if len(found) > shown else first


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the first of these times; None if none is known."""
    return min((at for at in times if at is not None), default=None)


def latest(times: Iterable[datetime | None]) -> datetime | None:
    """Return the last of these times; None if none is known."""
    return max((at for at in times if at is not None), default=None)


def within(at: datetime | None, window: timedelta, now: datetime) -> bool:
    """Return whether a time is known and at most so long ago; a clock may be a little ahead."""
    return at is not None and -AHEAD <= now - at <= window


def users(rows: Iterable[Row]) -> int:
    """Return how many users these servers belong to."""
    return len({row.user for row in rows})


def connected(facts: HubFacts) -> int | None:
    """Return how many users have a ready server; None if the hub's records were not read."""
    if not facts.servers.read:
        return None
    return len({server.user for server in facts.servers.items if server.ready})


def holds(fact: Fact[bool]) -> bool:
    """Return whether a fact is known to be true."""
    return not isinstance(fact, Unknown) and fact.value


def megabytes(size: int) -> str:
    """Return a size in MiB or GiB."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{round(size / 2**20)} MiB"
