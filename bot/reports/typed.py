"""A time as it was typed in a report: its day, its clock and what else was written of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from bot.domain.time_grammar import hour_of_day


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
        at: the time, None if it is impossible. That of 24:00 is 0:00.
        is_end_of_day: it is 24:00, on the day after the one that is named.
    """

    hour: int
    minute: int
    second: int
    half: str = ""
    is_padded: bool = False

    @property
    def at(self) -> time | None:
        hour = hour_of_day(self.hour, self.half)
        if hour is None or self.minute > 59 or self.second > 59:
            return None
        if hour == 24:
            return time() if self.is_end_of_day else None
        return time(hour, self.minute, self.second)

    @property
    def is_end_of_day(self) -> bool:
        return self.hour == 24 and not (self.minute or self.second or self.half)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A time as typed at the beginning of a text.

    Attributes:
        raw: what was typed, with the brackets around it.
        rest: what follows it.
        days_later: how many days after another its day is, as in ``two days later``; None for a named day.
        is_mentioned: its day stands within the text, which may be about something else.
        zone: the zone that it names, or empty.
        has_lead: it begins with a word such as ``around`` or ``the next day``.
        is_about: it is marked as approximate.
    """

    raw: str
    rest: str
    day: Day | None = None
    clock: Clock | None = None
    until_day: Day | None = None
    until: Clock | None = None
    days_later: int | None = None
    is_mentioned: bool = False
    zone: str = ""
    has_lead: bool = False
    is_about: bool = False
