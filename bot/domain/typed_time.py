"""A time that a person typed: when, until when, whether it is about, and the words that were typed.

``written`` is the inverse of :func:`bot.domain.time_parsing.read_time`: what it returns is read back as the
same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any


class Unit(StrEnum):
    """The smallest unit of a time that is known. Days and months have no time of day."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"

    @property
    def has_clock(self) -> bool:
        """Whether the time of day is known."""
        return self in (Unit.SECOND, Unit.MINUTE)

    @property
    def rank(self) -> int:
        """The place of the unit among those of one time: the longest is first."""
        return list(reversed(Unit)).index(self)


def unit_of(stored: Mapping[str, Any]) -> Unit:
    """Return the unit of a stored time: ``unit``, or else seconds or minutes by ``has_seconds``."""
    return Unit(stored.get("unit") or (Unit.SECOND if stored.get("has_seconds") else Unit.MINUTE))


@dataclass(frozen=True, kw_only=True)
class TypedTime:
    """A time, or a span if ``until`` is set. Both are UTC, and ``until`` is later than ``at``.

    ``typed`` is what was typed, ``zone`` the name of the zone in it, empty for the team's. ``unit`` is that
    of both. A day or a month is the time at which it begins in the team's zone; the last one of a span is
    part of it.
    """

    at: datetime
    until: datetime | None = None
    is_about: bool = False
    unit: Unit = Unit.MINUTE
    typed: str = ""
    zone: str = ""

    @property
    def latest(self) -> datetime:
        """The latest time that it can mean."""
        return self.at + _LONGEST.get(self.unit, timedelta())

    @property
    def is_exact(self) -> bool:
        """Whether it is one time of day, not an approximate one, a span or a day."""
        return not self.is_about and self.until is None and self.unit.has_clock


_LONGEST = {Unit.DAY: timedelta(days=1), Unit.MONTH: timedelta(days=31)}


def other_occurrence(at: datetime, zone: tzinfo) -> datetime | None:
    """Return the other time with the same local time in the zone (DST), or None."""
    local = at.astimezone(zone)
    other = local.replace(fold=1 - local.fold)
    return other if other.utcoffset() != local.utcoffset() else None


def zone_name(at: datetime) -> str:
    """Return the zone abbreviation (``PST``), or else the UTC offset (``UTC+04``)."""
    name = at.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def other_season(time: TypedTime, zone: tzinfo) -> str:
    """Return ``PDT`` for a time typed as ``PST`` at which the zone had PDT; otherwise an empty string."""
    name = time.at.astimezone(zone).tzname() or ""
    half_year = timedelta(days=183)
    others = {(time.at - half_year * back).astimezone(zone).tzname() for back in (1, 2)}
    return name if time.zone.upper() in others - {name} else ""


def written(time: TypedTime, zone: tzinfo) -> str:
    """Return the time as text in a zone, such as ``about 2017-02-23 21:10 - 21:14``.

    A side has its offset if its local time occurred twice (DST).
    """
    sides = [time.at] if time.until is None else [time.at, time.until]
    if not time.unit.has_clock:
        days = [side.astimezone(zone).date() for side in sides]
        return ("about " if time.is_about else "") + " - ".join(
            _day(day, time.unit) for day in days
        )
    offsets = any(other_occurrence(side, zone) is not None for side in sides)
    clock = "%H:%M:%S" if time.unit is Unit.SECOND else "%H:%M"
    texts: list[str] = []
    day = None
    for side in sides:
        local = side.astimezone(zone)
        dated = f"{local.year:04d}-{local:%m-%d} " if offsets or local.date() != day else ""
        texts.append(f"{dated}{local.strftime(clock)}{_suffix(local) if offsets else ''}")
        day = local.date()
    return ("about " if time.is_about else "") + " - ".join(texts)


def _day(day: date, unit: Unit) -> str:
    return f"{day:%B} {day.year:04d}" if unit is Unit.MONTH else day.isoformat()


def _suffix(local: datetime) -> str:
    text = local.strftime("%z")
    return f" UTC{text[:3]}:{text[3:5]}"
