"""Parsing and clamping of Retry-After headers."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from bot.domain.retry_after import LONGEST, SHORTEST, clamped, retry_after_seconds

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("0", SHORTEST),
        ("Sun, 22 Nov 2026 12:00:40 GMT", 40),
        ("Sun, 22 Nov 2026 12:00:40 -0000", 40),
        ("Sun, 22 Nov 2026 11:00:00 GMT", SHORTEST),
        ("Fri, 01 Jan 2100 00:00:00 GMT", LONGEST),
        ("999999", LONGEST),
        ("1e400", LONGEST),
        ("9" * 5000, LONGEST),
        ("-5", 30),
        ("nan", 30),
        ("soon", 30),
        ("", 30),
        ("Sun, 99 Nov 2026 99:00:00 GMT", 30),
        (None, 30),
        (["7"], 30),
    ],
)
def test_a_header(header: object, seconds: float) -> None:
    assert retry_after_seconds(header, NOW, default=30) == seconds


@pytest.mark.parametrize(
    ("given", "seconds"), [(5.0, 5), (-3.0, 60), (math.inf, LONGEST), (math.nan, 60)]
)
def test_a_number(given: float, seconds: float) -> None:
    assert clamped(given, default=60) == seconds
