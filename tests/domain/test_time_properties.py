"""Properties of the reader of typed times: what is written is read back, one error, nothing in the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.time_parsing import SKEW, Reader
from bot.domain.time_zones import KNOWN, UNKNOWN
from bot.domain.typed_time import TypedTime, Unit, written
from bot.errors import UserError
from bot.render.times import clocks

ZONES = st.sampled_from(
    [
        ZoneInfo(name)
        for name in (
            *("UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"),
            *("America/St_Johns", "Pacific/Auckland", "Africa/Casablanca", "Asia/Kathmandu"),
        )
    ]
)
NOWS = st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ORDERS = st.sampled_from(["", "mdy", "dmy"])
WORDS = """
10:05 23:50 0:10 02:30 2pm 5.50am 12:29p 16:05:57 24:00 - – -- to and between from ~ about at on ,
today yesterday Monday Jan 21 2022 21st 2017-02-24 01/21/2022 1/2 T Z EST PST CST UTC +02:00 -07:00
-0700 -58 AM pm a x . : ( ) {{ }} Europe/Berlin UTC-7 20170224T051057Z 24/Feb/2017: Feb 29
"""
PARTS = st.lists(
    st.sampled_from(WORDS.split()),
    max_size=7,
)
TEXTS = st.one_of(
    st.builds(lambda parts, gap: gap.join(parts), PARTS, st.sampled_from([" ", "", "  "])),
    st.text(alphabet="0123456789:-./ +~apmtzTZ,", max_size=25),
    st.text(max_size=40),
)


@st.composite
def typed_times(draw: st.DrawFn) -> tuple[TypedTime, Reader]:
    """A time or a span in the past, and a reader that may read it."""
    now, zone = draw(NOWS), draw(ZONES)
    reader = Reader(zone=zone, now=now, order=draw(ORDERS))
    if draw(st.booleans()):
        return draw(days(now, zone)), reader
    has_seconds = draw(st.booleans())
    precision = Unit.SECOND if has_seconds else Unit.MINUTE
    unit = timedelta(seconds=1) if has_seconds else timedelta(minutes=1)
    most = timedelta(days=4000) // unit
    back = draw(st.one_of(st.integers(1, most), st.integers(1, timedelta(days=2) // unit)))
    until = now.replace(microsecond=0, second=now.second if has_seconds else 0)
    length = draw(st.one_of(st.just(0), st.integers(1, back)))
    at = until - back * unit
    end = at + length * unit if length else None
    time = TypedTime(at=at, until=end, is_about=draw(st.booleans()), unit=precision)
    return time, reader


@st.composite
def days(draw: st.DrawFn, now: datetime, zone: ZoneInfo) -> TypedTime:
    """A day, a month, or a span of them."""
    precision = draw(st.sampled_from([Unit.DAY, Unit.MONTH]))
    today = now.astimezone(zone).date()
    found = {today - timedelta(days=draw(st.integers(0, 4000))) for _ in range(2)}
    if precision is Unit.MONTH:
        found = {day.replace(day=1) for day in found}
    at, until = (
        datetime.combine(day, datetime.min.time(), tzinfo=zone).astimezone(UTC)
        for day in (min(found), max(found))
    )
    end = until if until > at else None
    return TypedTime(at=at, until=end, is_about=draw(st.booleans()), unit=precision)


@settings(max_examples=100, deadline=None)
@given(typed_times())
def test_what_is_written_is_read_back(made: tuple[TypedTime, Reader]) -> None:
    time, reader = made
    text = written(time, reader.zone)
    back = reader.time(text)
    assert (back.at, back.until, back.is_about, back.unit) == (
        *(time.at, time.until, time.is_about, time.unit),
    )
    at, until = (one and one.astimezone(reader.zone) for one in (time.at, time.until))
    assert at is not None
    heading = clocks(at, until, is_about=time.is_about, unit=time.unit, day=True, zone=True)
    back_too = reader.time(heading)
    assert (back_too.at, back_too.until, back_too.is_about) == (time.at, time.until, time.is_about)
    noted, rest = reader.note(f"at {text} the proxy died")
    assert noted == back
    assert rest == "the proxy died"


@settings(max_examples=200, deadline=None)
@given(TEXTS, ZONES, NOWS, ORDERS)
@example("~" * 200, ZoneInfo("UTC"), datetime(2026, 1, 1, tzinfo=UTC), "")
def test_any_text_is_a_time_of_the_past_or_the_one_error(
    text: str, zone: ZoneInfo, now: datetime, order: str
) -> None:
    reader = Reader(zone=zone, now=now, order=order)
    for read in (reader.time, lambda text: reader.note(f"at {text}")[0]):
        try:
            time = read(text)
        except UserError as exc:
            assert "\n" not in str(exc)
            continue
        if time is not None:
            assert time.at <= now + SKEW
            assert time.until is None or time.at < time.until <= now + SKEW
            again = Reader(zone=zone, now=now).time(written(time, zone))
            assert (again.at, again.until) == (time.at, time.until)
    reader.opening(text)


@pytest.mark.parametrize("name", [*KNOWN, *sorted(UNKNOWN & {"CST", "IST"})])
def test_an_abbreviation_is_known_if_the_tz_database_has_one_meaning(name: str) -> None:
    meanings = _meanings()[name] - {"PST": {8}, "CDT": {-4}}.get(name, set())  # Manila, Havana
    assert (meanings == {KNOWN[name]}) if name in KNOWN else len(meanings) > 1


def _meanings(found: dict[str, set[float]] = {}) -> dict[str, set[float]]:  # noqa: B006
    """Return the hours from UTC of each abbreviation since 2020; computed once."""
    moments = [
        datetime(2020 + year, month, 15, tzinfo=UTC) for year in range(7) for month in (1, 7)
    ]
    for zone in map(ZoneInfo, [] if found else sorted(available_timezones())):
        for local in (moment.astimezone(zone) for moment in moments):
            offset = local.utcoffset() or timedelta(0)
            found.setdefault(local.tzname() or "", set()).add(offset / timedelta(hours=1))
    return found
