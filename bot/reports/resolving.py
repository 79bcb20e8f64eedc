"""Turns typed times into moments: the day carried from above, the zone of the report, the years left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from bot.reports.typed import Clock, Day, Typed
from bot.reports.warnings import Doubt
from bot.reports.zones import place_of, zone_of

Said = tuple[Doubt, Mapping[str, object]]
"""What is odd, and the words of its sentence."""

_FAR = timedelta(days=31)
_HALF_DAY = timedelta(hours=12)
_ABOUT = timedelta(minutes=5)
"""How far a time with ``~`` may be from what it says."""
_NEAR = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A typed time as understood; ``doubts`` are what is odd about it.

    ``day`` and ``until_day`` are those of an entry that names a day and no time of day.
    """

    at: datetime | None = None
    until: datetime | None = None
    day: date | None = None
    until_day: date | None = None
    is_impossible: bool = False
    doubts: tuple[Said, ...] = ()


@dataclass(kw_only=True)
class Context:
    """What holds at a place of the timeline.

    Attributes:
        report_date: the day of the incident, to which years that were left out are near.
        day: the day of an entry that names none.
        zone: the zone of an entry that names none, as typed.
        is_stated: the zone was stated for all entries, so that an entry's own zone holds for itself only.
        is_24_hours: a time of the report is one of 24 hours, so the others are, too.
    """

    report_date: date | None
    day: date | None
    zone: str = ""
    is_stated: bool = False
    is_24_hours: bool = True
    before: datetime | None = None
    half: str = ""
    judged: set[str] = field(default_factory=set)

    def see_day(self, day: Day) -> None:
        """Take the day of a heading for the entries below it."""
        self.day = self._date(day) or self.day
        self.half = ""

    def see_later(self, days: int) -> date | None:
        """Take the day that is some days after that of the entry above, as “The next day” says.

        A day that was named since that entry is the one that is meant.
        """
        is_above = self.before is None or self.before.date() == self.day
        if self.day and (is_above or days < 0):
            self.day = _later(datetime.combine(self.day, time()), days).date()
            self.half = ""
        return self.day

    def resolve(self, typed: Typed | None, raw: str) -> Resolved:
        """Return the moment of an entry, and take its day and zone for those below it."""
        doubts: list[Said] = []
        dated = typed.day if typed else None
        relative = typed.days_later if typed else None
        if dated:
            self.see_day(dated)
        elif relative is not None and (counted := self.see_later(relative)):
            doubts.append((Doubt.RELATIVE, {"raw": raw, "date": counted}))
        if typed is None or typed.clock is None:
            doubts.append((Doubt.NO_CLOCK, {"raw": raw}))
            is_day = bool(dated and typed and not typed.is_mentioned) or relative is not None
            until_day = self._date(typed.until_day) if typed and typed.until_day else None
            day = self.day if is_day else None
            return Resolved(day=day, until_day=until_day, doubts=tuple(doubts))
        is_dated = dated is not None or relative is not None
        clock = self._in_half(typed.clock, raw, doubts, is_dated=is_dated)
        if clock.at is None:
            doubts.append((Doubt.IMPOSSIBLE, {"raw": raw}))
            return Resolved(is_impossible=True, doubts=tuple(doubts))
        zone = typed.zone or self.zone
        if typed.zone and not self.is_stated:
            self.zone = typed.zone
        if self.day is None:
            return Resolved(doubts=((Doubt.NO_DAY, {"raw": raw}),))
        at = _moment(self.day, clock.at, zone)
        if clock.is_end_of_day:
            doubts.append((Doubt.END_OF_DAY, {"raw": raw, "date": self.day}))
            at = _later(at)
        at = self._in_order(at, raw, doubts, is_dated=is_dated, is_about=typed.is_about)
        until = self._until(typed, at, zone)
        if typed.until and typed.until.at is None:
            doubts.append((Doubt.IMPOSSIBLE, {"raw": raw}))
        if until and until < at:
            doubts.append((Doubt.ENDS_BEFORE, {"raw": raw}))
        self._judge(at, zone, raw, doubts, is_dated=is_dated)
        self.before, self.day = at, at.date()
        return Resolved(at=at, until=until, doubts=tuple(doubts))

    def _in_half(self, clock: Clock, raw: str, doubts: list[Said], *, is_dated: bool) -> Clock:
        """Return ``1:05`` after ``12:29p`` in the afternoon, if only then the entries are in order."""
        if clock.half:
            self.half = clock.half
            return clock
        is_open = (
            (self.half or not self.is_24_hours)
            and not (is_dated or clock.is_padded)
            and 1 <= clock.hour < 12
        )
        if not is_open or self.before is None or clock.at is None:
            return clock
        before = self.before.replace(tzinfo=None)
        literal = datetime.combine(before.date(), clock.at)
        if literal < before <= literal + _HALF_DAY <= before + _NEAR:
            doubts.append((Doubt.AFTERNOON, {"raw": raw}))
            return replace(clock, half="p")
        return clock

    def _in_order(
        self, at: datetime, raw: str, doubts: list[Said], *, is_dated: bool, is_about: bool
    ) -> datetime:
        """Return the moment, a day later if it is more than half a day before the entry above."""
        if self.before is None or not _comparable(at, self.before) or at >= self.before:
            return at
        if not is_dated and self.before - at >= _HALF_DAY:
            doubts.append((Doubt.NEXT_DAY, {"raw": raw}))
            return _later(at)
        if not (is_about and self.before - at <= _ABOUT):
            doubts.append((Doubt.OUT_OF_ORDER, {"raw": raw}))
        return at

    def _until(self, typed: Typed, at: datetime, zone: str) -> datetime | None:
        if typed.until is None or typed.until.at is None:
            return None
        named = self._date(typed.until_day) if typed.until_day else None
        until = _moment(named or at.date(), typed.until.at, zone)
        if typed.until.is_end_of_day:
            return _later(until)
        if until < at and named is None and at - until >= _HALF_DAY:
            return _later(until)
        return until

    def _judge(
        self, at: datetime, zone: str, raw: str, doubts: list[Said], *, is_dated: bool
    ) -> None:
        if is_dated and self.report_date and abs(at.date() - self.report_date) > _FAR:
            days = abs((at.date() - self.report_date).days)
            doubts.append((Doubt.FAR, {"raw": raw, "days": days, "date": self.report_date}))
        place = place_of(zone)
        if place and zone not in self.judged:
            then = at.astimezone(place).tzname()
            if then != zone:
                self.judged.add(zone)
                doubts.append((Doubt.NOT_THEN, {"zone": zone, "day": at.date(), "other": then}))

    def _date(self, day: Day) -> date | None:
        """Return the day; a year that was left out is the one nearest to the day above or the report's."""
        near = self.report_date or self.day
        orders = [(day.month, day.day)]
        if day.swapped and near:
            orders.append((day.day, day.month))
        years = [day.year] if day.year else []
        if not years and near:
            years = [near.year - 1, near.year, near.year + 1]
        possible: list[date] = []
        for year in years:
            for month, number in orders:
                try:
                    possible.append(date(year, month, number))
                except ValueError:
                    continue
        if not possible:
            return None
        return min(possible, key=lambda each: abs((each - near).days) if near else 0)


def day_of(day: Day | None) -> date | None:
    """Return the date of a day that names its year, or None."""
    return Context(report_date=None, day=None)._date(day) if day else None


def _moment(day: date, at: time, zone: str) -> datetime:
    return datetime.combine(day, at, tzinfo=zone_of(zone) if zone else None)


def _later(at: datetime, days: int = 1) -> datetime:
    try:
        return at + timedelta(days=days)
    except OverflowError:
        return at


def _comparable(one: datetime, other: datetime) -> bool:
    return (one.tzinfo is None) == (other.tzinfo is None)
