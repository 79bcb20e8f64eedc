"""Reads the names of time zones that reports use."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.domain.time_zones import KNOWN, REGIONS

_HOURS = KNOWN | {
    "Z": 0, "MEZ": 1, "MESZ": 2, "IST": 5.5, "SGT": 8, "CST": -6, "BRT": -3, "ART": -3,
}  # fmt: skip
"""Hours east of UTC. In a published report, unlike in a note, an abbreviation of several zones is read as
what the known reports mean by it: IST is India's, and CST that of Chicago."""

_NAMES = {
    "central european summer time": "Etc/GMT-2",
    "central european time": "Europe/Paris",
    "eastern european summer time": "Etc/GMT-3",
    "eastern european time": "Europe/Helsinki",
    "british summer time": "Etc/GMT-1",
    "coordinated universal time": "UTC",
    "greenwich mean time": "UTC",
    "india standard time": "Asia/Kolkata",
}
"""Names that are written out. The signs of Etc are those of POSIX, the other way round."""
_WINTER_AND_SUMMER = {
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "MDT": "America/Denver",
    "CST": "America/Chicago", "CDT": "America/Chicago", "EST": "America/New_York",
    "EDT": "America/New_York", "BST": "Europe/London", "CET": "Europe/Paris", "CEST": "Europe/Paris",
    "EET": "Europe/Helsinki", "EEST": "Europe/Helsinki", "AEDT": "Australia/Sydney",
}  # fmt: skip
"""Abbreviations of half a year, with a place that uses them: what it uses on a day can be compared."""

_SEVERAL = {
    "IST": "India's, UTC+05:30, and not Ireland's or Israel's",
    "CST": "that of Chicago, UTC-06:00, and not China's or Cuba's",
}
"""Abbreviations of several zones that teams work in, and how they are read."""

_AREAS = "Africa|America|Antarctica|Asia|Atlantic|Australia|Europe|Indian|Pacific|US|Etc"
_OFFSET = r"[+\-−]\d{1,2}(?::?\d{2})?(?!\d)"
ZONE = re.compile(
    rf"""
    (?:
      (?P<area>(?:{_AREAS})/[A-Za-z_]+(?:/[A-Za-z_]+)?)
    | (?P<abbreviation>(?:{"|".join(sorted(_HOURS, key=len, reverse=True))}|utc|gmt)(?![A-Za-z0-9]))
        (?P<offset>(?<=UTC|GMT|utc|gmt){_OFFSET}|\s?\((?:UTC|GMT)?\s?{_OFFSET}\))?
    | (?P<name>(?i:{"|".join(_NAMES).replace(" ", "[ ]")}))(?:\s\([A-Z]{{3,4}}\))?
    | (?P<region>(?:PT|MT|CT|ET)(?![A-Za-z0-9])
        |(?:(?:US|U\.S\.)\s|[A-Z]{{2}}/)?(?:[Pp]acific|[Mm]ountain|[Cc]entral|[Ee]astern)
            (?:\s(?:[Ss]tandard|[Dd]aylight))?(?:\s[Tt]ime)?(?![A-Za-z0-9/]|\s[Ee]uropean))
    )
    """,
    re.VERBOSE,
)
OFFSET = re.compile(rf"Z(?![A-Za-z0-9])|{_OFFSET}")
_BEFORE_REGION = re.compile(r"^(?:us|u\.s\.)\s|^[a-z]{2}/")
_DIGITS = re.compile(r"([+\-−])\s?(\d{1,2}):?(\d{2})?")


@cache
def zone_of(name: str) -> tzinfo | None:
    """Return the zone that a name or an offset means, or None. ``PST (UTC-7)`` means what its offset says."""
    found = ZONE.fullmatch(name.strip())
    if found is None and (city := _cities().get(name.strip())):
        return ZoneInfo(city)
    if found is None:
        return _offset(name) if OFFSET.fullmatch(name.strip()) else None
    if found["area"]:
        try:
            return ZoneInfo(found["area"])
        except (ValueError, OSError, KeyError):
            return None
    if found["name"]:
        return ZoneInfo(_NAMES[found["name"].lower()])
    if found["region"]:
        words = _BEFORE_REGION.sub("", found["region"].lower()).split()
        word = words[0]
        return ZoneInfo(REGIONS[word.upper()])
    if found["offset"]:
        return _offset(found["offset"])
    return timezone(timedelta(hours=_HOURS[found["abbreviation"].upper()]))


@cache
def _cities() -> dict[str, str]:
    """The zones by the names of their cities, as a pager writes them: “All times listed in Berlin”."""
    places = (key for key in sorted(available_timezones()) if not key.startswith(("Etc/", "US/")))
    return {key.rpartition("/")[2].replace("_", " "): key for key in places if "/" in key}


def _offset(text: str) -> tzinfo | None:
    if text.strip() == "Z":
        return UTC
    found = _DIGITS.search(text)
    if found is None or int(found[2]) > 14 or int(found[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(offset if found[1] == "+" else -offset)


def reading_of(name: str) -> str:
    """Return which zone an abbreviation of several is read as, empty if it means only one."""
    return _SEVERAL.get(name.strip(), "")


def place_of(name: str) -> ZoneInfo | None:
    """Return a place whose clocks show this abbreviation for a part of the year only, or None."""
    key = _WINTER_AND_SUMMER.get(name.strip())
    return ZoneInfo(key) if key else None
