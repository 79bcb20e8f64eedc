"""Reads the times that people type, in the team's zone: the whole of what was typed, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.time_grammar import hour_of_day
from bot.domain.time_sides import Side, Words
from bot.domain.time_words import NO_ORDER, begins_with_clock, scan
from bot.domain.time_zones import zone_at
from bot.domain.typed_time import TypedTime, Unit
from bot.domain.typography import plain_marks, spaced
from bot.errors import UserError

NOT_A_TIME = "“{text}” is not a time: write 14:05, 2:05 pm or 2017-02-23 21:10:57."
NOT_A_TIME_OF_A_NOTE = (
    "“{text}” is not a time: write 14:05, 2:05 pm or 2017-02-23 21:10:57, or begin the note with "
    "another word than “at”."
)
LEFT_OVER = (
    "“{part}” in “{text}” can't be read as part of the time: write a time such as 14:05, "
    "10:05 - 10:20 or ~16:06 PST."
)
MIXED = "“{text}” has a time of day on one side only: write both sides with a time of day, or none."
NO_CLOCK = (
    "“{part}” behind the day can't be read as a time of day: write one, such as 21:10, or a colon "
    "between the day and the text."
)
INVALID = "“{text}” isn't a valid date or time."
SKIPPED = "“{text}” does not exist in {zone}: the clocks went forward (DST)."
IN_THE_FUTURE = "“{text}” is in the future in {zone}: write when it happened."
BACKWARD = "“{text}” ends before it begins: if it ended on another day, write that date, too."
OTHER_WEEKDAY = (
    "“{text}” is not on that day of the week: correct the date or leave the weekday out."
)

SKEW = timedelta(minutes=2)
"""How far the clocks of people and of mayday may differ."""
LONGEST_NIGHT = timedelta(hours=12)
"""The longest span that may end on the next day without its date."""
_SHOWN = 60
"""Characters of the typed text in a sentence."""
_NOON = 12
_MIDNIGHT = 24
"""At the end of a day: which day a person means is asked rather than chosen."""
_WEEKDAYS = 7
_YEARS = 9
"""How many years back a day without a year is looked for: 29 February may be eight years ago."""

_AT = re.compile(r"at\s+", re.IGNORECASE)
_LIKE_TIME = re.compile(
    r"(?:[~≈∼]\s*|(?:about|around|approx\.?|approximately|circa|ca\.|roughly)\s+)?"
    r"(?:(?P<word>[\d:.-]+)(?=\s|$)|(?P<glued>\S{0,80}\d:\d\S*))",
    re.IGNORECASE,
)
_AFTER = re.compile(r"(?=$|\s|[:,;.-](?:\s|$))\s*[:,;.-]?\s*")
_LIKE_CLOCK = re.compile(
    r"\d|[~≈∼]|(?:about|around|approx|approximately|circa|ca|roughly|early|late)\b"
    r"|(?:morning|noon|midday|afternoon|evening|night|midnight)\b",
    re.IGNORECASE,
)
"""What may be meant as a time of day behind a day."""
_ENDS = " \t\n.,;:]})"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads times as of ``now``. ``zone`` is that of times without one.

    ``order`` is that of days in figures, ``mdy`` or ``dmy``, or empty. ``day`` is the day of times without
    a date; without it they are the latest in the past.
    """

    zone: tzinfo
    now: datetime
    order: str = ""
    day: date | None = None

    def time(self, text: str) -> TypedTime:
        """Return the time that the text is.

        A time without a date is the most recent one: today's, or yesterday's if today's is in the future.
        One that occurs twice (DST) is the later one in the past;
        :func:`bot.domain.typed_time.other_occurrence` returns the other.

        Raises:
            UserError: it is not a time, has several meanings, does not exist in the zone (DST), or is in
                the future.
        """
        marks = plain_marks(spaced(text))
        words = self._scan(marks, 0)
        rest = marks[words.end :].strip(_ENDS)
        if not words.is_complete:
            raise UserError(_incomplete(words, otherwise=NOT_A_TIME).format(text=_cut(text)))
        if rest:
            raise UserError(LEFT_OVER.format(part=_cut(rest), text=_cut(text)))
        return self._resolved(words, text.strip())

    def note(self, text: str) -> tuple[TypedTime | None, str]:
        """Return the time in ``at 14:05 the proxy died`` and the words behind it; None without ``at``.

        ``at last it works`` has no time.

        Raises:
            UserError: as for :meth:`time`.
        """
        text = spaced(text)
        marks = plain_marks(text)
        opening = _AT.match(marks)
        if not opening:
            return None, text
        words = self._scan(marks, opening.end())
        if not words.is_complete:
            like = _LIKE_TIME.match(marks, opening.end())
            if like or words.is_like_time:
                shown = like[0] if like else marks[opening.end() : words.end]
                said = _incomplete(words, otherwise=NOT_A_TIME_OF_A_NOTE)
                raise UserError(said.format(text=_cut(shown)))
            return None, text
        typed = text[opening.end() : words.end].strip()
        after = _AFTER.match(marks, words.end)
        if not after or begins_with_clock(marks[after.end() :]):
            part = marks[words.end :].split(maxsplit=1)[0]
            raise UserError(LEFT_OVER.format(part=_cut(part), text=_cut(marks[opening.end() :])))
        if words.is_day and ":" not in after[0] and self._is_like_clock(marks, after.end()):
            part = marks[after.end() :].split(maxsplit=1)[0]
            raise UserError(NO_CLOCK.format(part=_cut(part)))
        return self._resolved(words, typed), text[after.end() :]

    def opening(self, text: str) -> str:
        """Return the time that a note begins with although it has no ``at``, as typed; empty without one."""
        marks = plain_marks(spaced(text))
        try:
            words = self._scan(marks, 0)
        except UserError:
            return ""
        is_time = words.is_complete and not words.is_day
        is_time = is_time and not _AT.match(marks) and _AFTER.match(marks, words.end) is not None
        return marks[: words.end].strip() if is_time else ""

    def _scan(self, marks: str, start: int) -> Words:
        around = self.now if self.day is None else datetime.combine(self.day, time(), UTC)
        return scan(marks, start, home=self.zone, around=around, order=self.order)

    def _is_like_clock(self, marks: str, start: int) -> bool:
        """Return whether what follows a day may be a time of day or a zone."""
        zone = zone_at(marks, start, self.zone, self.now)
        return zone is not None or _LIKE_CLOCK.match(marks, start) is not None

    def _resolved(self, words: Words, typed: str) -> TypedTime:
        try:
            sides = _with_shared_day(words.sides)
            at, until = (self._days_of if words.is_day else self._span)(sides, _cut(typed))
        except (ValueError, OverflowError):
            raise UserError(INVALID.format(text=_cut(typed))) from None
        return TypedTime(
            at=at,
            until=until,
            is_about=words.is_about,
            unit=_unit(words),
            typed=typed,
            zone=next((side.zone_name for side in words.sides if side.zone_name), ""),
        )

    def _days_of(self, sides: tuple[Side, ...], text: str) -> tuple[datetime, datetime | None]:
        """Return when the first and the last day or month begin; None without a last one."""
        first, *rest = sides
        at = self._begin(first, text)
        if not rest:
            return at, None
        last = rest[0]
        if last.year is None and last.month is not None and first.month is not None:
            is_next_year = last.month < first.month
            last = replace(last, year=at.astimezone(self.zone).year + is_next_year)
        until = self._begin(last, text)
        if until <= at:
            raise UserError(BACKWARD.format(text=text))
        return at, until

    def _begin(self, side: Side, text: str) -> datetime:
        """Return when the latest day or month in the past begins that a side can mean."""
        if side.figures and side.month is None:
            raise UserError(NO_ORDER.format(text=side.figures))
        day = side.day if side.month is None else side.day or 1
        days = list(self._days(replace(side, day=day)))
        # Where the clocks went forward at midnight, the day begins an hour later.
        moments = [datetime.combine(day, time(), tzinfo=self.zone) for day in days]
        past = [moment for moment in moments if moment.astimezone(UTC) <= self.now + SKEW]
        moment = (past or moments)[0]
        if side.weekday is not None and moment.weekday() != side.weekday:
            raise UserError(OTHER_WEEKDAY.format(text=text))
        if not past:
            raise UserError(IN_THE_FUTURE.format(text=text, zone=self.zone))
        return moment.astimezone(UTC)

    def _span(self, sides: tuple[Side, ...], text: str) -> tuple[datetime, datetime | None]:
        if len(sides) == 1:
            return self._latest(sides[0], text), None
        first, last = _with_shared(*sides)
        if last.has_date and not first.has_date:
            until = self._latest(last, text)
            at = self._near(first, until, text, before=True)
        else:
            at = self._latest(first, text)
            until = self._latest(last, text) if last.has_date else self._near(last, at, text)
        is_long = until - at > LONGEST_NIGHT and not (first.has_date and last.has_date)
        if until <= at or (
            is_long and _local_day(at, first, self) != _local_day(until, first, self)
        ):
            raise UserError(BACKWARD.format(text=text))
        if until > self.now + SKEW:
            raise UserError(IN_THE_FUTURE.format(text=text, zone=self._zone(last)))
        return at, until

    def _near(self, side: Side, other: datetime, text: str, *, before: bool = False) -> datetime:
        """Return the time of a side without a date, on the day of the other side or the one next to it."""
        day = other.astimezone(self._zone(side)).date()
        at = self._on(side, [day], text, must_be_past=False)
        if before and at >= other:
            at = self._on(side, [day - timedelta(days=1)], text)
        elif not before and at <= other:
            at = self._on(side, [day + timedelta(days=1)], text, must_be_past=False)
        return at

    def _zone(self, side: Side) -> tzinfo:
        return side.zone or self.zone

    def _latest(self, side: Side, text: str) -> datetime:
        """Return the latest time in the past that a side can mean."""
        if side.figures and side.month is None:
            raise UserError(NO_ORDER.format(text=side.figures))
        return self._on(side, list(self._days(side)), text)

    def _on(
        self, side: Side, days: list[date], text: str, *, must_be_past: bool = True
    ) -> datetime:
        """Return the time of a side on the first of these days on which it is in the past.

        Raises:
            UserError: it is in the past on none of them, or doesn't exist.
        """
        there = self._zone(side)
        clock = time(_hour(side), side.minute, side.second or 0)
        moments = [
            datetime.combine(day, clock.replace(fold=fold), tzinfo=there)
            for day in days
            for fold in (1, 0)
        ]
        limit = self.now + SKEW
        past = [moment for moment in moments if moment.astimezone(UTC) <= limit]
        moment = (past or moments)[0]
        at = moment.astimezone(UTC)
        if at.astimezone(there).replace(tzinfo=None) != moment.replace(tzinfo=None):
            raise UserError(SKIPPED.format(text=text, zone=there))
        if side.weekday is not None and moment.weekday() != side.weekday:
            raise UserError(OTHER_WEEKDAY.format(text=text))
        if not past and must_be_past:
            raise UserError(IN_THE_FUTURE.format(text=text, zone=there))
        return at

    def _days(self, side: Side) -> Iterator[date]:
        """Yield the days that a side can mean, the latest first."""
        today = self.now.astimezone(self._zone(side)).date()
        if side.month is not None and side.day is not None:
            if side.year is not None:
                yield date(side.year, side.month, side.day)
                return
            date(2000, side.month, side.day)  # in no year is it 30 February
            last = (self.day or today).year
            for year in range(last, last - _YEARS, -1):
                try:
                    yield date(year, side.month, side.day)
                except ValueError:
                    continue
        elif side.relative:
            yield today - timedelta(days=int(side.relative == "yesterday"))
        elif side.weekday is not None:
            yield from (
                day
                for day in (today - timedelta(days=back) for back in range(_WEEKDAYS + 1))
                if day.weekday() == side.weekday
            )
        elif self.day is not None:
            yield self.day
        else:
            yield from (today, today - timedelta(days=1))


def _with_shared(first: Side, last: Side) -> tuple[Side, Side]:
    """Return the sides of a span, each with the zone and the half of the day that only the other has."""
    first = replace(
        first, zone=first.zone or last.zone, zone_name=first.zone_name or last.zone_name
    )
    last = replace(last, zone=last.zone or first.zone, zone_name=last.zone_name or first.zone_name)
    if last.half and not first.half and _has_half(first):
        halves = [replace(first, half=half) for half in _halves(first, last.half)]
        return min(halves, key=lambda one: _minutes(one, last)), last
    if first.half and not last.half and _has_half(last):
        halves = [replace(last, half=half) for half in _halves(last, first.half)]
        return first, min(halves, key=lambda one: _minutes(first, one))
    return first, last


def _with_shared_day(sides: tuple[Side, ...]) -> tuple[Side, ...]:
    """Return the sides, each with the month and the year that only the other has."""
    if len(sides) == 1:
        return sides
    first, last = (replace(side) for side in sides)
    if last.month is None and last.day is not None:
        last.month, last.year = first.month, last.year or first.year
    if first.month is None and first.day is not None:
        first.month, first.year = last.month, first.year or last.year
    if first.month is None or last.month is None:
        return first, last
    is_next_year = (last.month, last.day or 0) < (first.month, first.day or 0)
    if first.year is None and last.year is not None:
        first.year = last.year - is_next_year
    elif last.year is None and first.year is not None:
        last.year = first.year + is_next_year
    return first, last


def _unit(words: Words) -> Unit:
    if words.is_day:
        return Unit.MONTH if words.sides[0].is_month else Unit.DAY
    has_seconds = any(side.second is not None for side in words.sides)
    return Unit.SECOND if has_seconds else Unit.MINUTE


def _has_half(side: Side) -> bool:
    return (side.hour or 0) <= _NOON


def _halves(side: Side, likely: str) -> str:
    return "a" if side.hour == 0 else "ap" if likely == "a" else "pa"


def _minutes(first: Side, last: Side) -> int:
    """Return how long a span would be, at most a day."""
    begin, end = (_hour(side) * 60 + side.minute for side in (first, last))
    return (end - begin) % (24 * 60) or 24 * 60


def _hour(side: Side) -> int:
    """Return the hour of the day; 17 pm is 17, and 0 am is 0.

    Raises:
        ValueError: there is no such hour.
    """
    hour = hour_of_day(side.hour or 0, side.half)
    if hour is None or hour == _MIDNIGHT:
        raise ValueError(side.hour)
    return hour


def _local_day(at: datetime, side: Side, reader: Reader) -> date:
    return at.astimezone(side.zone or reader.zone).date()


def _incomplete(words: Words, *, otherwise: str) -> str:
    """Return what is said of text that isn't a whole time: its sides differ, or ``otherwise``."""
    return MIXED if len(words.sides) == 2 and words.is_like_time else otherwise


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1].rstrip() + "…"
