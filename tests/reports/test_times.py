"""Times at the beginning of a line are read as they are written in reports."""

from __future__ import annotations

from datetime import time

import pytest

from bot.reports.times import find_day, read_time
from bot.reports.zones import zone_of

CLOCKS = {
    "21:10:57": "21:10:57",
    "0:25:59 AM": "00:25:59",
    "12:29p": "12:29:00",
    "2pm": "14:00:00",
    "5.50am": "05:50:00",
    "4:30 p.m. and then": "16:30:00",
    "12:53 a pod dies": "12:53:00",
    "2017-10-10 9:06a": "09:06:00",
    "March 6 2017 22:59": "22:59:00",
    "March 22, around 19:30": "19:30:00",
    "May 1 2019, 3:18 PM": "15:18:00",
    "Thu, 5 March 2020 10:05": "10:05:00",
    "Mon 10:05": "10:05:00",
    "01/21/2022 12:15": "12:15:00",
    "16:22 11/30/2017": "16:22:00",
    "14:05 on March 3": "14:05:00",
    "{{ 06:10 }}": "06:10:00",
    "`10:05` text": "10:05:00",
    "1405 UTC": "14:05:00",
    "10h30": "10:30:00",
    "noon: text": "12:00:00",
    "12:00 noon": "12:00:00",
    "2017-02-24T05:10:57Z text": "05:10:57",
    "2017-02-24 05:10:57,123 text": "05:10:57",
    "Wed Mar 21 06:30:15 UTC 2018": "06:30:15",
    "21.03.2018 06:30": "06:30:00",
    "22-01-2024 10:05 text": "10:05:00",
    "Nov 3 (Fri) 14:02 text": "14:02:00",
    "0730 CET": "07:30:00",
    "4pm ish": "16:00:00",
    "11:00 PM, Sept. 5": "23:00:00",
    "07:28 (2018-03-13)": "07:28:00",
    "ca. 10:05h": "10:05:00",
    "10.05 Uhr": "10:05:00",
    "15.40": "15:40:00",
    "[10:05 AM](https://example.org/p1) text": "10:05:00",
    ":fire: 10:05 text": "10:05:00",
    "🔥 10:05 text": "10:05:00",
    "<b>10:05 PDT</b> text": "10:05:00",
    "10:05\u202fAM": "10:05:00",
    "10:05\\": "10:05:00",
}
SPANS = {
    "10:05-10:20": ("10:05:00", "10:20:00"),
    "16:05:57-58": ("16:05:57", "16:05:58"),
    "16:05-07": ("16:05:00", "16:07:00"),
    "~16:06:00 - 16:16:00": ("16:06:00", "16:16:00"),
    "12:43 – 12:49": ("12:43:00", "12:49:00"),
    "2017-02-09 00:25 - 00:29 AM": ("00:25:00", "00:29:00"),
    "{{ 2022-01-20 Between 02:00 and 02.30 PM }}": ("14:00:00", "14:30:00"),
    "11:30 - 12:15 PM": ("11:30:00", "12:15:00"),
    "1:30-2pm": ("13:30:00", "14:00:00"),
    "10-11am": ("10:00:00", "11:00:00"),
    "21:10 PST - 21:30 PST": ("21:10:00", "21:30:00"),
    "Jan 5, 10:05 - Jan 6, 11:00": ("10:05:00", "11:00:00"),
    "{{ around 12:33 }} - {{ 12:45 }}": ("12:33:00", "12:45:00"),
    "`10:20`–`10:25`": ("10:20:00", "10:25:00"),
    "10:05 PDT (17:05 UTC) - 10:20 PDT (17:20 UTC)": ("10:05:00", "10:20:00"),
    "23:59:10-00:05": ("23:59:10", "00:05:00"),
    "15.40 - 16.00": ("15:40:00", "16:00:00"),
}
RESTS = {
    "**10:05** - text": ("10:05", "text"),
    "**10:05:** text": ("10:05", "text"),
    "**10:05 text**": ("10:05", "**text**"),
    "[10:05] text": ("[10:05]", "text"),
    "10:05 → text": ("10:05", "text"),
    "10:05 - 3 pods": ("10:05", "3 pods"),
    "10:05 PST / 18:05 UTC text": ("10:05 PST / 18:05 UTC", "text"),
    "10:05 (UTC) text": ("10:05 (UTC)", "text"),
    "March 5: text": ("March 5", "text"),
    "**10:05** (PDT): text": ("10:05 (PDT)", "text"),
    "**10:05** **PDT** text": ("10:05 PDT", "text"),
    "**10:05**–**10:10** text": ("10:05–10:10", "text"),
    "[10:05](https://example.org/(p)) - text": ("10:05", "[10:05](https://example.org/(p)) - text"),
    "10:05 AM EST, 7:05 AM PST: text": ("10:05 AM EST, 7:05 AM PST", "text"),
    "10:05 PDT = 17:05 UTC text": ("10:05 PDT = 17:05 UTC", "text"),
    "10:05<br>text": ("10:05", "text"),
}
ZONES = {
    "21:10 PST": -8,
    "21:10 PST (UTC-7)": -7,
    "10:05 UTC+2": 2,
    "10:05 +0530": 5.5,
    "2017-02-24T05:10:57-08:00": -8,
    "10:05Z": 0,
    "10:05+02:00": 2,
    "10:05 +02:00: text": 2,
    "2024-03-05 14:30:05.123+00:00 text": 0,
    "2024-03-05 14:30:05-08:00 text": -8,
}
NOTHING = [
    "",
    "5 pods",
    "1/2 of the nodes",
    "2:1 ratio",
    "May be",
    "T+10",
    "10.05 euros",
    "text 10:05",
]


def shown(at: time | None) -> str:
    return at.isoformat() if at else "-"


@pytest.mark.parametrize("text", CLOCKS)
def test_a_time(text: str) -> None:
    typed = read_time(text)
    assert typed is not None
    assert typed.clock is not None
    assert shown(typed.clock.at) == CLOCKS[text]
    assert typed.raw in text


@pytest.mark.parametrize("text", SPANS)
def test_a_span(text: str) -> None:
    typed = read_time(text)
    assert typed is not None
    assert typed.clock is not None
    assert typed.until is not None
    assert (shown(typed.clock.at), shown(typed.until.at)) == SPANS[text]
    assert (typed.raw, typed.rest) == (text, "")


@pytest.mark.parametrize("text", RESTS)
def test_what_follows_a_time(text: str) -> None:
    typed = read_time(text)
    assert typed is not None
    assert (typed.raw, typed.rest) == RESTS[text]


@pytest.mark.parametrize("text", ZONES)
def test_a_zone(text: str) -> None:
    typed = read_time(text)
    assert typed is not None
    zone = zone_of(typed.zone)
    assert zone is not None
    offset = zone.utcoffset(None)
    assert offset is not None
    assert offset.total_seconds() / 3600 == ZONES[text]


@pytest.mark.parametrize("text", NOTHING)
def test_what_is_no_time(text: str) -> None:
    assert read_time(text) is None


def test_an_impossible_time_is_kept() -> None:
    typed = read_time("25:10 text")
    assert typed is not None
    assert typed.clock is not None
    assert (typed.clock.at, typed.raw) == (None, "25:10")


def test_an_impossible_day_is_none() -> None:
    assert find_day("on 2023-02-30") is None
