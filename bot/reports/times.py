"""Reads the times that reports put before an entry, as far as they are written out.

The words are those of ``bot.domain.time_grammar``. The reader is another than that of typed times because a
report is read, not answered: it takes the time at the beginning of a line of prose, keeps what was typed,
and says what it could not understand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from bot.domain.time_grammar import (
    MONTH,
    ORDINAL,
    PM,
    RELATIVE,
    WEEKDAY,
    days_later,
    month_number,
)
from bot.reports.typed import Clock, Day, Typed
from bot.reports.zones import OFFSET, ZONE

_WEEKDAY = rf"(?:{WEEKDAY},?\s+)?"
_FLAGS = re.VERBOSE | re.IGNORECASE

_OPENING = re.compile(r"[*_\s]*")
_TAG = r"</?(?:b|i|em|strong|time|code|u)>"
_BRACKETS = re.compile(
    rf"(?:\{{\{{|[\[({{`~≈*_\s]|{_TAG}|:[a-z0-9_+-]{{2,30}}:\s|[\u2600-\u27bf\ufe0f\U0001F300-\U0001FAFF])*"
)
_LEADS = re.compile(
    r"(?:(?:at|around|about|approx(?:imately)?\.?|circa|ca\.|between|from|by|before|after|since|on|time:)\s+"
    r"|[~≈@]\s*|c\.\s*)+",
    re.IGNORECASE,
)
_DAY = re.compile(
    rf"""{_WEEKDAY}(?:
      (?P<y1>\d{{4}})(?P<sep>[-/.])(?P<m1>\d{{1,2}})(?P=sep)(?P<d1>\d{{1,2}})(?!\d)
    | (?P<m2>{MONTH})\s*(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:\d)(?:,?\s+(?P<y2>(?:19|20)\d\d)\b(?!:\d))?
    | (?P<d3>\d{{1,2}}){ORDINAL}[\s-]+(?:of\s+)?(?P<m3>{MONTH})
        (?:,?[\s-]+(?P<y3>(?:19|20)\d\d)\b(?!:\d))?
    | (?P<m4>\d{{1,2}})/(?P<d4>\d{{1,2}})(?:/(?P<y4>\d{{4}}|\d{{2}}))?(?![\d/])
    | (?P<n5>\d{{1,2}})(?P<mark>[.-])(?P<n6>\d{{1,2}})(?P=mark)(?P<y5>(?:19|20)\d\d)(?![\d-])
    )(?:\s?\((?:mon|tue|wed|thu|fri|sat|sun)[a-z]{{0,6}}\))?""",
    _FLAGS,
)
_CLOCK = re.compile(
    rf"""(?:
      (?P<h1>\d{{1,2}}):(?P<n1>\d{{2}})(?::(?P<s1>\d{{2}})(?:[.,]\d{{1,9}})?)?(?!\d)
        (?:\s?(?P<half1>{PM})|(?P<short1>[ap])\b|\s(?:noon|midnight)\b|\s?(?:hrs?|hours|uhr|h)\b)?
    | (?P<h2>\d{{1,2}})\.(?P<n2>\d{{2}})\s?(?P<half2>{PM})
    | (?P<h3>\d{{1,2}})\s?(?P<half3>{PM})
    | (?P<h4>\d{{1,2}})h(?P<n4>\d{{2}})\b
    | (?P<h5>[0-2]\d)(?P<n5>[0-5]\d)
        (?=\s?(?:UTC|GMT|hrs?|hours|h|(?-i:[A-Z]{{1,3}}T))\b)(?:\s?(?:hrs?|hours|h)\b)?
    | (?P<h6>\d{{1,2}})(?=\s?[-–]\s?\d{{1,2}}(?:[:.]\d{{2}})?\s?{PM})
    | (?P<h7>[0-2]\d)\.(?P<n7>[0-5]\d)(?:\s?(?:uhr|hrs?|h)\b|(?=(?:\s?[-–]\s?[0-2]\d\.[0-5]\d)?[\s*_`]*$))
    | (?P<noon>noon|midday|midnight)\b
    )""",
    _FLAGS,
)
_LAST_DAY = re.compile(
    r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>(?:19|20)\d\d))?(?=[\s:*_)\]]*$)"
)
"""The last of a range of days, ``14, 2025`` in ``March 12–14, 2025``, where nothing follows."""
_JOINER = re.compile(
    r"[\s,T:]*(?:(?:at|around|about|between|from|,)\s+|[-–—@~≈]\s*)*[~≈]?\s*", re.IGNORECASE
)
_RANGE = re.compile(
    r"(?:\s|\}\}|[\])`*])*(?:-{1,2}>?|–|—|→|\bto\b|\buntil\b|\btill\b|\band\b)(?:\s|\{\{|[\[(`*~≈])*",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[-–](\d{2})(?![\d:./])\b")
_ISH = re.compile(r"(?:[-\s]?ish\b)?", re.IGNORECASE)
_OTHER = re.compile(r"\s*[/(=,]\s*(?=\d)")
_BEFORE_ZONE = re.compile(r"[*`]*\s?[*`]*\(?")
_OFFSET_APART = re.compile(r"\s?(\+\d{2}:?\d{2}|(?<=\s)-\d{4})(?!:?\d)")
_OFFSET_WEST = re.compile(r"-(0[1-9]|1[0-2]):(?:[03]0|45)(?!:?\d)")
_SECONDS = re.compile(r":\d\d:\d\d(?:[.,]\d{1,9})?$")
_LATE_YEAR = re.compile(r"\s((?:19|20)\d\d)\b(?![:\d])")
_BEFORE_DAY = re.compile(r"\s*(?:(?P<sure>\()|(?P<comma>,)?\s+(?P<on>on\s+)?)", re.IGNORECASE)
_AFTER_DAY = re.compile(r"[\s*_:]*$|:?\s+[-–—]\s|:\s")
_DAY_OF_WEEK = re.compile(rf"{_WEEKDAY}(?=[\d~])", re.IGNORECASE)
_CLOSERS = re.compile(rf"(?:\s*(?:\}}\}}|[\])`]|{_TAG}))*")
_LINK = re.compile(r"\]\([^\s()]*(?:\([^\s()]*\)[^\s()]*)*\)")
_MARKS = re.compile(r"[*_]*")
_SEPARATORS = re.compile(
    r"\s*(?:\\$)?(?:<br\s?/?>\s*)?(?:(?:-{1,2}>?|–|—|→|=>|:|\||,|\.(?=\s|$))+\s*)?"
)
_ABOUT = re.compile(r"[~≈]|ish\b|\b(?:about|around|approx|circa|ca)\b", re.IGNORECASE)
_SHORT = 200
"""Characters of a heading in which a time is looked for."""
_IN_LOG = re.compile(r"\dT\d")
_BOUNDARY = re.compile(r"$|\\$|[\s:,;.\-–—→|*_=)\]}<`(]")


def read_time(text: str) -> Typed | None:
    """Return the day, the time or both that the text begins with, or None. The rest is the text after it."""
    opened = _end(_OPENING, text, 0)
    start = _end(_BRACKETS, text, opened)
    lead = _LEADS.match(text, start)
    position = _end(_BRACKETS, text, lead.end()) if lead else start
    day, position = _day(text, position)
    relative = None if day else RELATIVE.match(text, position)
    if not day:
        position = relative.end() if relative else _end(_DAY_OF_WEEK, text, position)
    is_dated = bool(day or relative)
    clock, after = _clock(text, _end(_JOINER, text, position) if is_dated else position)
    position = _end(_ISH, text, after) if clock else position
    if not clock and not relative and (day is None or day.is_fraction):
        return None
    is_log = bool(clock and (_IN_LOG.search(text, start, position) or _goes_west(text, position)))
    zone, position = _zone(text, position, is_log=is_log)
    if clock and not is_dated:
        day, position = _day_after(text, position)
    elif clock and day and not day.year and (late := _LATE_YEAR.match(text, position)):
        day, position = replace(day, year=int(late[1])), late.end()
    until_day, until, zone, position = _until(text, position, clock, zone)
    if day and not clock:
        until_day, position = _last_day(text, position, day)
        day = replace(day, year=day.year or (until_day.year if until_day else None))
    if not zone and clock:
        zone, position = _zone(text, position, is_log=False)
    if clock:
        position = _after_other_zone(text, position)
    if clock and not until:
        until_day, until, zone, position = _until(text, position, clock, zone)
        position = _after_other_zone(text, position)
    if not _BOUNDARY.match(text, position):
        return None
    raw, rest = _parted(text, opened, position)
    return Typed(
        raw=raw,
        rest=rest,
        day=day,
        clock=_same_half(clock, until),
        until_day=until_day,
        until=until,
        zone=zone,
        days_later=days_later(relative) if relative else None,
        has_lead=bool(relative or (lead and lead[0].strip("~≈@ "))),
        is_about=bool(_ABOUT.search(text, start, position) or _ABOUT.search(text, opened, start)),
    )


def find_day(text: str) -> Day | None:
    """Return the first day that the text names, or None."""
    return find_day_at(text)[0]


def find_day_at(text: str) -> tuple[Day | None, int, int]:
    """Return the first day that the text names, and where it begins and ends; None and 0 without one."""
    for found in _DAY.finditer(text):
        before = text[found.start() - 1] if found.start() else " "
        if (made := _made_day(found)) and not (before.isalnum() or before in "/-."):
            return made, found.start(), found.end()
    return None, 0, 0


def find_time(text: str) -> Typed | None:
    """Return the first time of day anywhere in a short text, with the day beside it, or None."""
    text = text[:_SHORT]
    for found in re.finditer(r"(?<![\w:./-])(?=[\d~{(]|noon|mid)|(?<=\s)(?=[A-Z][a-z]{2})", text):
        typed = read_time(text[found.start() :])
        if typed and typed.clock:
            return typed
    return None


def _parted(text: str, opened: int, end: int) -> tuple[str, str]:
    """Return the time and the rest, without the marks of emphasis around the time."""
    link = _LINK.match(text, end)
    if link and (bracket := text.rfind("[", opened, end)) >= 0:
        # The time is the text of a link, which the rest keeps whole.
        return text[
            bracket + 1 : end
        ], f"{text[bracket : link.end()]} {text[link.end() :].strip()}".strip()
    end = _end(_CLOSERS, text, end)
    marks, closing = text[:opened].strip(), _MARKS.match(text, end)
    rest_at = closing.end() if closing else end
    rest = text[_end(_SEPARATORS, text, rest_at) :]
    is_closed = bool(closing and closing[0]) or (marks and text[opened:end].count(marks) % 2)
    if marks and not is_closed:
        head, mark, tail = rest.partition(marks)
        # "**10:05:** text" closes after the colon, "**10:05 text**" after the words.
        rest = tail.lstrip(" :-–—") if mark and not head.strip() else f"{marks}{rest}"
    return text[opened:end].strip().replace("**", ""), rest.strip()


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _day(text: str, position: int) -> tuple[Day | None, int]:
    found = _DAY.match(text, position)
    made = _made_day(found) if found else None
    return (made, found.end()) if found and made else (None, position)


def _made_day(found: re.Match[str]) -> Day | None:
    swapped = False
    if found["y1"]:
        year, month, day = int(found["y1"]), int(found["m1"]), int(found["d1"])
    elif found["d4"]:
        month, day = int(found["m4"]), int(found["d4"])
        year = int(found["y4"]) if found["y4"] else 0
        year += 2000 if found["y4"] and year < 100 else 0
        if month > 12 >= day:
            month, day = day, month
        swapped = month != day and day <= 12
    elif found["y5"]:
        month, day, year = int(found["n5"]), int(found["n6"]), int(found["y5"])
        # Points are written where the day precedes the month.
        if (found["mark"] == "." and day <= 12) or month > 12:
            month, day = day, month
        swapped = found["mark"] == "-" and month != day and day <= 12
    else:
        named, number = (found["m2"] or found["m3"]), (found["d2"] or found["d3"])
        month, day = month_number(named), int(number)
        year = int(found["y2"] or found["y3"] or 0)
    try:
        date(year or 2000, month, day)
    except ValueError:
        return None
    return Day(
        month=month,
        day=day,
        year=year or None,
        swapped=swapped,
        is_fraction=bool(found["d4"]) and not year,
    )


def _clock(text: str, position: int) -> tuple[Clock | None, int]:
    found = _CLOCK.match(text, position)
    if found is None:
        return None, position
    if found["noon"]:
        hour = 0 if found["noon"].lower() == "midnight" else 12
        return Clock(hour=hour, minute=0, second=0), found.end()
    number = next(n for n in range(1, 8) if found[f"h{n}"])
    groups = found.groupdict()
    half = (groups.get(f"half{number}") or groups.get(f"short{number}") or "")[:1]
    return Clock(
        hour=int(found[f"h{number}"]),
        minute=int(groups.get(f"n{number}") or 0),
        second=int(groups.get(f"s{number}") or 0),
        half=half.lower(),
        is_padded=len(found[f"h{number}"]) == 2,
    ), found.end()


def _zone(text: str, position: int, *, is_log: bool) -> tuple[str, int]:
    """Return the zone that stands here. An offset alone is read only after a time in a log's form."""
    start = _end(_BEFORE_ZONE, text, position)
    found = ZONE.match(text, start)
    if found is None and is_log:
        found = OFFSET.match(text, position)
    if found is None and text[position : position + 1] == "Z":
        found = re.compile(r"Z(?!\w)").match(text, position)
    if found is None and (apart := _OFFSET_APART.match(text, position)):
        return apart[1], apart.end()
    if found is None:
        return "", position
    end = found.end()
    opened = text[position : found.start()].count("(")
    named = "UTC" if found[0].strip() == "Z" else found[0].strip()
    return named, end + 1 if opened and text[end : end + 1] == ")" else end


def _goes_west(text: str, position: int) -> bool:
    """Return whether ``-08:00`` after seconds is an offset rather than the end of a span."""
    found = _OFFSET_WEST.match(text, position)
    hours = _SECONDS.search(text, max(0, position - 20), position)
    before = re.search(r"(\d\d?):\d\d:\d\d", text[max(0, position - 20) : position])
    return bool(found and hours and before and int(found[1]) < int(before[1]))


def _after_other_zone(text: str, position: int) -> int:
    """Return the end of the same time in another zone, such as `` / 18:05 UTC``, if it stands here."""
    joined = _OTHER.match(text, position)
    if joined is None:
        return position
    clock, end = _clock(text, joined.end())
    zone, end = _zone(text, end, is_log=False)
    if not (clock and zone):
        return position
    closes = "(" in joined[0] and text[end : end + 1] == ")"
    return end + 1 if closes else end


def _day_after(text: str, position: int) -> tuple[Day | None, int]:
    """Return the day of ``14:05 on March 3``, ``14:05 2017-03-03`` and ``14:05, March 3``."""
    found = _BEFORE_DAY.match(text, position)
    day, end = _day(text, found.end()) if found else (None, position)
    if found is None or day is None:
        return None, position
    is_sure = day.year or found["sure"] or found["on"]
    return (
        (day, end)
        if is_sure or (found["comma"] and _AFTER_DAY.match(text, end))
        else (None, position)
    )


def _until(
    text: str, position: int, clock: Clock | None, zone: str
) -> tuple[Day | None, Clock | None, str, int]:
    if clock is None:
        return None, None, zone, position
    if tail := _TAIL.match(text, position):
        number = int(tail[1])
        seconds = text[:position].count(":") > 1 and bool(
            re.search(r":\d\d:\d\d$", text[:position])
        )
        end = (
            Clock(hour=clock.hour, minute=clock.minute, second=number, half=clock.half)
            if seconds
            else Clock(hour=clock.hour, minute=number, second=0, half=clock.half)
        )
        if end.at and clock.at and end.at >= clock.at:
            return None, end, zone, tail.end()
    joined = _RANGE.match(text, position)
    if joined is None:
        return None, None, zone, position
    until_day, after = _day(text, joined.end())
    until, end_at = _clock(text, _end(_JOINER, text, after) if until_day else after)
    if until is None or not _BOUNDARY.match(text, end_at):
        return None, None, zone, position
    named, end_at = _zone(text, end_at, is_log=False)
    return until_day, until, zone or named, end_at


def _last_day(text: str, position: int, first: Day) -> tuple[Day | None, int]:
    """Return the last day of a range such as ``March 3 - March 5`` and ``March 12–14, 2025``, or None."""
    joined = _RANGE.match(text, position)
    if joined is None:
        return None, position
    last, end = _day(text, joined.end())
    if last is None and (found := _LAST_DAY.match(text, joined.end())):
        year = int(found["year"]) if found["year"] else first.year
        last, end = Day(month=first.month, day=int(found["day"]), year=year), found.end()
    return (last, end) if last and not last.is_fraction else (None, position)


def _same_half(clock: Clock | None, until: Clock | None) -> Clock | None:
    """Return the start of ``02:00 - 02:30 PM`` in the same half of the day, if it then precedes the end."""
    if clock is None or until is None or clock.half or not until.half or clock.hour > 12:
        return clock
    same = Clock(hour=clock.hour, minute=clock.minute, second=clock.second, half=until.half)
    other = Clock(
        hour=clock.hour,
        minute=clock.minute,
        second=clock.second,
        half="a" if until.half == "p" else "p",
    )
    if same.at and until.at and same.at <= until.at:
        return same
    return other if until.half == "p" else clock
