"""Parsing of typed times: in the team's zone, not in the future, not nonexistent."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.time_parsing import other_occurrence, parse_time, split_time
from bot.errors import UserError

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2017, 2, 24, 6, 30, tzinfo=UTC)
"""22:30 on the 23rd in California."""


def read(text: str, zone: ZoneInfo = PACIFIC, now: datetime = NOW) -> str:
    """Return the UTC time as text."""
    return parse_time(text, zone=zone, now=now).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21:10", "2017-02-24 05:10:00"),
        ("21:10:57", "2017-02-24 05:10:57"),
        ("9:05", "2017-02-23 17:05:00"),
        ("23:00", "2017-02-23 07:00:00"),  # later than now, so yesterday
        ("2017-02-23 21:10:57", "2017-02-24 05:10:57"),
        ("2017-02-23T21:10:57", "2017-02-24 05:10:57"),
        ("2017-2-3 21:10", "2017-02-04 05:10:00"),
        ("2016-07-01 12:00", "2016-07-01 19:00:00"),  # DST
        ("22:31", "2017-02-24 06:31:00"),  # a minute ahead: clock skew
        ("9:06a", "2017-02-23 17:06:00"),
        ("9:06 pm", "2017-02-24 05:06:00"),
        ("9:06 P.M.", "2017-02-24 05:06:00"),
        ("12:25:59 AM", "2017-02-23 08:25:59"),
        ("12:29p", "2017-02-23 20:29:00"),
        ("2017-02-24T05:10:57Z", "2017-02-24 05:10:57"),  # as in kubectl and logs
        ("2017-02-24T05:10:57.123456Z", "2017-02-24 05:10:57"),
        ("2017-02-24T06:10:57+01:00", "2017-02-24 05:10:57"),
        ("05:10 UTC", "2017-02-24 05:10:00"),
        ("07:00 UTC", "2017-02-23 07:00:00"),  # later than now, so yesterday
    ],
)
def test_times_that_can_be(text: str, moment: str) -> None:
    assert read(text) == moment


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("25:00", "isn't a valid date or time"),
        ("12:60", "isn't a valid date or time"),
        ("2017-02-30 12:00", "isn't a valid date or time"),
        ("2017-13-01 12:00", "isn't a valid date or time"),
        ("noon", "is not a time"),
        ("", "is not a time"),
        ("12", "is not a time"),
        ("2017-02-24 12:00", "in the future"),
        ("2016-03-13 02:30", "does not exist"),
        ("0000-01-01 12:00", "isn't a valid date or time"),
        ("yesterday 12:00", "is not a time"),
        ("1-2 12:00", "is not a time"),
        ("14:05 pm", "isn't a valid date or time"),
        ("0:30 am", "isn't a valid date or time"),
        ("21:10:57x", "is not a time"),
        ("2017-02-24T12:00Z", "in the future in UTC"),
        ("21:10+99:00", "isn't a valid date or time"),
        ("0001-01-01 00:00", "isn't a valid date or time"),
        ("9999-12-31 23:59", "in the future|isn't a valid"),
    ],
)
def test_times_that_cannot_be_are_told(text: str, say: str) -> None:
    with pytest.raises(UserError, match=say) as told:
        read(text, ZoneInfo("Europe/Berlin") if text.startswith("0001") else PACIFIC)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "now", "moment"),
    [
        ("2017-11-05 01:30", "2017-11-06 00:00", "2017-11-05 09:30:00"),
        ("2017-11-05 01:30", "2017-11-05 09:00", "2017-11-05 08:30:00"),  # the second is later
        ("01:30", "2017-11-05 09:35", "2017-11-05 09:30:00"),
        ("01:30", "2017-11-05 09:00", "2017-11-05 08:30:00"),
        ("01:30", "2017-11-05 08:00", "2017-11-04 08:30:00"),  # both are later
        ("2017-11-05 01:30-0700", "2017-11-06 00:00", "2017-11-05 08:30:00"),
    ],
)
def test_an_hour_that_was_twice_is_the_later_one_that_is_past(
    text: str, now: str, moment: str
) -> None:
    """01:30 occurred twice on 5 November 2017 in California, first in DST."""
    assert read(text, now=datetime.fromisoformat(f"{now}+00:00")) == moment


def test_the_other_of_two_is_known() -> None:
    second = datetime(2017, 11, 5, 9, 30, tzinfo=UTC)
    other = other_occurrence(second, PACIFIC)
    assert other is not None
    assert other.astimezone(UTC) == datetime(2017, 11, 5, 8, 30, tzinfo=UTC)
    assert other.strftime("%H:%M%z") == "01:30-0700"
    assert other_occurrence(NOW, PACIFIC) is None


def test_a_clock_time_in_the_night_of_the_change() -> None:
    """At 03:30 PDT, 02:30 did not exist today."""
    now = datetime(2017, 3, 12, 10, 30, tzinfo=UTC)
    with pytest.raises(UserError, match="does not exist"):
        read("02:30", now=now)


def test_yesterdays_time_may_not_exist_either() -> None:
    """At 01:00 the next day, 02:30 means yesterday's skipped time."""
    now = datetime(2017, 3, 13, 8, 0, tzinfo=UTC)
    with pytest.raises(UserError, match="does not exist"):
        read("02:30", now=now)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("at 14:05 the proxy died", ("14:05", "the proxy died")),
        ("at 14:05: the proxy died", ("14:05", "the proxy died")),
        ("AT 14:05:09, died", ("14:05:09", "died")),
        ("at 2017-02-23 21:10:57 died", ("2017-02-23 21:10:57", "died")),
        ("at 2017-02-23T21:10 died", ("2017-02-23T21:10", "died")),
        ("at 14:05", ("14:05", "")),
        ("at 14:05 first\nsecond", ("14:05", "first\nsecond")),
        ("at 9:06 pm the proxy died", ("9:06 pm", "the proxy died")),
        ("at 9:06p the proxy died", ("9:06p", "the proxy died")),
        ("at 9:06 p.m., the proxy died", ("9:06 p.m.", "the proxy died")),
        ("at 14:05 a pod died", ("14:05", "a pod died")),
        ("at 14:05 amber alert", ("14:05", "amber alert")),
        ("at 14:05 utcd died", ("14:05", "utcd died")),
        ("at 2017-02-24T05:10:57Z died", ("2017-02-24T05:10:57Z", "died")),
        ("at 12:43 - 12:49 died", ("12:43", "12:49 died")),
        ("at 21:10:57x died", ("21:10:57x", "died")),
        ("at 9 the proxy died", ("9", "the proxy died")),
        ("at last it works", ("", "at last it works")),
        ("the proxy died at 14:05", ("", "the proxy died at 14:05")),
        ("attention 14:05", ("", "attention 14:05")),
    ],
)
def test_the_time_and_the_rest(text: str, parts: tuple[str, str]) -> None:
    assert split_time(text) == parts
