"""The time at the beginning of a note: read wholly, or the note is refused; words stay words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.time_parsing import Reader
from bot.errors import UserError

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2017, 2, 24, 6, 30, tzinfo=UTC)
"""22:30 on Thursday 23 February in California."""


@pytest.mark.parametrize(
    ("text", "time", "rest"),
    [
        ("at 14:05 the proxy died", "14:05", "the proxy died"),
        ("at 14:05: the proxy died", "14:05", "the proxy died"),
        ("AT 14:05:09, died", "14:05:09", "died"),
        ("at 2017-02-23 21:10:57 died", "2017-02-23 21:10:57", "died"),
        ("at 2017-02-23T21:10 died", "2017-02-23T21:10", "died"),
        ("at 14:05", "14:05", ""),
        ("at 14:05 first\nsecond", "14:05", "first\nsecond"),
        ("at 9:06 pm the proxy died", "9:06 pm", "the proxy died"),
        ("at 9:06p the proxy died", "9:06p", "the proxy died"),
        ("at 9:06 p.m., the proxy died", "9:06 p.m.", "the proxy died"),
        ("at 14:05 a pod died", "14:05", "a pod died"),
        ("at 14:05 amber alert", "14:05", "amber alert"),
        ("at 14:05 utcd died", "14:05", "utcd died"),
        ("at 14:05 cat pictures load", "14:05", "cat pictures load"),
        ("at 14:05 CHP died", "14:05", "CHP died"),
        ("at 14:05 CPU/Memory is high", "14:05", "CPU/Memory is high"),
        ("at 14:05 3 may be down", "14:05", "3 may be down"),
        ("at 14:05 - 3 pods died", "14:05", "3 pods died"),
        ("at 14:05 to the rescue", "14:05", "to the rescue"),
        ("at 14:05 on the hub", "14:05", "on the hub"),
        ("at 14:05 about 30 users left", "14:05", "about 30 users left"),
        ("at 14:05 3/4 of the pods died", "14:05", "3/4 of the pods died"),
        ("at 2017-02-24T05:10:57Z died", "2017-02-24T05:10:57Z", "died"),
        ("at 12:43 - 12:49 died", "12:43 - 12:49", "died"),
        ("at 12:43 – 12:49 – died", "12:43 – 12:49", "died"),
        ("at 10:05-10:20 died", "10:05-10:20", "died"),
        ("at ~16:06 2.5K errors", "~16:06", "2.5K errors"),
        ("at about 16:06 it died", "about 16:06", "it died"),
        ("at 14:05 EST the proxy died", "14:05 EST", "the proxy died"),
        ("at Jan 21 2017 12:15 it died", "Jan 21 2017 12:15", "it died"),
        ("at yesterday 23:10, it died", "yesterday 23:10", "it died"),
        ("at 14:05 yesterday it died", "14:05 yesterday", "it died"),
        ("at between 02:00 and 02.30 PM it died", "between 02:00 and 02.30 PM", "it died"),
        ("at last it works", "", "at last it works"),
        ("at 90% of its memory", "", "at 90% of its memory"),
        ("at 3/4 of its memory", "", "at 3/4 of its memory"),
        ("at yesterday's meeting", "", "at yesterday's meeting"),
        ("the proxy died at 14:05", "", "the proxy died at 14:05"),
        ("14:05 the proxy died", "", "14:05 the proxy died"),
        ("attention 14:05", "", "attention 14:05"),
    ],
)
def test_the_time_of_a_note_and_the_rest(text: str, time: str, rest: str) -> None:
    found, words = Reader(zone=PACIFIC, now=NOW).note(text)
    assert (found.typed if found else "", words) == (time, rest)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("at 9 the proxy died", "“9”.* or begin the note with another word"),
        ("at around 9 the proxy died", "“around 9”"),
        ("at 21:10:57x died", "“x”"),
        ("at 14:05/14:10 died", "“/14:10”"),
        ("at 14:05 14:10 died", "“14:10”"),
        ("at 10:05-10:20-10:30 died", "“-10:30”"),
        ("at Jan 21 3 pods died", "“3” behind the day can't be read as a time of day"),
        ("at Jan 21 12h15 it died", "“12h15” behind the day"),
        ("at Jan 21 PST it died", "“PST” behind the day"),
        ("at Jan 21, around noon it died", "“around” behind the day"),
        ("at yesterday evening it died", "“evening” behind the day"),
        ("at Jan 21 - Jan 22 12:15 it died", "on one side only"),
        ("at 14:05 CST it died", "“CST”"),
        ("at 01/21/2017 12:15 it died", "“01/21/2017”"),
    ],
)
def test_a_note_whose_time_is_half_read_is_refused(text: str, part: str) -> None:
    with pytest.raises(UserError, match=part):
        Reader(zone=PACIFIC, now=NOW).note(text)


@pytest.mark.parametrize(
    ("text", "typed", "rest"),
    [
        ("at Jan 21 the proxy died", "Jan 21", "the proxy died"),
        ("at Jan 21: 3 pods died", "Jan 21", "3 pods died"),
        ("at 2017-01-21 - the proxy died", "2017-01-21", "the proxy died"),
        ("at January 6 - 10 the proxy died", "January 6 - 10", "the proxy died"),
        ("at Monday GKE scaled the pool", "Monday", "GKE scaled the pool"),
        ("at Nov - Dec 2016: it died", "Nov - Dec 2016", "it died"),
    ],
)
def test_the_day_of_a_note_and_the_rest(text: str, typed: str, rest: str) -> None:
    found, words = Reader(zone=PACIFIC, now=NOW).note(text)
    assert (found.typed if found else "", words) == (typed, rest)


def test_a_time_that_a_note_begins_with_is_known() -> None:
    reader = Reader(zone=PACIFIC, now=NOW)
    assert reader.opening("~14:05 PST the proxy died") == "~14:05 PST"
    for text in ("the proxy died", "3/4 of the pods", "at last", "14:05x", "14:05 CST died"):
        assert reader.opening(text) == ""
