"""Until when a reminder is snoozed, as people type it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.snoozing import LONGEST, snooze_until
from bot.errors import UserError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 27, 12, 50, tzinfo=UTC)  # 13:50 in Berlin


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("", 15),
        ("30", 30),
        ("90 min", 90),
        ("2h", 120),
        ("2 hours", 120),
        ("“2h”", 120),
        ("for 1 hour and 30 minutes", 90),
        ("1h30m", 90),
        ("1h 30", 90),
        ("1.5h", 90),
        ("1440", 1440),
        ("till 15:00", 70),
        ("TILL 15:00", 70),
        ("until 3pm", 70),
        ("3 pm", 70),
        ("till 3:30 p.m.", 100),
        ("15:00", 70),
        ("till 9", 19 * 60 + 10),
        ("till 13:50", 1440),
    ],
)
def test_lengths_and_times_of_day(typed: str, minutes: int) -> None:
    assert snooze_until(typed, now=NOW, zone=BERLIN) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "typed",
    [
        "0",
        "0h",
        "1441",
        "25h",
        "9" * 20,
        "-5",
        "tomorrow",
        "till 24:00",
        "2d",
        "h",
        "a while",
        "13pm",
    ],
)
def test_all_else_is_refused_in_one_sentence(typed: str) -> None:
    with pytest.raises(UserError, match=r"isn't a time to snooze for: .* till 15:00\.$") as refused:
        snooze_until(typed, now=NOW, zone=BERLIN)
    assert typed[:10] in str(refused.value)


@pytest.mark.parametrize(
    ("now", "typed", "at"),
    [
        ("2026-10-25T00:20Z", "till 2:30", "2026-10-25T00:30Z"),  # 02:20, the first time
        ("2026-10-25T00:40Z", "till 2:30", "2026-10-25T01:30Z"),  # 02:40: it comes once more
        ("2026-03-29T00:50Z", "till 2:30", "2026-03-29T01:30Z"),  # skipped: as much later
    ],
)
def test_when_the_clocks_change(now: str, typed: str, at: str) -> None:
    moment = datetime.fromisoformat(now)
    assert snooze_until(typed, now=moment, zone=BERLIN) == datetime.fromisoformat(at)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_later_time_or_refused(typed: str) -> None:
    try:
        until = snooze_until(typed, now=NOW, zone=BERLIN)
    except UserError:
        return
    assert NOW < until <= NOW + LONGEST
