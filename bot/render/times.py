"""The words for a time or a span: in the team's zone for the report, in the reader's in Slack."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.report_form import Clock, Dates, TimeStyle
from bot.domain.typed_time import TypedTime, Unit, other_occurrence, other_season, zone_name
from bot.render.text import cut, escape, when

USUAL = TimeStyle()
_HALF_DAY = timedelta(hours=12)


def during(time: TypedTime, zone: ZoneInfo) -> str:
    """Return a time or a span that Slack shows in each reader's zone, or a day of the team's zone."""
    about = "about " if time.is_about else ""
    if not time.unit.has_clock:
        until = time.until.astimezone(zone) if time.until else None
        return about + _days(time.at.astimezone(zone), until, time.unit, USUAL)
    if time.until is None:
        return f"{about}{when(time.at)}"
    if time.until - time.at >= _HALF_DAY:
        return f"{about}{when(time.at)} – {when(time.until)}"
    fallback = time.until.astimezone(UTC).strftime("%H:%M UTC")
    return f"{about}{when(time.at)} – <!date^{int(time.until.timestamp())}^{{time}}|{fallback}>"


def clocks(
    at: datetime,
    until: datetime | None,
    *,
    is_about: bool = False,
    unit: Unit = Unit.MINUTE,
    day: bool = False,
    zone: bool = False,
    style: TimeStyle = USUAL,
) -> str:
    """Return local times as ``about 16:06 – 16:16``, with the ``day`` and the ``zone`` on request.

    The end has its day if it is another one, and both have their zones if DST changes in between. Days and
    months are written as such.
    """
    if not unit.has_clock:
        return style.about * is_about + _days(at, until, unit, style)
    seconds = unit is Unit.SECOND and style.has_seconds
    text = _day_before(at, style) * day + _clock(at, style, seconds=seconds)
    if until is not None:
        changes = zone_name(until) != zone_name(at)
        text += f" {zone_name(at)}" if changes else ""
        text += style.span + _day_before(until, style) * (until.date() != at.date())
        text += _clock(until, style, seconds=seconds)
        zone, at = zone or changes, until
    return style.about * is_about + text + (f" {zone_name(at)}" if zone else "")


def day_words(day: date, style: TimeStyle = USUAL) -> str:
    """Return a day as ``2017-02-23`` or ``February 23, 2017``."""
    iso = f"{day.year:04d}-{day:%m-%d}"
    return iso if style.dates is Dates.ISO else f"{day:%B} {day.day}, {day.year}"


def _days(first: date, last: date | None, unit: Unit, style: TimeStyle) -> str:
    """Return days as ``2024-03-06 – 2024-03-10``, months as ``February – March 2024``."""
    if unit is Unit.MONTH:
        words, year = f"{first:%B}", f" {first.year:04d}"
        end = f"{last:%B} {last.year:04d}" if last else ""
        is_shared = last is not None and last.year == first.year
    else:
        words, end = day_words(first, style), day_words(last, style) if last else ""
        year, is_shared = "", False
    return f"{words}{'' if is_shared else year}{style.span}{end}" if last else words + year


def _day_before(at: datetime, style: TimeStyle) -> str:
    return day_words(at, style) + (" " if style.dates is Dates.ISO else ", ")


def _clock(at: datetime, style: TimeStyle, *, seconds: bool) -> str:
    """Return a time of day as ``21:10``, ``9:10 PM`` or ``9:10p``."""
    tail = f":{at:%M:%S}" if seconds else f":{at:%M}"
    if style.clock is Clock.H24:
        return f"{at:%H}{tail}"
    half = "AM" if at.hour < 12 else "PM"
    ending = f" {half}" if style.clock is Clock.H12 else half[0].lower()
    return f"{at.hour % 12 or 12}{tail}{ending}"


def months(first: date, last: date) -> str:
    """Return the months of a period: ``Feb 2024``, ``Feb-Mar 2024`` or ``Dec 2023-Jan 2024``."""
    if (first.year, first.month) == (last.year, last.month):
        return f"{last:%b %Y}"
    return f"{first:%b}-{last:%b %Y}" if first.year == last.year else f"{first:%b %Y}-{last:%b %Y}"


def understood(time: TypedTime, zone: ZoneInfo) -> str:
    """Return how a typed time was understood, what was typed, and how to write another time it may mean."""
    at, until = time.at.astimezone(zone), time.until and time.until.astimezone(zone)
    shown = clocks(at, until, is_about=time.is_about, unit=time.unit, day=True, zone=True)
    typed = f", from “{escape(cut(time.typed, 120))}”" if time.typed else ""
    if not time.unit.has_clock:
        return f"{shown}{typed}."
    seconds = time.unit is Unit.SECOND
    said = f"{shown} ({during(time, zone)} for you){typed}."
    if season := other_season(time, zone):
        said += f" The team's zone was on {season} then, not on {escape(time.zone)}."
    sides = () if time.zone else (time.at, time.until or time.at)
    if other := next(filter(None, (other_occurrence(side, zone) for side in sides)), None):
        clock = other.strftime("%H:%M:%S%z" if seconds else "%H:%M%z")
        written = f"{other.year:04d}-{other:%m-%d} {clock}"
        said += f" That time occurred twice (DST). For {other.tzname()}, write `{written}`."
    return said


def warned(distance: timedelta | None) -> str:
    """Return a warning about a time that is far from all others, or an empty string."""
    if distance is None:
        return ""
    days = round(distance / timedelta(days=1))
    unit = "day" if days == 1 else "days"
    return f"\n⚠️ That is {days} {unit} from the nearest other entry. Check the date."


def weekday_words(day: date) -> str:
    """Return a day with its weekday, such as Tue 1 Dec 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}"
