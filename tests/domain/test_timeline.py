"""Slack timestamps keep every digit; the report selects and orders lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.timeline import Entry, EntryKind, Heading, Line, chosen, ts_moment
from tests.support.rows import NOW, message


def entry(number: int, **values: Any) -> Entry:
    """A note."""
    return Entry(
        **{
            "id": number,
            "incident_id": "abc123abc123",
            "at": NOW,
            "recorded_at": NOW,
            "kind": EntryKind.NOTE,
            "author": "U0ANA",
            "data": {"text": f"note {number}"},
            "source": f"command/{number}",
            **values,
        }
    )


@pytest.mark.parametrize("micros", [0, 1, 9, 19, 100, 123457, 500001, 999999])
def test_a_ts_is_read_digit_by_digit(micros: int) -> None:
    moment = ts_moment(f"1795317599.{micros:06d}")
    assert moment == datetime(2026, 11, 22, 3, 19, 59, micros, tzinfo=UTC)
    assert moment.utcoffset() == timedelta(0)


def test_a_float_would_have_changed_some() -> None:
    """Floats lose microseconds of some timestamps."""
    stamps = [f"1795317599.{micros:06d}" for micros in range(0, 1_000_000, 997)]
    through_floats = [datetime.fromtimestamp(float(ts), UTC).microsecond for ts in stamps]
    exact = [int(Decimal(ts) % 1 * 1_000_000) for ts in stamps]
    assert [ts_moment(ts).microsecond for ts in stamps] == exact
    assert all(abs(a - b) <= 1 for a, b in zip(through_floats, exact, strict=True))


def test_lines_stand_in_the_order_of_what_happened() -> None:
    late = Line(entry=entry(1, at=NOW + timedelta(minutes=5)))
    early, same = Line(entry=entry(3)), Line(entry=entry(2))
    assert chosen([late, early, same], Heading.TIMELINE) == (same, early, late)


def test_what_was_taken_out_is_not_chosen() -> None:
    assert chosen([Line(entry=entry(1, deleted_at=NOW))], Heading.TIMELINE) == ()


def test_headings_are_kept_apart() -> None:
    both = Line(entry=entry(1), headings=frozenset({Heading.WRONG, Heading.LUCKY}))
    assert chosen([both], Heading.WRONG) == chosen([both], Heading.LUCKY) == (both,)
    assert chosen([both], Heading.TIMELINE) == ()


def test_a_deleted_message_is_chosen_only_where_it_was_reworded() -> None:
    gone = message(deleted_at=NOW)
    plain = Line(entry=entry(1, kind=EntryKind.MESSAGE, data={}), message=gone)
    reworded = Line(entry=entry(2, kind=EntryKind.MESSAGE, data={"text": "errors"}), message=gone)
    assert chosen([plain, reworded], Heading.TIMELINE) == (reworded,)
    assert (plain.text, reworded.text) == ("students see 500s", "errors")


def test_a_messages_key_is_team_channel_and_ts() -> None:
    assert message("1.000002").key == "T0PRACTICE:C0INCIDENT:1.000002"
