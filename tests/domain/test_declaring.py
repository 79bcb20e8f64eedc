"""What is typed after ``declare``, and which open incidents may be the same outage."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.declaring import Typed, has_like_title, is_like, read_typed
from bot.domain.time_parsing import Reader
from bot.errors import UserError
from tests.support.rows import incident

NOW = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
SEVERITIES = ("sev1", "sev2", "sev3")
HUBS = ("datahub", "stat20", "Data-8")


def read(text: str, hubs: tuple[str, ...] = HUBS) -> Typed:
    reader = Reader(zone=ZoneInfo("UTC"), now=NOW)
    return read_typed(text, severities=SEVERITIES, hubs=hubs, read_time=reader.note)


NOBODY = "Nobody can log in"
COMPLETE: list[tuple[str, dict[str, Any]]] = [
    ("sev2 datahub Nobody can log in", {}),
    ("datahub sev2 Nobody can log in", {}),
    ("SEV2 DataHub: Nobody can log in", {}),
    ("sev 2 datahub Nobody can log in", {}),
    ("sev-2 datahub Nobody can log in", {}),
    ("sev\N{EN DASH}2 datahub Nobody can log in", {}),
    ("severity 2, datahub, Nobody can log in", {}),
    ("severity sev2 datahub Nobody can log in", {}),
    (
        "sev2 datahub \N{LEFT DOUBLE QUOTATION MARK}Nobody can log in\N{RIGHT DOUBLE QUOTATION MARK}",
        {},
    ),
    (
        "sev2 \N{LEFT DOUBLE QUOTATION MARK}datahub\N{RIGHT DOUBLE QUOTATION MARK} Nobody can log in",
        {},
    ),
    ("sev2 data-8 Nobody can log in", {"hubs": ("Data-8",)}),
    ("sev2 data\N{EN DASH}8 Nobody can log in", {"hubs": ("Data-8",)}),
    ("sev2 datahub stat20 Nobody can log in", {"hubs": ("datahub", "stat20")}),
    ("sev2 datahub and stat20 Nobody can log in", {"hubs": ("datahub", "stat20")}),
    ("sev2 datahub, stat20 Nobody can log in", {"hubs": ("datahub", "stat20")}),
    ("private sev2 datahub Nobody can log in", {"private": True}),
    ("sev2 --private datahub Nobody can log in", {"private": True}),
    ("sev2 \N{EM DASH}private datahub Nobody can log in", {"private": True}),
    ("Drill sev2 datahub Nobody can log in", {"drill": True}),
    ("sev2 datahub private drill Nobody can log in", {"private": True, "drill": True}),
    ("sev2 datahub is down", {"title": "datahub is down"}),
    (
        "sev2 datahub isn\N{RIGHT SINGLE QUOTATION MARK}t up",
        {"title": "datahub isn\N{RIGHT SINGLE QUOTATION MARK}t up"},
    ),
]


@pytest.mark.parametrize(("text", "other"), COMPLETE)
def test_a_complete_line_needs_no_form(text: str, other: dict[str, Any]) -> None:
    found = read(text)
    expected = {"title": NOBODY, "severity": "sev2", "hubs": ("datahub",), "private": False}
    expected |= {"drill": False, **other}
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.is_complete


@pytest.mark.parametrize(
    ("text", "severity", "hubs", "title"),
    [
        ("", "", (), ""),
        ("Hub is slow", "", (), "Hub is slow"),
        ("datahub Nobody can log in", "", ("datahub",), NOBODY),
        ("sev2 Nobody can log in", "sev2", (), NOBODY),
        ("sev2 datahub", "sev2", ("datahub",), ""),
        ("sev2 datahub the", "sev2", ("datahub",), "the"),
        ("sev1 sev2 datahub Nobody can log in", "", ("datahub",), NOBODY),
        ("sev9 datahub Nobody can log in", "", (), "sev9 datahub Nobody can log in"),
        ("sev 9 datahub is slow", "", (), "sev 9 datahub is slow"),
        ("past sev2 datahub Nobody can log in", "sev2", ("datahub",), NOBODY),
        (f"sev2 datahub {'long ' * 40}", "sev2", ("datahub",), ("long " * 40).strip()),
        ("Nobody can log in, sev2 datahub", "", (), "Nobody can log in, sev2 datahub"),
    ],
)
def test_what_is_missing_or_unclear_is_asked_for(
    text: str, severity: str, hubs: tuple[str, ...], title: str
) -> None:
    found = read(text)
    assert (found.severity, found.hubs, found.title) == (severity, hubs, title)
    assert not found.is_complete


def test_a_hub_is_needed_only_where_there_are_several() -> None:
    assert read("sev2 Nobody can log in", hubs=()).is_complete
    only = read("sev2 Nobody can log in", hubs=("datahub",))
    assert (only.is_complete, only.hubs) == (True, ("datahub",))


@pytest.mark.parametrize("option", ["at", "--at", "\N{EM DASH}at", "At"])
def test_a_time_stands_among_the_options(option: str) -> None:
    found = read(f"sev2 {option} 21:10 datahub Nobody can log in")
    assert found.began is not None
    assert (found.began.at.hour, found.began.at.minute, found.title) == (21, 10, NOBODY)
    assert found.is_complete


def test_a_title_may_begin_with_at() -> None:
    found = read("sev2 datahub at last it fails")
    assert (found.began, found.title) == (None, "at last it fails")


def test_a_time_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(UserError, match="25:99"):
        read("sev2 at 25:99 datahub Nobody can log in")


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("Nobody can log in", "nobody can log in any more!", True),
        ("Hub is slow", "The hub is slow", True),
        ("Proxy was evicted", "Proxy evicted", True),
        ("Proxy was evicted", "Proxies evicted again and again", True),
        ("Proxy was evicted", "Proxy is out of memory", False),
        ("Users get 503", "Users get 404", False),
        ("Hub is slow", "Nobody can log in", False),
        ("\N{CROSS MARK}", "\N{CROSS MARK}", True),
        ("", "", False),
    ],
)
def test_titles_are_alike(one: str, other: str, is_one: bool) -> None:
    assert has_like_title(one, other) is has_like_title(other, one) is is_one


def test_the_same_hub_is_enough() -> None:
    known = incident(title="Proxy was evicted", hubs=("datahub", "stat20"))
    assert is_like("Nobody can log in", ("stat20",), known)
    assert not is_like("Nobody can log in", ("Data-8",), known)
    assert not is_like("Nobody can log in", (), known)
