"""Reading typed times: wholly or not at all, in the team's zone, never in the future."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.time_parsing import Reader
from bot.domain.typed_time import TypedTime, Unit, other_occurrence, written
from bot.errors import UserError

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2017, 2, 24, 6, 30, tzinfo=UTC)
"""22:30 on Thursday 23 February in California."""
LATER = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
"""12:00 on a Saturday in California."""


def read(text: str, zone: ZoneInfo = PACIFIC, now: datetime = NOW, order: str = "") -> TypedTime:
    return Reader(zone=zone, now=now, order=order).time(text)


def shown(text: str, zone: ZoneInfo = PACIFIC, now: datetime = NOW, order: str = "") -> str:
    """Return the time as it is written in the team's zone."""
    return written(read(text, zone, now, order), PACIFIC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21:10", "2017-02-23 21:10"),
        ("21:10:57", "2017-02-23 21:10:57"),
        ("9:05", "2017-02-23 09:05"),
        ("23:00", "2017-02-22 23:00"),  # later than now, so yesterday
        ("2017-02-23 21:10:57", "2017-02-23 21:10:57"),
        ("2017-02-23T21:10:57", "2017-02-23 21:10:57"),
        ("2017-2-3 21:10", "2017-02-03 21:10"),
        ("2017/02/23 21:10:57", "2017-02-23 21:10:57"),
        ("2016-07-01 12:00", "2016-07-01 12:00"),  # DST
        ("22:31", "2017-02-23 22:31"),  # a minute ahead: clock skew
        ("9:06a", "2017-02-23 09:06"),
        ("9:06 pm", "2017-02-23 21:06"),
        ("9:06 P.M.", "2017-02-23 21:06"),
        ("12:25:59 AM", "2017-02-23 00:25:59"),
        ("0:25:59 AM", "2017-02-23 00:25:59"),
        ("12:29p", "2017-02-23 12:29"),
        ("2pm", "2017-02-23 14:00"),
        ("2 p.m.", "2017-02-23 14:00"),
        ("17:25 PM", "2017-02-23 17:25"),
        ("5.50am", "2017-02-23 05:50"),
        ("yesterday 23:10", "2017-02-22 23:10"),
        ("yesterday at 11:10 PM", "2017-02-22 23:10"),
        ("today 14:05", "2017-02-23 14:05"),
        ("14:05 yesterday", "2017-02-22 14:05"),
        ("Monday 14:05", "2017-02-20 14:05"),
        ("Thursday 23:10", "2017-02-16 23:10"),  # not of today, which is in the future
        ("Jan 21 2017 12:15", "2017-01-21 12:15"),
        ("January 21st, 2017, 12:15 PM", "2017-01-21 12:15"),
        ("21 January 12:15", "2017-01-21 12:15"),
        ("21st of Jan. 2016 at 12:15", "2016-01-21 12:15"),
        ("Dec 24 12:15", "2016-12-24 12:15"),
        ("Feb 29 12:15", "2016-02-29 12:15"),
        ("14:05 on Jan 21", "2017-01-21 14:05"),
        ("Saturday, January 21, 2017, 12:15", "2017-01-21 12:15"),
        ("2017-01-21 - 12:15", "2017-01-21 12:15"),
        ("Jan 21, 2017 – 12:15", "2017-01-21 12:15"),
        ("at 14:05.", "2017-02-23 14:05"),
        # As published reports have them.
        ("2016-10-10 9:06a", "2016-10-10 09:06"),
        ("2016-10-10 10:45a", "2016-10-10 10:45"),
        ("March 6 2016 22:59", "2016-03-06 22:59"),
        ("March 22, around 19:30", "about 2016-03-22 19:30"),
        ("March 20, 12:44", "2016-03-20 12:44"),
        ("May 1 2016, 3:18 PM", "2016-05-01 15:18"),
        ("July 11, 2016, 12:42 PM", "2016-07-11 12:42"),
        ("{{ 06:10 }}", "2017-02-23 06:10"),
        ("{{ 2017-01-20 Between 02:00 and 02.30 PM }}", "2017-01-20 14:00 - 14:30"),
        ("2016-11-30 16:22 PST", "2016-11-30 16:22"),
        ("2016-12-04 11:14 PM", "2016-12-04 23:14"),
    ],
)
def test_a_time(text: str, moment: str) -> None:
    assert shown(text) == moment
    assert read(text).typed == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("14:05 EST", "2017-02-23 11:05"),
        ("14:05 est", "2017-02-23 11:05"),
        ("14:05 PST", "2017-02-23 14:05"),
        ("14:05PST", "2017-02-23 14:05"),
        ("14:05 (PST)", "2017-02-23 14:05"),
        ("July 5 2016 14:05 PDT", "2016-07-05 14:05"),
        (
            "July 5 2016 14:05 PST",
            "2016-07-05 15:05",
        ),  # many write PST in summer; the answer shows it
        ("July 5 2016 14:05 PT", "2016-07-05 14:05"),
        ("July 5 2016 14:05 PST (UTC-7)", "2016-07-05 14:05"),
        ("14:05 Pacific time", "2017-02-23 14:05"),
        ("23:05 Europe/Berlin", "2017-02-23 14:05"),
        ("23:05 CET", "2017-02-23 14:05"),
        ("July 5 2016 12:42 PM BST", "2016-07-05 04:42"),
        ("07:00 UTC", "2017-02-22 23:00"),  # later than now, so yesterday
        ("05:10 UTC+2", "2017-02-23 19:10"),
        ("05:10 GMT", "2017-02-23 21:10"),
        ("05:10z", "2017-02-23 21:10"),
        ("14:05+02:00", "2017-02-23 04:05"),
        ("14:05 +02:00", "2017-02-23 04:05"),
        ("14:05-0700", "2017-02-23 13:05"),
        ("14:05-07:00", "2017-02-23 13:05"),  # 17 hours are no span
        ("2017-02-24T05:10:57Z", "2017-02-23 21:10:57"),
        ("2017-02-24T05:10:57.123456Z", "2017-02-23 21:10:57"),
        ("2017-02-24 05:10:57,123 UTC", "2017-02-23 21:10:57"),
        ("2017-02-24T06:10:57+01:00", "2017-02-23 21:10:57"),
        ("2017-02-23T08:10-09:00", "2017-02-23 09:10"),
        ("2017-02-23 08:10:57-09:00", "2017-02-23 09:10:57"),
        ("2017-02-23 08:10:57-09", "2017-02-23 09:10:57"),
        ("2017-02-24 05:10:57.123 +0000 UTC", "2017-02-23 21:10:57"),
        ("2017-02-23 05:10:57 -0800 PST", "2017-02-23 05:10:57"),
        ("20170224T051057Z", "2017-02-23 21:10:57"),
        ("24/Feb/2017:05:10:57 +0000", "2017-02-23 21:10:57"),
        ("[23/Feb/2017:05:10:57 -0800]", "2017-02-23 05:10:57"),
        ("Sat Jan 21 12:15:00 PST 2017", "2017-01-21 12:15:00"),
    ],
)
def test_a_time_in_a_zone(text: str, moment: str) -> None:
    assert shown(text) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10:05-10:20", "2017-02-23 10:05 - 10:20"),
        ("10:00-11:00", "2017-02-23 10:00 - 11:00"),  # -11:00 is an offset, too
        ("16:34 - 16:49", "2017-02-23 16:34 - 16:49"),
        ("16:34–16:49", "2017-02-23 16:34 - 16:49"),
        ("16:34—16:49", "2017-02-23 16:34 - 16:49"),
        ("16:34 to 16:49", "2017-02-23 16:34 - 16:49"),
        ("from 16:34 until 16:49", "2017-02-23 16:34 - 16:49"),
        ("16:05:57-58", "2017-02-23 16:05:57 - 16:05:58"),
        ("16:05-20", "2017-02-23 16:05 - 16:20"),
        ("Between 02:00 and 02.30 PM", "2017-02-23 14:00 - 14:30"),
        ("between ~4pm and ~5:15pm", "about 2017-02-23 16:00 - 17:15"),
        ("2-3pm", "2017-02-23 14:00 - 15:00"),
        ("10 - 11:30 am", "2017-02-23 10:00 - 11:30"),
        ("11 to 1pm", "2017-02-23 11:00 - 13:00"),
        ("11:30 - 12:30 PM", "2017-02-23 11:30 - 12:30"),
        ("11 AM - 1:15", "2017-02-23 11:00 - 13:15"),
        ("2017-02-09 00:25 - 00:29 AM", "2017-02-09 00:25 - 00:29"),
        ("12:43 - 12:49", "2017-02-23 12:43 - 12:49"),
        ("16:54:15 - 17:15:31", "2017-02-23 16:54:15 - 17:15:31"),
        ("~16:06", "about 2017-02-23 16:06"),
        ("~16:06:00 - 16:16:00", "about 2017-02-23 16:06:00 - 16:16:00"),
        ("≈ 16:06", "about 2017-02-23 16:06"),
        ("around 16:06", "about 2017-02-23 16:06"),
        ("approx. 16:06 - 16:10", "about 2017-02-23 16:06 - 16:10"),
        ("16:16 - 16:49 EST", "2017-02-23 13:16 - 13:49"),
        ("16:16 EST - 13:49 PST", "2017-02-23 13:16 - 13:49"),
        ("16:16 UTC-16:49", "2017-02-23 08:16 - 08:49"),
        ("10:05-10:20 on Jan 21", "2017-01-21 10:05 - 10:20"),
        ("23:50 - 00:10", "2017-02-22 23:50 - 2017-02-23 00:10"),
        ("2017-02-20 23:50 - 00:10", "2017-02-20 23:50 - 2017-02-21 00:10"),
        ("23:50 - 00:10 on Feb 21", "2017-02-20 23:50 - 2017-02-21 00:10"),
        ("Jan 20 2017 08:00 - Jan 22 2017 00:10", "2017-01-20 08:00 - 2017-01-22 00:10"),
        ("2017-02-20 10:00-10:20", "2017-02-20 10:00 - 10:20"),
    ],
)
def test_a_span_or_about(text: str, moment: str) -> None:
    assert shown(text) == moment


@pytest.mark.parametrize(
    ("order", "text", "moment"),
    [
        ("mdy", "01/21/2022 12:15", "2022-01-21 12:15"),
        ("mdy", "1/2/22 12:15", "2022-01-02 12:15"),
        ("mdy", "12:15 on 1/2/2022", "2022-01-02 12:15"),
        ("mdy", "1/2 12:15", "2026-01-02 12:15"),
        ("dmy", "21/01/2022 12:15", "2022-01-21 12:15"),
        ("dmy", "1/2/2022 12:15", "2022-02-01 12:15"),
        ("dmy", "1.2.2022 12:15", "2022-02-01 12:15"),
    ],
)
def test_a_day_in_figures_is_read_in_the_teams_order(order: str, text: str, moment: str) -> None:
    assert shown(text, now=LATER, order=order) == moment


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("25:00", "isn't a valid date or time"),
        ("12:60", "isn't a valid date or time"),
        ("2017-02-30 12:00", "isn't a valid date or time"),
        ("Feb 30 12:00", "isn't a valid date or time"),
        ("2017-13-01 12:00", "isn't a valid date or time"),
        ("0000-01-01 12:00", "isn't a valid date or time"),
        ("14:05 am", "isn't a valid date or time"),
        ("0:30 pm", "isn't a valid date or time"),
        ("0001-01-01 00:00", "isn't a valid date or time"),
        ("9999-12-31 23:59", "in the future|isn't a valid"),
        ("noon", "is not a time"),
        ("", "is not a time"),
        ("12", "is not a time"),
        ("14.05", "is not a time"),
        ("between 14:05", "is not a time"),
        ("1-2 12:00", "is not a time"),
        ("21:10:57x", "“x” in “21:10:57x” can't be read"),
        ("14:05 today or so", "“or so” in"),
        ("14:05 15:05", "“15:05” in"),
        ("07:00 UTC PST", "“PST” in"),
        ("14:05 PST - soon", "“- soon” in"),
        ("10:05-10:20-10:30", "“-10:30” in"),
        ("about 3/4 14:05", "“3/4” can be two days"),
        ("01/21/2022 12:15", "“01/21/2022” can be two days"),
        ("yesterday evening", "“evening” in"),
        ("Feb 7 - Feb 10 12:00", "on one side only"),
        ("Feb 7 12:00 - Feb 10", "on one side only"),
        ("Feb 7 - March 2016", "on one side only"),
        ("Feb 10 - 7", "ends before it begins"),
        ("Feb 22 - 29", "isn't a valid"),
        ("Feb 22 - 27", "in the future"),
        ("March 2017", "in the future"),
        ("Feb", "is not a time"),
        ("Feb 7 PST", "“PST” in"),
        ("from Feb 7", "is not a time"),
        ("Fri Jan 21 2017 12:15", "is not on that day of the week"),
        ("2017-02-24 12:00", "in the future"),
        ("2017-02-24T12:00Z", "in the future in UTC"),
        ("21:00 - 23:00", "in the future"),
        ("2016-03-13 02:30", "does not exist"),
        ("2016-03-13 01:30 - 02:30", "does not exist"),
        ("23:21-21:31", "ends before it begins"),
        ("16:49 - 16:49", "ends before it begins"),
        ("2017-02-20 12:00 - 2017-02-19 12:00", "ends before it begins"),
        ("14:05 CST", "“CST” means several time zones"),
        ("14:05 EST (UTC+2)", "names two different time zones"),
        ("14:05 Europe/Atlantis", "is not a time zone"),
        ("21:10+99:00", "“\\+99:00” is not a time zone"),
        ("21:10-0720", "“-0720” is not a time zone"),
        ("22:30-07:00", "can be a span or have an offset"),
        ("2017-02-20 10:00-11:00", "can be a span or have an offset"),
        ("16:05-08", "can be a span or have an offset"),
        ("2017-02-20 08:10:03-09", "can be a span or have an offset"),
        ("16:05 EST-20", "“-20” in"),
        ("9:30-11", "can be a span or have an offset"),
        ("16:34-07", "can be a span or have an offset"),
        ("x" * 500, "“x+…” is not a time"),
    ],
)
def test_what_is_no_time_is_told_in_one_sentence(text: str, say: str) -> None:
    with pytest.raises(UserError, match=say) as told:
        read(text, ZoneInfo("Europe/Berlin") if text.startswith("0001") else PACIFIC)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 300


def test_a_zone_of_the_team_has_its_own_meaning() -> None:
    """CST is refused elsewhere; PST is Manila's in Manila."""
    for zone, text, at in [
        ("America/Chicago", "00:10 CST", "06:10"),
        ("Asia/Shanghai", "14:10 CST", "06:10"),
        ("Asia/Manila", "14:10 PST", "06:10"),
        ("Europe/Dublin", "Jul 5 2016 14:10 IST", "13:10"),
    ]:
        assert f"{read(text, ZoneInfo(zone)).at:%H:%M}" == at


@pytest.mark.parametrize(
    ("text", "now", "moment"),
    [
        ("2017-11-05 01:30", "2017-11-06 00:00", "2017-11-05 09:30"),
        ("2017-11-05 01:30", "2017-11-05 09:00", "2017-11-05 08:30"),  # the second is later
        ("01:30", "2017-11-05 09:35", "2017-11-05 09:30"),
        ("01:30", "2017-11-05 09:00", "2017-11-05 08:30"),
        ("01:30", "2017-11-05 08:00", "2017-11-04 08:30"),  # both are later
        ("2017-11-05 01:30-0700", "2017-11-06 00:00", "2017-11-05 08:30"),
        ("2017-11-05 01:30 PDT", "2017-11-06 00:00", "2017-11-05 08:30"),
        ("2017-11-05 00:30 - 01:30", "2017-11-06 00:00", "2017-11-05 07:30 09:30"),
        ("2017-11-05 01:30 PDT - 01:10 PST", "2017-11-06 00:00", "2017-11-05 08:30 09:10"),
    ],
)
def test_an_hour_that_was_twice_is_the_later_one_that_is_past(
    text: str, now: str, moment: str
) -> None:
    """01:30 occurred twice on 5 November 2017 in California, first in DST."""
    time = read(text, now=datetime.fromisoformat(f"{now}+00:00"))
    assert f"{time.at:%Y-%m-%d %H:%M}" + (f" {time.until:%H:%M}" if time.until else "") == moment


@pytest.mark.parametrize(
    ("at", "until", "text"),
    [
        ("08:30", "", "2017-11-05 01:30 UTC-07:00"),
        ("09:30", "", "2017-11-05 01:30 UTC-08:00"),
        ("08:30", "09:10", "2017-11-05 01:30 UTC-07:00 - 2017-11-05 01:10 UTC-08:00"),
        ("07:30", "08:10", "2017-11-05 00:30 UTC-07:00 - 2017-11-05 01:10 UTC-07:00"),
        ("10:30", "11:10", "2017-11-05 02:30 - 03:10"),
    ],
)
def test_a_time_that_was_twice_is_written_with_its_offset(at: str, until: str, text: str) -> None:
    first, last = (
        datetime.fromisoformat(f"2017-11-05T{one or at}:00+00:00") for one in (at, until)
    )
    assert written(TypedTime(at=first, until=last if until else None), PACIFIC) == text


def test_the_other_of_two_is_known() -> None:
    second = datetime(2017, 11, 5, 9, 30, tzinfo=UTC)
    other = other_occurrence(second, PACIFIC)
    assert other is not None
    assert other.astimezone(UTC) == datetime(2017, 11, 5, 8, 30, tzinfo=UTC)
    assert other.strftime("%H:%M%z") == "01:30-0700"
    assert other_occurrence(NOW, PACIFIC) is None


@pytest.mark.parametrize("now", ["2017-03-12 10:30", "2017-03-13 08:00"])
def test_a_clock_time_that_did_not_exist(now: str) -> None:
    """At 03:30 PDT 02:30 did not exist today, and at 01:00 the next day not yesterday."""
    with pytest.raises(UserError, match="does not exist"):
        read("02:30", now=datetime.fromisoformat(f"{now}+00:00"))


def test_a_time_may_be_of_a_given_day() -> None:
    reader = Reader(zone=PACIFIC, now=LATER, day=date(2017, 7, 5))
    for text, moment in [
        ("23:10", "2017-07-05 23:10"),
        ("23:50 - 00:10", "2017-07-05 23:50 - 2017-07-06 00:10"),
        ("14:05 PDT", "2017-07-05 14:05"),
        ("March 6 14:05", "2017-03-06 14:05"),
        ("yesterday 14:05", "2026-11-27 14:05"),
    ]:
        assert written(reader.time(text), PACIFIC) == moment


@pytest.mark.parametrize(
    ("text", "wanted", "unit"),
    [
        ("2017-01-20", "2017-01-20", Unit.DAY),
        ("January 20", "2017-01-20", Unit.DAY),
        ("~20 Jan 2016", "about 2016-01-20", Unit.DAY),
        ("Friday, Jan 20", "2017-01-20", Unit.DAY),
        ("yesterday", "2017-02-22", Unit.DAY),
        ("January 6 – 10", "2017-01-06 - 2017-01-10", Unit.DAY),
        ("Jan 6th to 10th, 2016", "2016-01-06 - 2016-01-10", Unit.DAY),
        ("6 - 10 January 2016", "2016-01-06 - 2016-01-10", Unit.DAY),
        ("between Jan 6 and Feb 10", "2017-01-06 - 2017-02-10", Unit.DAY),
        ("Dec 30 - Jan 2, 2016", "2015-12-30 - 2016-01-02", Unit.DAY),
        ("Dec 30, 2015 - Jan 2", "2015-12-30 - 2016-01-02", Unit.DAY),
        ("2016-03-06 - 2016-03-10", "2016-03-06 - 2016-03-10", Unit.DAY),
        ("January 2016", "January 2016", Unit.MONTH),
        ("about Jan 2016", "about January 2016", Unit.MONTH),
        ("Nov - Dec 2016", "November 2016 - December 2016", Unit.MONTH),
        ("Dec - Jan 2017", "December 2016 - January 2017", Unit.MONTH),
        ("Feb 7 13:00 - Mar 5 2016 14:00", "2016-02-07 13:00 - 2016-03-05 14:00", Unit.MINUTE),
    ],
)
def test_days_and_months_have_no_clock(text: str, wanted: str, unit: Unit) -> None:
    time = Reader(zone=PACIFIC, now=NOW).time(text)
    assert (written(time, PACIFIC), time.unit) == (wanted, unit)


def test_a_day_that_begins_an_hour_late_is_that_day() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    time = Reader(zone=beirut, now=datetime(2016, 6, 1, tzinfo=UTC)).time("2016-03-27")
    assert written(time, beirut) == "2016-03-27"
