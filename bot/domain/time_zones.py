"""The zones that people write behind a time: ``EST``, ``UTC+2``, ``-0700``, ``Pacific time``, ``Asia/Tokyo``.

An abbreviation of the report's own zone means that zone. Any other one is known only if it has one meaning
in the whole tz database; ``CST`` (Chicago, Havana and Shanghai) does not. The exceptions are ``PST`` and
``CDT``, which mean what RFC 5322 says although Manila and Havana use them, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.errors import UserError

SEVERAL = "“{name}” means several time zones: write the offset instead, such as 14:05 UTC-06:00."
NO_ZONE = "“{name}” is not a time zone: write its offset, such as UTC-07:00."
CONTRADICTION = "“{name}” names two different time zones: write one."

_HOUR = 60
KNOWN = {
    "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "SAST": 2, "EAT": 3, "WAT": 1, "CAT": 2, "PKT": 5, "WIB": 7, "HKT": 8, "JST": 9,
    "KST": 9, "IDT": 3,
    "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
    "NST": -3.5, "NDT": -2.5, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "MST": -7, "MDT": -6,
    "CDT": -5, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
"""Hours from UTC of abbreviations with one meaning in the tz database."""
UNKNOWN = frozenset(
    {"CST", "IST", "SST", "GST", "ICT", "SGT", "PHT", "NPT", "BRT", "ART", "CLT", "COT"}
)  # fmt: skip
"""Abbreviations that people use and that have several meanings, or none in the tz database."""
REGIONS = {
    "PT": "America/Los_Angeles", "PACIFIC": "America/Los_Angeles",
    "MT": "America/Denver", "MOUNTAIN": "America/Denver",
    "CT": "America/Chicago", "CENTRAL": "America/Chicago",
    "ET": "America/New_York", "EASTERN": "America/New_York",
}  # fmt: skip
"""Names of zones whose offset depends on the date."""
_WORDS = frozenset({"cat", "eat", "wet", "west", "art", "met", "ist"})
"""Abbreviations that are words, or German, where they stand in small letters."""

_REAL = frozenset(
    {hour * 60 for hour in range(-12, 15)}
    | {-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825}
)
"""Minutes from UTC of the offsets in use."""

_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?(?![\d:])")
_UTC = re.compile(r"(?:utc|gmt)(?:\s?([+-])(\d{1,2})(?::?(\d{2}))?)?(?![\w:])", re.IGNORECASE)
_AREA = re.compile(
    r"(?:America|Europe|Asia|Africa|Australia|Pacific|Atlantic|Indian|US|Canada)"
    r"(?:/[A-Z][A-Za-z_-]+){1,2}(?!\w)"
)
_REGION = re.compile(
    r"(pacific|mountain|central|eastern)\s+(?:(?:standard|daylight)\s+)?time(?!\w)", re.IGNORECASE
)
_NAME = re.compile(r"[A-Za-z]{2,5}(?!\w)")


@dataclass(frozen=True, kw_only=True)
class NamedZone:
    """A zone as it was written. ``end`` is the index in the text at which it ends."""

    zone: tzinfo
    name: str
    end: int


def is_real_offset(hours: int, minutes: int, *, west: bool) -> bool:
    """Return whether clocks somewhere have this offset from UTC."""
    total = hours * _HOUR + minutes
    return minutes < _HOUR and (-total if west else total) in _REAL


def zone_at(text: str, start: int, home: tzinfo, around: datetime) -> NamedZone | None:
    """Return the zone whose name begins at ``start``; None if none does.

    ``home`` is the report's zone, whose abbreviations ``around`` a time come first.

    Raises:
        UserError: it is an abbreviation of several zones, or an offset that no clock has.
    """
    found = _bare(text, start + 1 if text[start : start + 1] == "(" else start, home, around)
    if found is None or text[start : start + 1] != "(":
        return found and _with_offset(text, start, found, home, around)
    if text[found.end : found.end + 1] != ")":
        return None
    return NamedZone(zone=found.zone, name=found.name, end=found.end + 1)


def _with_offset(
    text: str, start: int, found: NamedZone, home: tzinfo, around: datetime
) -> NamedZone:
    """Return the zone, with the offset in brackets after it: ``PST (UTC-7)``.

    The offset counts, since many write PST in summer, too.
    """
    bracket = re.compile(r"\s?\(([^()\s]{1,40})\)").match(text, found.end)
    inner = bracket and _bare(bracket[1], 0, home, around)
    if not bracket or not inner or inner.end != len(bracket[1]):
        return found
    ours, theirs = (around.astimezone(one.zone).utcoffset() for one in (found, inner))
    if ours is None or theirs is None or abs(ours - theirs) > timedelta(hours=1):
        raise UserError(CONTRADICTION.format(name=text[start : bracket.end()]))
    return NamedZone(zone=inner.zone, name=text[start : bracket.end()], end=bracket.end())


def _bare(text: str, start: int, home: tzinfo, around: datetime) -> NamedZone | None:
    if text[start : start + 1] in ("Z", "z") and not text[start + 1 : start + 2].isalnum():
        return NamedZone(zone=UTC, name=text[start], end=start + 1)
    if found := _UTC.match(text, start):
        if found[1] and not _is_real(found):  # 16:34 UTC-16:49 is a span
            return NamedZone(zone=UTC, name=text[start : start + 3], end=start + 3)
        return NamedZone(zone=_offset(found), name=found[0], end=found.end())
    if found := _OFFSET.match(text, start):
        return NamedZone(zone=_offset(found), name=found[0], end=found.end())
    if found := _AREA.match(text, start):
        try:
            return NamedZone(zone=ZoneInfo(found[0]), name=found[0], end=found.end())
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UserError(NO_ZONE.format(name=found[0])) from None
    if found := _REGION.match(text, start):
        region = ZoneInfo(REGIONS[found[1].upper()])
        return NamedZone(zone=region, name=found[0], end=found.end())
    found = _NAME.match(text, start)
    zone = _abbreviation(found[0], home, around) if found else None
    return NamedZone(zone=zone, name=found[0], end=found.end()) if found and zone else None


def _offset(found: re.Match[str]) -> tzinfo:
    sign, hours, minutes = found.groups()
    if not sign:
        return UTC
    if not _is_real(found):
        raise UserError(NO_ZONE.format(name=found[0]))
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-offset if sign == "-" else offset)


def _is_real(found: re.Match[str]) -> bool:
    sign, hours, minutes = found.groups()
    return is_real_offset(int(hours), int(minutes or 0), west=sign == "-")


def _abbreviation(name: str, home: tzinfo, around: datetime) -> tzinfo | None:
    """Return the zone of an abbreviation, which in small letters must not be a word."""
    upper = name.upper()
    if name != upper and (name != name.lower() or len(name) == 2 or name in _WORDS):
        return None
    for months in range(12):
        local = (around - timedelta(days=30 * months)).astimezone(home)
        if local.tzname() == upper:
            return timezone(local.utcoffset() or timedelta(0), upper)
    if upper in REGIONS:
        return ZoneInfo(REGIONS[upper])
    if upper in UNKNOWN:
        raise UserError(SEVERAL.format(name=name))
    return timezone(timedelta(hours=KNOWN[upper]), upper) if upper in KNOWN else None
