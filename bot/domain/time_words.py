"""Splits typed text into the parts of a time: days, clocks, zones, and what joins the sides of a span.

No library reads this: dateutil and dateparser take what is not written from today, drop a zone that they
don't know, and skip words. Here a part is recognised as a whole or not at all, and nothing is filled in.
``bot.domain.time_parsing`` finds out which time the parts mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from bot.domain.time_grammar import MONTH, ORDINAL, PM, WEEKDAY, WEEKDAYS, month_number
from bot.domain.time_zones import is_real_offset, zone_at
from bot.errors import UserError

AMBIGUOUS = (
    "“{text}” can be a span or have an offset: write a span as 10:05 to 10:20, "
    "an offset as 10:05 UTC-07:00."
)
NO_ORDER = (
    "“{text}” can be two days: write 2022-01-21 or 21 Jan 2022, or configure report.date_order."
)
_WORDS = ("may", "mar", "march")
"""Months that are words, too, where they stand in small letters and without a year."""

_MONTH = rf"(?P<month>{MONTH})"
_HALF = rf"(?P<half>\s{{0,3}}{PM}|[ap](?!\w))"
_END = r"(?![\d:]|\.\d|\s?[ap]\.?m\b)"
_YEAR = rf"(?P<year>(?:19|20)\d\d){_END}"


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_CLOCKS = (
    _compiled(
        r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?!\d)"
        rf"(?::(?P<second>\d{{2}})(?:[.,]\d{{1,9}})?(?!\d))?{_HALF}?"
    ),
    _compiled(rf"(?P<hour>\d{{1,2}})(?:\.(?P<minute>\d{{2}}))?(?P<second>(?!))?{_HALF}"),
    # 2-3pm: an hour alone, if the end of the span has a half of the day.
    _compiled(
        r"(?P<hour>\d{1,2})(?P<minute>(?!))?(?P<second>(?!))?(?P<half>(?!))?"
        r"(?=\s?(?:-|to|until)\s?\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b)"
    ),
)
_STAMP = _compiled(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?=\d{4})")
_STAMP_CLOCK = _compiled(
    r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?(?:[.,]\d{1,9})?(?!\d)(?P<half>(?!))?"
)
_ISO = _compiled(r"(?P<year>\d{4})([-/])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?!\d)(?:T(?=\d))?")
_ACCESS_LOG = _compiled(rf"(?P<day>\d{{1,2}})/{_MONTH}/(?P<year>\d{{4}}):(?=\d\d:)")
_FIGURES = _compiled(
    r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?:\2(?P<year>\d{4}|\d{2}))?"
    r"(?![\d:/-]|\.\d|\s?[ap]\.?m\b)"
)
_MONTH_DAY = _compiled(rf"{_MONTH}\s?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_END}(?:\s?,?\s?{_YEAR})?")
_DAY_MONTH = _compiled(rf"(?P<day>\d{{1,2}}){ORDINAL}(?:\s+of)?[\s-]?{_MONTH}(?:[\s,-]\s?{_YEAR})?")
_RELATIVE = _compiled(r"(?P<word>today|yesterday)(?![\w'])")
_WEEKDAY = _compiled(rf"(?P<weekday>{WEEKDAY})")
_LATE_YEAR = _compiled(_YEAR)
_ABOUT = _compiled(r"[~≈∼]\s*|(?:about|around|approximately|approx\.?|circa|ca\.|roughly)\s+")
_FILLER = _compiled(r"[,\s]+|(?:at|on)\s+|[\[\]{}]+")
_DASH = _compiled(r"\s*-\s+|,?\s+-\s*(?=\d)")
_OPENING = _compiled(r"(?P<word>between|from)\s+")
_JOINED = _compiled(r"\s*(?:-{1,3}>?|→)\s*|\s+(?:to|until|till|til|through)\s+")
_AND = _compiled(r"\s+and\s+")
_DASHED = _compiled(
    rf"\s?-(?P<hour>\d\d)(?P<colon>:?)(?P<minute>\d\d)?(?P<second>:\d\d)?{_HALF}?(?![\w:])"
)
_NIGHT = 12 * 60
"""Minutes: the longest span that may end on the next day without its date."""


@dataclass(kw_only=True)
class Side:
    """What is written of one time; what isn't written is None or empty.

    ``relative`` is ``today`` or ``yesterday``, ``half`` is ``a`` or ``p``. ``figures`` is a day in figures,
    such as ``1/2``, without ``month`` and ``day`` if their order isn't known. ``is_iso`` is whether the
    clock follows a ``T``.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    relative: str = ""
    weekday: int | None = None
    figures: str = ""
    is_iso: bool = False
    hour: int | None = None
    minute: int = 0
    second: int | None = None
    half: str = ""
    zone: tzinfo | None = None
    zone_name: str = ""

    @property
    def has_date(self) -> bool:
        """Whether a day is written."""
        is_named = self.month is not None or self.weekday is not None
        return is_named or bool(self.relative or self.figures)

    @property
    def is_like_time(self) -> bool:
        """Whether a day or a clock is written; 3/4 alone may be a fraction."""
        is_fraction = bool(self.figures) and self.year is None
        return self.hour is not None or (self.has_date and not is_fraction)


@dataclass(kw_only=True)
class Words:
    """The parts of a time. ``end`` is the index in the text at which it ends.

    ``is_like_time`` is whether there is a day or a clock, ``is_complete`` whether there is a whole time.
    """

    sides: tuple[Side, ...]
    is_about: bool
    is_complete: bool
    is_like_time: bool
    end: int


def begins_with_clock(text: str) -> bool:
    """Return whether the text begins with a clock such as ``14:05``, maybe after a comma or a word."""
    filler = _FILLER.match(text)
    return _CLOCKS[0].match(text, filler.end() if filler else 0) is not None


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

    def scan(self) -> Words:
        self._take(_FILLER)
        side = self._side()
        sides: tuple[Side, ...] = (side,)
        end = self._at
        if side.hour is not None and (second := self._second(side)):
            sides, end = (side, second), self._at
        return Words(
            sides=sides,
            is_about=self._is_about,
            is_complete=side.hour is not None and (len(sides) == 2 or not self._opening),
            is_like_time=any(one.is_like_time for one in sides),
            end=end,
        )

    def _second(self, first: Side) -> Side | None:
        """Read the end of a span; None, with nothing read, where there is none."""
        before = self._at, self._is_about
        if short := self._short(first):
            return short
        if self._take(_JOINED) or (self._opening == "between" and self._take(_AND)):
            second = self._side()
            if second.hour is not None:
                return second
        self._at, self._is_about = before
        return None

    def _side(self) -> Side:
        """Read the parts of one time. A part follows a space or a comma, a zone also its clock."""
        side, may_follow = Side(), True
        while True:
            if side.hour is not None and side.zone is None and self._offset(side):
                continue
            before = self._at
            while self._take(_FILLER):
                may_follow = True
            if self._zone(side):
                may_follow = False
            elif may_follow and self._opened(side):
                may_follow = True
            elif may_follow and (self._day(side) or self._clock(side)):
                may_follow = (side.is_iso and side.hour is None) or self._is_dashed(side)
            else:
                self._at = before
                return side

    def _is_dashed(self, side: Side) -> bool:
        """Read the dash in ``2022-01-21 - 12:15``."""
        return side.has_date and side.hour is None and self._take(_DASH) is not None

    def _opened(self, side: Side) -> bool:
        """Read what stands before a clock: ``~``, ``around``, ``between``."""
        if side.hour is not None:
            return False
        if self._take(_ABOUT):
            self._is_about = True
            return True
        if not self._opening and (found := self._take(_OPENING)):
            self._opening = found["word"].lower()
            return True
        return False

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        if found := pattern.match(self._text, self._at):
            self._at = found.end()
        return found

    def _clock(self, side: Side) -> bool:
        if side.hour is not None:
            return False
        patterns = (_STAMP_CLOCK, *_CLOCKS) if side.is_iso else _CLOCKS
        found = next(filter(None, map(self._take, patterns)), None)
        if found is None:
            return False
        side.hour, side.minute = int(found["hour"]), int(found["minute"] or 0)
        side.second = int(found["second"]) if found["second"] else None
        side.half = (found["half"] or "").strip().lower()[:1]
        return True

    def _day(self, side: Side) -> bool:
        begun = self._at
        if side.weekday is None and (found := self._take(_WEEKDAY)):
            side.weekday = WEEKDAYS.index(found["weekday"][:3].lower())
            return True
        if side.month is not None:
            return self._late_year(side)
        if side.relative or side.figures:
            return False
        if found := self._take(_RELATIVE):
            side.relative = found["word"].lower()
        elif found := self._take(_STAMP) or self._take(_ISO) or self._take(_ACCESS_LOG):
            side.is_iso = not found[0][-1].isdigit()
            _set_day(side, found)
        elif found := self._take(_MONTH_DAY) or self._take(_DAY_MONTH):
            if found["month"].rstrip(".") in _WORDS and not found["year"]:
                self._at = begun
                return False
            _set_day(side, found)
        elif found := self._take(_FIGURES):
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
        if found := self._take(_LATE_YEAR):
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
        found = _DASHED.match(self._text, self._at)
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
        found = _DASHED.match(self._text, self._at)
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
            if not (self._take(_FILLER) and self._zone(second)):
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
    if not is_real or not is_clock or not (length > 0 or length + 24 * 60 <= _NIGHT):
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
