"""The words that times are written in, for every reader of times: months, weekdays, halves of the day.

``bot.domain.time_words`` reads what people type and refuses what it can't read as a whole;
``bot.reports.times`` reads what was published and keeps what it can't read. Both take these words from here.
"""

from __future__ import annotations

import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])\.?"
)
"""A month's name, maybe cut, with the point of an abbreviation."""
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nes(?:day)?)?|thu(?:r?s(?:day)?)?|fri(?:day)?|"
    r"sat(?:ur(?:day)?)?|sun(?:day)?)(?![\w'])\.?"
)
ORDINAL = rf"(?:st|nd|rd|th|\.(?=\s+{MONTH}(?:,|\s+\d|\s*$)))?"
"""What may follow the number of a day: ``3rd March``, ``19. April, 11:00``."""
PM = r"[ap]\.?\s?m\b\.?"
"""``pm``, ``p.m.``. Its first letter is the half of the day."""

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven")
RELATIVE = re.compile(
    rf"""(?:on\s+)?(?:
      (?P<next>(?:the\s+)?(?:next|following)\s+(?:day|morning|afternoon|evening))
    | (?P<same>(?:later\s+)?(?:the\s+same|that|same)\s+(?:day|morning|afternoon|evening)|today)
    | (?P<before>yesterday|(?:the\s+)?previous\s+day)
    | (?P<count>\d{{1,2}}|{"|".join(_NUMBERS)})\s+days?\s+later
    )(?![\w'])""",
    re.VERBOSE | re.IGNORECASE,
)
"""A day counted from another: ``the next day``, ``two days later``, ``yesterday``."""


def month_number(name: str) -> int:
    """Return the number of a month from 1, by its name or the beginning of it."""
    return MONTHS.index(name[:3].lower()) + 1


def days_later(found: re.Match[str]) -> int:
    """Return how many days after another a match of ``RELATIVE`` is; ``yesterday`` is -1."""
    if count := found["count"]:
        return int(count) if count.isdigit() else _NUMBERS.index(count.lower()) + 1
    return 1 if found["next"] else -1 if found["before"] else 0


def hour_of_day(hour: int, half: str) -> int | None:
    """Return the hour of the day from 0 to 24, None if there is no such hour.

    ``half`` is ``a``, ``p`` or empty. 17 pm is 17, and 0 am is 0.
    """
    if hour > 24 or (half == "a" and hour > 12) or (half == "p" and hour == 0):
        return None
    if not half or hour > 12 or hour == 0:
        return hour
    return hour % 12 + (12 if half == "p" else 0)
