"""Report assembly: order, days, precision, gaps and the four boxes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.actions import DEFAULT_GROUPS
from bot.domain.incident import Answers
from bot.domain.report import gaps
from bot.domain.timeline import EntryKind
from bot.domain.typed_time import Unit
from tests.support.evening import INCIDENT, ITEMS, Record, at, evening, item, report

FILED = tuple(replace(one, issue_url="https://git.test/1") for one in ITEMS)
EMPTY: dict[str, Any] = {"summary": "", "answers": Answers(), "status": "resolved", "hubs": ()}


def clocks(record: Record) -> list[str]:
    return [
        moment.at.strftime("%d %H:%M:%S" if moment.unit is Unit.SECOND else "%d %H:%M")
        for moment in report(record).moments
    ]


def test_times_are_in_order_in_the_zone_and_each_stands_once() -> None:
    assert clocks(evening()) == [
        *("23 21:10:57", "23 21:11:04", "23 21:14", "23 21:16", "23 21:20", "23 22:03"),
    ]
    two = next(moment for moment in report().moments if moment.at.minute == 14)
    assert [line.entry.kind for line in two.lines] == [EntryKind.MESSAGE, EntryKind.NOTE]


def test_seconds_are_shown_where_they_were_told() -> None:
    record = Record()
    record.record_message("21:14:40", "a message is dated to the minute")
    record.note("21:14:20", "told to the second")
    record.note("21:14:00", "told to the second, which is a whole minute")
    record.record_message("21:14:05", "another message")
    assert clocks(record) == ["23 21:14", "23 21:14:00", "23 21:14:20"]
    assert [len(moment.lines) for moment in report(record).moments] == [2, 1, 1]


def test_a_change_of_day_is_marked_in_the_teams_zone() -> None:
    record = Record()
    for clock in ("23:50", "23:59"):
        record.note(clock, "before midnight")
    record.note("00:05", "after midnight", day=24)
    assert [moment.new_day for moment in report(record).moments] == [False, False, True]
    utc = report(record, zone=ZoneInfo("UTC"))
    assert [moment.new_day for moment in utc.moments] == [False, False, False]
    assert report(record).zone_names == ("PST",)
    assert utc.zone_names == ("UTC",)


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    record = Record()
    zone = ZoneInfo("America/Los_Angeles")
    for hour in (8, 9):
        moment = datetime(2017, 11, 5, hour, 30, tzinfo=UTC)
        record.add(EntryKind.NOTE, moment, {"text": "half past one"})
    made = report(record)
    assert [m.at.strftime("%H:%M") for m in made.moments] == ["01:30", "01:30"]
    assert [m.new_zone for m in made.moments] == [False, True]
    assert made.zone_names == ("PDT", "PST")
    assert made.zone == zone


def test_a_zone_without_letters_is_named_by_its_distance() -> None:
    assert report(zone=ZoneInfo("Asia/Dubai")).zone_names == ("UTC+04",)


def test_bookkeeping_is_not_told() -> None:
    record = Record()
    for kind in (EntryKind.CLOSED, EntryKind.PUBLISHED, EntryKind.ACTION_ITEM):
        record.add(kind, at("22:00"), {})
    assert report(record).moments == ()


def test_items_stand_in_groups_as_they_first_came_up() -> None:
    groups = report().groups
    assert [(group.name, [one.id for one in group.items]) for group in groups] == [
        ("Upstream JupyterHub", ["item1"]),
        ("Upstream KubeSpawner", ["item2", "item4"]),
        ("DataHub configuration", ["item3"]),
    ]


def test_the_later_form_always_shows_its_three_groups() -> None:
    made = report(form="2024", items=[item(1, "x", DEFAULT_GROUPS[1]), item(2, "y")])
    assert [group.name for group in made.groups] == [*DEFAULT_GROUPS, "Other"]
    assert [len(group.items) for group in made.groups] == [0, 1, 0, 1]


def test_nothing_is_missing_from_a_full_report() -> None:
    assert gaps(report()) == ()
    assert gaps(report(form="2024")) == ()


@pytest.mark.parametrize(
    ("form", "missing"),
    [
        ("2017", "summary timeline conclusion actions date"),
        ("2024", "summary impact hubs timeline wrong actions date"),
        ("datahub", "summary impact hubs timeline wrong actions date"),
        ("2i2c", "summary what_happened resolution wrong actions timeline date"),
        ("mybinder", "summary timeline wrong actions date"),
        ("plain", "summary impact timeline conclusion resolution actions date"),
    ],
)
def test_each_form_asks_for_its_own_parts(form: str, missing: str) -> None:
    record = Record()
    record.add(EntryKind.DECLARED, at("21:16"), {})
    assert " ".join(gaps(report(record, form=form, items=(), **EMPTY))) == missing


def test_the_report_is_dated_by_what_was_asked_or_by_the_declaring() -> None:
    assert report().date == date(2017, 2, 24)
    assert report(answers=Answers()).date == date(2017, 2, 23)


def test_all_boxes_are_ticked_when_all_is_so() -> None:
    checks = report(items=FILED).checks
    assert (checks.over, checks.filled, checks.cleaned, checks.linked) == (True,) * 4


def test_no_box_is_ticked_that_is_not_true() -> None:
    assert not report(status="fixing").checks.over
    assert not report(summary="").checks.filled
    for text in (
        "TODO: ask Ben",
        "{{ summary }}",
        "These are only sample subheadings. Every item …",
    ):
        assert not report(summary=text).checks.filled
        assert not report(summary=text).checks.cleaned
    assert report(summary="The image was `{{ .Values.image }}`.").checks.filled
    assert not report(status="resolved").checks.cleaned
    assert not report(title="{{ title }}").checks.cleaned
    assert not report(items=[item(1, "TBD")]).checks.cleaned
    assert not report(items=(FILED[0], replace(ITEMS[1], link=""))).checks.linked
    assert not report(items=()).checks.linked
    assert not report(items=(replace(ITEMS[0], link="https://docs.test/plan"),)).checks.linked
    assert report(items=(replace(ITEMS[1], link="https://github.com/o/r/pull/3"),)).checks.linked


def test_hubs_carry_the_addresses_that_are_known() -> None:
    hubs = report(hubs=("datahub", "stat20")).hubs
    assert [(hub.name, hub.url) for hub in hubs] == [
        ("datahub", "https://datahub.example.edu"),
        ("stat20", ""),
    ]
    assert INCIDENT.hubs == ("datahub",)
