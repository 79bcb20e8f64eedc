"""Reads who owns a typed action item and until when, at the end of its text.

What isn't read as a whole stays part of the text: “document when certificates are due” has no due date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.time_grammar import MONTH, WEEKDAYS, month_number

_MONTH = rf"(?P<month>{MONTH})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s*(?P<year>20\d\d))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?P<year>20\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        rf"{_MONTH}\s+{_DAY}{_YEAR}",
        rf"{_DAY}\s+{_MONTH}{_YEAR}",
    )
)
_FIGURES = re.compile(r"(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>20\d\d)")
_AFTER = re.compile(r"in\s+(?P<number>\d{1,3}|a)\s+(?P<unit>day|week)s?", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"(?:next\s+)?(?P<name>mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?",
    re.IGNORECASE,
)
_DUE = re.compile(r"(?:^|\s)due\s+(?:on\s+|by\s+)?(?P<day>[^<>]{2,30})$", re.IGNORECASE)
_OWNER = re.compile(r"(?:^|\s)(?:for\s+)?<@(?P<user>[UW][A-Z0-9]+)(?:\|[^<>]*)?>$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """A typed action item without what was read at its end. ``owner`` is a Slack user id or empty."""

    text: str
    owner: str = ""
    due_on: date | None = None


def assigned(text: str, *, today: date, order: str = "") -> Assigned:
    """Return the text, and the owner and due date that it ends with, in either order."""
    rest, owner, due_on = text.strip(), "", None
    while True:
        if not owner and (found := _OWNER.search(rest)):
            owner = found["user"]
        elif (
            due_on is None
            and (found := _DUE.search(rest))
            and (day := due_day(found["day"], today=today, order=order))
        ):
            due_on = day
        else:
            return Assigned(text=rest, owner=owner, due_on=due_on)
        rest = rest[: found.start()].rstrip().removesuffix(",")


def due_day(text: str, *, today: date, order: str = "") -> date | None:
    """Return the day that a text means, today or later unless its year is written; None if it is none.

    ``order`` is that of days in figures, ``mdy`` or ``dmy``.
    """
    words = " ".join(text.lower().split())
    if words in ("today", "tomorrow"):
        return today + timedelta(days=words == "tomorrow")
    if found := _AFTER.fullmatch(words):
        number = 1 if found["number"] == "a" else int(found["number"])
        return today + timedelta(days=number * (7 if found["unit"] == "week" else 1))
    if found := _WEEKDAY.fullmatch(words):
        ahead = (WEEKDAYS.index(found["name"][:3]) - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    if order and (found := _FIGURES.fullmatch(words)):
        first, second = int(found["first"]), int(found["second"])
        month, day = (first, second) if order == "mdy" else (second, first)
        return _date(int(found["year"]), month, day)
    for form in _FORMS:
        if found := form.fullmatch(words):
            name = found["month"]
            month = int(name) if name.isdecimal() else month_number(name)
            return _day(found["year"], month, int(found["day"]), today)
    return None


def _day(year: str | None, month: int, day: int, today: date) -> date | None:
    if year:
        return _date(int(year), month, day)
    this_year = _date(today.year, month, day)
    return this_year if this_year and this_year >= today else _date(today.year + 1, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
