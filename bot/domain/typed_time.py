"""A time that a person typed: when, until when, whether it is about, and the words that were typed.

``written`` is the inverse of :func:`bot.domain.time_parsing.read_time`: what it returns is read back as the
same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo


@dataclass(frozen=True, kw_only=True)
class TypedTime:
    """A time, or a span if ``until`` is set. Both are UTC, and ``until`` is later than ``at``.

    ``typed`` is what was typed, ``zone`` the name of the zone in it, empty for the team's.
    ``has_seconds`` is whether seconds were typed.
    """

    at: datetime
    until: datetime | None = None
    is_about: bool = False
    has_seconds: bool = False
    typed: str = ""
    zone: str = ""

    @property
    def precision(self) -> str:
        """What of the time is shown: ``second`` or ``minute``."""
        return "second" if self.has_seconds else "minute"


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
    offsets = any(other_occurrence(side, zone) is not None for side in sides)
    clock = "%H:%M:%S" if time.has_seconds else "%H:%M"
    texts: list[str] = []
    day = None
    for side in sides:
        local = side.astimezone(zone)
        dated = f"{local.year:04d}-{local:%m-%d} " if offsets or local.date() != day else ""
        texts.append(f"{dated}{local.strftime(clock)}{_suffix(local) if offsets else ''}")
        day = local.date()
    return ("about " if time.is_about else "") + " - ".join(texts)


def _suffix(local: datetime) -> str:
    text = local.strftime("%z")
    return f" UTC{text[:3]}:{text[3:5]}"
