"""When reminders are due or late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.reminders import lateness, next_due

START = datetime(2017, 2, 24, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("minutes_now", "minutes_due"),
    [(0, 30), (1, 30), (29, 30), (30, 60), (31, 60), (59, 60), (60, 90), (200, 210), (6000, 6030)],
)
def test_the_next_one_is_on_the_beat_and_after_now(minutes_now: int, minutes_due: int) -> None:
    now = START + timedelta(minutes=minutes_now)
    assert next_due(START, HALF_HOUR, now) == START + timedelta(minutes=minutes_due)


@pytest.mark.parametrize(("seconds", "late"), [(-5, False), (0, False), (120, False), (121, True)])
def test_a_little_late_is_in_time(seconds: int, late: bool) -> None:
    by = timedelta(seconds=seconds)
    assert lateness(START, START + by) == (by if late else None)
