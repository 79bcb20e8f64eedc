"""When a reminder that can wait may be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.business_hours import DAY, BusinessHours, opening

START = datetime(2025, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOURS = BusinessHours(
    days=frozenset(range(5)),
    begins=9 * 60,
    ends=17 * 60,
    zone=BERLIN,
    severities=frozenset({"sev3"}),
)


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("2026-11-27T08:59", "2026-11-27T09:00"),  # a Friday
        ("2026-11-27T09:00", "2026-11-27T09:00"),
        ("2026-11-27T16:59", "2026-11-27T16:59"),
        ("2026-11-27T17:00", "2026-11-30T09:00"),
        ("2026-11-28T12:00", "2026-11-30T09:00"),
        ("2026-03-28T20:00", "2026-03-30T09:00"),  # summer time begins on the Sunday between
        ("2026-10-24T20:00", "2026-10-26T09:00"),  # and ends
    ],
)
def test_they_open_at_their_time_in_their_zone(asked: str, allowed: str) -> None:
    assert HOURS.at_or_after(local(asked).astimezone(UTC)) == local(allowed)


def test_only_the_named_severities_wait() -> None:
    night = local("2026-11-27T23:00")
    assert opening(HOURS, "sev1", night) == night
    assert opening(None, "sev3", night) == night
    assert opening(HOURS, "sev3", night) == local("2026-11-30T09:00")


@pytest.mark.parametrize(
    ("days", "begins", "ends"), [((), 0, 60), ((0,), 60, 60), ((0,), 60, 0), ((0,), 0, DAY + 1)]
)
def test_hours_that_never_open_are_refused(days: tuple[int, ...], begins: int, ends: int) -> None:
    with pytest.raises(ValueError, match="business hours"):
        BusinessHours(
            days=frozenset(days), begins=begins, ends=ends, zone=BERLIN, severities=frozenset()
        )


@given(
    st.integers(0, 3 * 365 * DAY).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, DAY - 1),
    st.integers(1, DAY),
    st.sampled_from(["Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "UTC"]),
)
def test_what_they_allow_is_not_earlier_and_stays(
    moment: datetime, days: set[int], begins: int, length: int, zone: str
) -> None:
    hours = BusinessHours(
        days=frozenset(days),
        begins=begins,
        ends=min(begins + length, DAY),
        zone=ZoneInfo(zone),
        severities=frozenset(),
    )
    allowed = hours.at_or_after(moment)
    assert allowed >= moment
    assert hours.at_or_after(allowed) == allowed
    assert allowed.astimezone(hours.zone).weekday() in days
