"""A time as it was typed in a report: its day, its clock and what else was written of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day as typed. The year may be missing, and a day in numbers may be read in two orders.

    Attributes:
        swapped: whether month and day may be the other way round.
        is_fraction: it was written like ``1/2``, which needn't be a day.
    """

    month: int
    day: int
    year: int | None = None
    swapped: bool = False
    is_fraction: bool = False


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A time of day as typed.

    Attributes:
        half: ``a`` or ``p`` if it was typed.
        is_padded: it was typed with a zero or two digits before the colon.
        at: the time, None if it is impossible.
    """

    hour: int
    minute: int
    second: int
    half: str = ""
    is_padded: bool = False

    @property
    def at(self) -> time | None:
        hour = self.hour
        if self.half and hour <= 12:
            hour = hour % 12 + (12 if self.half == "p" else 0)
        if hour > 23 or self.minute > 59 or self.second > 59:
            return None
        return time(hour, self.minute, self.second)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A time as typed at the beginning of a text.

    Attributes:
        raw: what was typed, with the brackets around it.
        rest: what follows it.
        zone: the zone that it names, or empty.
        has_lead: it begins with a word such as ``around``.
        is_about: it is marked as approximate.
    """

    raw: str
    rest: str
    day: Day | None = None
    clock: Clock | None = None
    until_day: Day | None = None
    until: Clock | None = None
    zone: str = ""
    has_lead: bool = False
    is_about: bool = False
