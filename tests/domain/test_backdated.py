"""Entries of the days on which an old incident is recorded do not stand in its timeline."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.milestones import Milestone
from bot.domain.timeline import EntryKind, Heading
from bot.domain.typed_time import TypedTime
from tests.support.evening import PACIFIC, Record, at, report

NOTED = ["evicted", "fixed"]


def recorded(*presses: str, day: int, notes: tuple[str, ...] = ("21:10", "22:03")) -> Record:
    """An outage in the evening of the 23rd, whose buttons were pressed at these times of the day."""
    record = Record()
    for clock, text in zip(notes, NOTED, strict=True):
        record.note(clock, text)
    kinds = [EntryKind.DECLARED, EntryKind.STATUS, EntryKind.RESOLVED]
    for clock, kind in zip(presses, kinds, strict=True):
        record.add(kind, at(clock, day), {"from": "a", "to": "b", "severity": "sev1"})
    record.record_message("21:40", "nobody was paged", Heading.WRONG)
    return record


def kinds(record: Record, **changes: Any) -> list[str]:
    found = report(record, **changes).moments
    return [line.entry.kind.value for moment in found for line in moment.lines]


def on_day(clock: str, day: int) -> dict[str, Any]:
    return {"declared_at": at(clock, day)}


@pytest.mark.parametrize(
    ("presses", "day", "shown"),
    [
        pytest.param(("09:00", "09:01", "09:05"), 27, False, id="days later"),
        pytest.param(("09:00", "09:01", "09:05"), 24, False, id="the next morning"),
        pytest.param(("21:16", "21:20", "22:04"), 23, True, id="during the outage"),
        pytest.param(("22:30", "22:31", "23:59"), 23, True, id="right after it"),
        pytest.param(("00:20", "00:21", "00:30"), 24, True, id="right after it, after midnight"),
    ],
)
def test_buttons_pressed_on_a_later_day_are_left_out(
    presses: tuple[str, ...], day: int, shown: bool
) -> None:
    found = kinds(recorded(*presses, day=day), **on_day(presses[0], day))
    own = [kind for kind in found if kind != "note"]
    assert own == (["declared", "status", "resolved"] if shown else [])
    assert found.count("note") == 2


def test_the_times_of_those_buttons_are_not_those_of_the_incident() -> None:
    late = report(recorded("09:00", "09:01", "09:05", day=27), **on_day("09:00", 27))
    assert dict(late.times) == {}
    assert [day.day for day in late.period] == [23, 23]
    then = report(recorded("21:16", "21:20", "22:04", day=23), **on_day("21:16", 23))
    assert list(then.times) == [Milestone.DECLARED]


def test_an_outage_that_is_said_to_be_over_before_it_was_declared_is_backdated() -> None:
    record = recorded("23:00", "23:01", "23:05", day=23)
    over = {Milestone.RESOLVED: TypedTime(at=at("22:03"))}
    assert kinds(record, **on_day("23:00", 23), milestones=over) == ["note", "note"]
    assert len(kinds(record, **on_day("23:00", 23))) == 5


@pytest.mark.parametrize(("pressed", "shown"), [("22:00", True), ("22:30", False)])
def test_another_time_of_resolution_replaces_a_button_that_was_pressed_last(
    pressed: str, shown: bool
) -> None:
    record = recorded("21:16", "21:20", pressed, day=23)
    told = {Milestone.RESOLVED: TypedTime(at=at("21:59"))}
    found = kinds(record, **on_day("21:16", 23), milestones=told)
    assert ("resolved" in found) is shown
    assert "declared" in found


def test_without_entries_and_times_the_buttons_are_all_there_is() -> None:
    record = Record()
    record.add(EntryKind.DECLARED, at("09:00", 27), {"severity": "sev1"})
    assert kinds(record, **on_day("09:00", 27)) == ["declared"]


def test_the_day_is_that_of_the_teams_zone() -> None:
    record = recorded("23:00", "23:01", "23:05", day=23, notes=("15:10", "15:30"))
    utc = report(record, zone=ZoneInfo("UTC"), **on_day("23:00", 23))
    assert len(utc.moments) == 2
    assert len(report(record, zone=PACIFIC, **on_day("23:00", 23)).moments) == 5
