"""Reads the title, the day and the zone of a report from its front matter, first heading and file name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from bot.reports.outline import name_of
from bot.reports.resolving import Context, day_of
from bot.reports.times import find_day, find_day_at, read_time
from bot.reports.typed import Typed

_LEAD = re.compile(
    r"\s*(?:incident|outage|post-?mortem|after-?action)(?:\s+(?:report|date))?(?:\s+(?:for|of|on))?"
    r"[\s:,–—-]+(?=\S)",
    re.IGNORECASE,
)
_TO = re.compile(r"^(?:to|until|through)\s+", re.IGNORECASE)
_SEPARATORS = " \t-–—,:;|"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PLACEHOLDER = re.compile(r"^\{\{[^{}]*\}\}\s*[,–—-]\s*(?=\S)")
_PAGE = re.compile(r"post-?mortem report - (?P<title>.+) - pagerduty\b", re.IGNORECASE)
_STATUS = re.compile(r"Status: ?(?:Draft|Reviewed|In review|Closed)\b", re.IGNORECASE)
_TOP = 40
"""Lines in which a pager's title is looked for."""
_BEYOND = timedelta(days=7)
_LIMIT = 300
"""Characters of a title in which a day is looked for."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """What a report says of itself at its top.

    Attributes:
        written: the first heading as written, empty if there is none.
        day: the day of the incident, as far as the top of the report says it.
        name_date: the day in the file's name.
        is_more_than_title: the heading has words that are neither the title nor the date.
        other_words: the front matter's other texts, in which a year may be named.
    """

    title: str
    written: str
    day: date | None
    name_date: date | None
    zone: str
    is_comma: bool = False
    is_more_than_title: bool = False
    other_words: str = ""


def pager_title(lines: Sequence[str]) -> str:
    """Return the title of a pager's post-mortem that was copied as text, empty if it is none.

    It is in the name of the page or, without it, in the line above the status.
    """
    top = [line.strip() for line in lines[:_TOP] if line.strip()]
    if top and (page := _PAGE.match(top[0])):
        return page["title"]
    status = next((index for index, line in enumerate(top) if _STATUS.match(line)), 0)
    return top[status - 1] if status else ""


def typed_day(text: str) -> Typed | None:
    """Return the day that a short text begins with or contains."""
    day = find_day(text)
    return Typed(raw=text, rest="", day=day) if day else None


def day_near(text: str, near: date) -> date | None:
    """Return the first day that a text names, if it is within a week of another."""
    day = find_day(text[:2000])
    if day is None:
        return None
    context = Context(report_date=near, day=near)
    context.see_day(day)
    return context.day if context.day and abs(context.day - near) <= _BEYOND else None


def heading(matter: Mapping[str, Any], written: str, path: str) -> Heading:
    """Return the title and date; front matter precedes the first heading, and that the file's name."""
    written = name_of(written)
    stem = PurePosixPath(path.replace("\\", "/")).stem
    name_date = day_of(find_day(stem[:10]))
    title, day, zone, is_comma = _split(written)
    matter_day = _matter_date(matter.get("date"))
    matter_title = words_of(matter.get("title"))
    shown = matter_title or title
    _title, title_day, title_zone, _comma = _split(matter_title)
    if not shown and not written:
        shown = words_of(matter.get("name")) or _from_name(stem)
    others = written.replace(title, "", 1) if title else written
    others = others.replace(day.isoformat(), "", 1) if day else others
    return Heading(
        title=shown or written,
        written=written,
        day=matter_day or day or title_day or name_date,
        name_date=name_date,
        zone=zone or title_zone,
        is_comma=is_comma,
        is_more_than_title=bool(others.strip(_SEPARATORS)) or (title != shown and bool(title)),
        other_words=f"{words_of(matter.get('name'))} {words_of(matter.get('about'))}",
    )


def dated_in(found: Iterable[Typed | None], years: Collection[int] = ()) -> date | None:
    """Return the first day with its year among typed times, or None.

    If the report speaks of one year only, a day without a year is one of it.
    """
    days = (typed.day for typed in found if typed and typed.day)
    if len(years) == 1:
        days = (replace(day, year=day.year or next(iter(years))) for day in days)
    return next(filter(None, map(day_of, days)), None)


def years_in(head: Heading, path: str) -> set[int]:
    """Return the years that the title, the front matter and the file's name speak of."""
    stem = PurePosixPath(path.replace("\\", "/")).stem
    said = f"{head.title} {head.written} {head.other_words} {stem}"
    return {int(year) for year in _YEAR.findall(said[:_LIMIT])}


def _split(text: str) -> tuple[str, date | None, str, bool]:
    """Return a heading's title, its day and zone, and whether a comma separates them."""
    if not text or len(text) > _LIMIT:
        return text, None, "", False
    lead = _LEAD.match(text)
    rest = text[lead.end() :] if lead else text
    typed = read_time(rest)
    if typed and typed.day and typed.rest and (day := day_of(typed.day)):
        comma = rest[len(typed.raw) :].lstrip().startswith(",")
        shown = typed.rest.strip(_SEPARATORS)
        until = read_time(_TO.sub("", typed.rest))
        if until and until.day and until.rest:
            # "2018-07-08 to 2018-07-10, Title"
            comma = comma or "," in rest[: -len(until.rest)]
            shown = until.rest.strip(_SEPARATORS)
        return shown, day, typed.zone, comma
    if found := _PLACEHOLDER.match(text):
        return text[found.end() :], None, "", "," in found[0]
    named, start, end = find_day_at(rest)
    day = day_of(named)
    if day and start and not rest[end:].strip(_SEPARATORS + ")"):
        return rest[:start].rstrip(_SEPARATORS + "("), day, "", False
    return text, day, "", False


def _matter_date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return day_of(find_day(value[:40])) if isinstance(value, str) else None


def words_of(value: Any) -> str:
    """Return a text of the front matter on one line, empty if it isn't one."""
    return " ".join(str(value).split()) if isinstance(value, str | int | float) else ""


def _from_name(stem: str) -> str:
    """Return the words of a file's name after its date: ``2018-01-26-hub-slow`` gives ``hub slow``."""
    return re.sub(r"^\d{4}-\d{1,2}-\d{1,2}-?", "", stem).replace("-", " ").replace("_", " ").strip()
