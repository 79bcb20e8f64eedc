"""Splits typed text into the parts of a time: days, clocks, zones, and what joins the sides of a span.

No library reads this: dateutil and dateparser take what is not written from today, drop a zone that they
don't know, and skip words. Here a part is recognised as a whole or not at all, and nothing is filled in.
``bot.domain.time_parsing`` finds out which time the parts mean.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, tzinfo

from bot.domain.time_grammar import WEEKDAYS, month_number
from bot.domain.time_patterns import (
    ABOUT,
    ACCESS_LOG,
    AND,
    CLOCKS,
    DASH,
    DASHED,
    DAY_MONTH,
    DAY_TO,
    FIGURES,
    FILLER,
    ISO,
    JOINED,
    LAST_DAY,
    LATE_YEAR,
    MONTH_DAY,
    MONTH_TO,
    MONTH_YEAR,
    OPENING,
    RELATIVE,
    STAMP,
    STAMP_CLOCK,
    WEEKDAY,
    WORDS,
)
from bot.domain.time_sides import Side, Words
from bot.domain.time_zones import is_real_offset, zone_at
from bot.errors import UserError

AMBIGUOUS = (
    "“{text}” can be a span or have an offset: write a span as 10:05 to 10:20, "
    "an offset as 10:05 UTC-07:00."
)
NO_ORDER = (
    "“{text}” can be two days: write 2022-01-21 or 21 Jan 2022, or configure report.date_order."
)
NIGHT = 12 * 60
"""Minutes: the longest span that may end on the next day without its date."""


def begins_with_clock(text: str) -> bool:
    """Return whether the text begins with a clock such as ``14:05``, maybe after a comma or a word."""
    filler = FILLER.match(text)
    return CLOCKS[0].match(text, filler.end() if filler else 0) is not None


def scan(text: str, start: int = 0, *, home: tzinfo, around: datetime, order: str) -> Words:
    """Return the longest time in the plain text that begins at ``start``.

    ``home`` is the zone whose abbreviations come first, ``around`` a time to tell which those are,
    ``order`` is that of days in figures, ``mdy`` or ``dmy``, or empty.

    Raises:
        UserError: what is written has several meanings.
    """
    return _Scanner(text, start, home, around, order).scan()


class _Scanner:
    """Reads one text from left to right. ``_at`` is the index of what is not read yet."""

    def __init__(self, text: str, start: int, home: tzinfo, around: datetime, order: str) -> None:
        self._text, self._at = text, start
        self._home, self._around, self._order = home, around, order
        self._is_about = False
        self._opening = ""
        self._day_end: tuple[Side, int, bool, str] | None = None

    def scan(self) -> Words:
        self._take(FILLER)
        side = self._side()
        sides: tuple[Side, ...] = (side,)
        end = self._at
        if (side.hour is not None or side.is_day) and (second := self._second(side)):
            sides, end = (side, second), self._at
        return Words(
            sides=sides,
            is_about=self._is_about,
            is_complete=self._is_complete(sides),
            is_like_time=any(one.is_like_time for one in sides),
            end=end,
        )

    def _is_complete(self, sides: tuple[Side, ...]) -> bool:
        if all(one.hour is not None for one in sides):
            return len(sides) == 2 or not self._opening
        is_one_unit = len({one.is_month for one in sides}) == 1
        is_known = not all(one.is_open for one in sides)
        is_whole = is_one_unit and is_known and all(one.is_day for one in sides)
        return is_whole and (len(sides) == 2 or not self._opening)

    def _second(self, first: Side) -> Side | None:
        """Read the end of a span; None, with nothing read, where there is none."""
        before = self._at, self._is_about
        if first.hour is not None and (short := self._short(first)):
            return short
        if self._take(JOINED) or (self._opening == "between" and self._take(AND)):
            if last := self._last_day(first):
                return last
            second = self._side()
            if second.hour is not None or second.is_day:
                return second
        self._at, self._is_about = before
        return None

    def _last_day(self, first: Side) -> Side | None:
        """Read the end of ``March 6 - 10``."""
        if first.hour is not None or first.month is None or first.day is None or not first.is_named:
            return None
        found = self._take(LAST_DAY)
        if found is None:
            return None
        return Side(day=int(found["day"]), year=int(found["year"]) if found["year"] else None)

    def _side(self) -> Side:
        """Read the parts of one time; a dash or a word behind a day belongs to it only if a clock follows."""
        side = self._parts()
        if side.hour is None and self._day_end is not None:
            side, self._at, self._is_about, self._opening = self._day_end
        return side

    def _parts(self) -> Side:
        """Read the parts of one time. A part follows a space or a comma, a zone also its clock."""
        side, may_follow = Side(), True
        self._day_end = None
        while True:
            if side.hour is not None and side.zone is None and self._offset(side):
                continue
            before = self._at
            while self._take(FILLER):
                may_follow = True
            if self._zone(side):
                may_follow = False
            elif may_follow and self._opened(side, before):
                may_follow = True
            elif may_follow and (self._day(side) or self._clock(side)):
                may_follow = (side.is_iso and side.hour is None) or self._is_dashed(side)
            else:
                self._at = before
                return side

    def _is_dashed(self, side: Side) -> bool:
        """Read the dash in ``2022-01-21 - 12:15``."""
        is_day = side.has_date and side.hour is None
        return is_day and self._joined_to_day(side, self._at, DASH) is not None

    def _opened(self, side: Side, before: int) -> bool:
        """Read what stands before a clock: ``~``, ``around``, ``between``; ``before`` is where it begins."""
        if side.hour is not None:
            return False
        if self._joined_to_day(side, before, ABOUT):
            self._is_about = True
            return True
        if not self._opening and (found := self._joined_to_day(side, before, OPENING)):
            self._opening = found["word"].lower()
            return True
        return False

    def _joined_to_day(
        self, side: Side, before: int, pattern: re.Pattern[str]
    ) -> re.Match[str] | None:
        """Read what joins a clock to a day, and remember the day for the case that no clock follows."""
        day = replace(side), before, self._is_about, self._opening
        found = self._take(pattern)
        if found and side.has_date and self._day_end is None:
            self._day_end = day
        return found

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        if found := pattern.match(self._text, self._at):
            self._at = found.end()
        return found

    def _clock(self, side: Side) -> bool:
        if side.hour is not None:
            return False
        patterns = (STAMP_CLOCK, *CLOCKS) if side.is_iso else CLOCKS
        found = next(filter(None, map(self._take, patterns)), None)
        if found is None:
            return False
        side.hour, side.minute = int(found["hour"]), int(found["minute"] or 0)
        side.second = int(found["second"]) if found["second"] else None
        side.half = (found["half"] or "").strip().lower()[:1]
        return True

    def _day(self, side: Side) -> bool:
        begun = self._at
        if side.weekday is None and (found := self._take(WEEKDAY)):
            side.weekday = WEEKDAYS.index(found["weekday"][:3].lower())
            return True
        if side.month is not None or side.day is not None:
            return self._late_year(side)
        if side.relative or side.figures:
            return False
        if found := self._take(RELATIVE):
            side.relative = found["word"].lower()
        elif found := self._take(STAMP) or self._take(ISO) or self._take(ACCESS_LOG):
            side.is_iso = not found[0][-1].isdigit()
            _set_day(side, found)
        elif found := self._take(MONTH_DAY) or self._take(DAY_MONTH):
            if found["month"].rstrip(".") in WORDS and not found["year"]:
                self._at = begun
                return False
            side.is_named = True
            _set_day(side, found)
        elif found := self._take(MONTH_YEAR) or self._take(MONTH_TO):
            side.month = month_number(found["month"])
            side.year = int(found["year"]) if found.re is MONTH_YEAR else None
        elif found := self._take(DAY_TO):
            side.day = int(found["day"])
        elif found := self._take(FIGURES):
            if not self._figures(side, found):
                self._at = begun
                return False
        else:
            return False
        return True

    def _late_year(self, side: Side) -> bool:
        """Read the year at the end of ``Fri Jan 21 12:15:00 PST 2022``, as ``date`` prints it."""
        if side.year is not None or side.weekday is None or side.hour is None:
            return False
        if found := self._take(LATE_YEAR):
            side.year = int(found["year"])
        return found is not None

    def _figures(self, side: Side, found: re.Match[str]) -> bool:
        """Read a day in figures; without a year only ``1/21``, and not behind the clock."""
        if not found["year"] and (found["mark"] != "/" or side.hour is not None):
            return False
        side.figures = found[0]
        if year := found["year"]:
            side.year = int(year) if len(year) == 4 else 2000 + int(year)
        first, second = int(found["first"]), int(found["second"])
        if self._order:
            side.month, side.day = (first, second) if self._order == "mdy" else (second, first)
        return True

    def _zone(self, side: Side) -> bool:
        if side.hour is None or self._text[self._at : self._at + 1] == "-":
            return False
        found = zone_at(self._text, self._at, self._home, self._around)
        if found is None or (side.zone and not self._is_same(side.zone, found.zone)):
            return False
        side.zone, side.zone_name, self._at = found.zone, found.name, found.end
        return True

    def _is_same(self, zone: tzinfo, other: tzinfo) -> bool:
        """Return whether a second zone says the same as the first: ``-0800 PST``."""
        offsets = {self._around.astimezone(one).utcoffset() for one in (zone, other)}
        return len(offsets) == 1

    def _offset(self, side: Side) -> bool:
        """Read an offset that begins with a dash; False if the dash joins a span, or there is none."""
        found = DASHED.match(self._text, self._at)
        if not found or found["second"] or found["half"]:
            return False
        dash = self._text.index("-", self._at)
        if found["minute"] and not found["colon"]:
            is_offset = True
        elif found["minute"]:
            is_offset = _is_offset(side, found, self._text)
        else:
            is_offset = _is_short_offset(side, found, self._text)
        if is_offset:
            self._at = dash
            named = zone_at(self._text, dash, self._home, self._around)
            if named is None:
                return False
            side.zone, side.zone_name, self._at = named.zone, named.name, named.end
        return is_offset

    def _short(self, first: Side) -> Side | None:
        """Read the end of ``16:05:57-58`` or ``16:05-20``."""
        found = DASHED.match(self._text, self._at)
        if not found or found["minute"] or found["second"] or found["half"] or found["colon"]:
            return None
        if first.zone is not None or not _last(first) < int(found["hour"]) < 60:
            return None
        self._at = found.end()
        clock = Side(hour=first.hour, minute=first.minute, second=first.second, half=first.half)
        last = int(found["hour"])
        second = (
            replace(clock, minute=last) if first.second is None else replace(clock, second=last)
        )
        if not self._zone(second):
            before = self._at
            if not (self._take(FILLER) and self._zone(second)):
                self._at = before
        return second


def _set_day(side: Side, found: re.Match[str]) -> None:
    month = found["month"]
    side.month = int(month) if month.isdigit() else month_number(month)
    side.day, side.year = int(found["day"]), int(found["year"]) if found["year"] else None


def _last(side: Side) -> int:
    return side.minute if side.second is None else side.second


def _is_offset(side: Side, found: re.Match[str], text: str) -> bool:
    """Return whether ``-HH:MM`` behind a clock is an offset rather than the end of a span.

    Raises:
        UserError: it can be both.
    """
    hours, minutes = int(found["hour"]), int(found["minute"])
    is_real = is_real_offset(hours, minutes, west=True) and not side.half
    length = (hours * 60 + minutes) - ((side.hour or 0) * 60 + side.minute)
    is_clock = hours < 24 and minutes < 60
    if not is_real or not is_clock or not (length > 0 or length + 24 * 60 <= NIGHT):
        return is_real
    if side.is_iso or side.second is not None:
        return True  # as in logs; a span has seconds on both sides
    if length > 0 and not side.has_date:
        return False
    raise UserError(AMBIGUOUS.format(text=text.strip()))


def _is_short_offset(side: Side, found: re.Match[str], text: str) -> bool:
    """Return whether ``-HH`` behind a clock is an offset, as databases print it.

    Raises:
        UserError: it can be the end of a span, too: ``9:30-11``.
    """
    hours = int(found["hour"])
    if side.is_iso or not is_real_offset(hours, 0, west=True):
        return side.is_iso
    if side.has_date and side.second is not None and hours <= side.second:
        return True
    raise UserError(AMBIGUOUS.format(text=text.strip()))
