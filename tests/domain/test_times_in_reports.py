"""Every time in the timelines of published reports is read, wholly.

The reports belong to their teams, so they aren't here: ``MAYDAY_TEST_REPORTS`` is a folder of them.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.time_parsing import Reader
from bot.domain.time_zones import zone_at
from bot.errors import UserError

FOLDER = os.environ.get("MAYDAY_TEST_REPORTS", "")
REPORTS = sorted(
    path for path in Path(FOLDER).rglob("*") if path.suffix in (".md", ".qmd")
) if FOLDER else []  # fmt: skip
NOW = datetime(2030, 1, 1, tzinfo=UTC)
_HEADING = re.compile(
    r"^#{2,4}\s+(.*?)[\s#]*$|^\|\s*([^|]*?)\s*\||^(\d{1,2}:\d\d\S*)\s*$", re.MULTILINE
)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CLOCK = re.compile(r"\d[:.]\d\d(?!\d)|\d\s?[ap]\.?m\b", re.IGNORECASE)
_ZONE = re.compile(r"times in ([A-Za-z/_]+)", re.IGNORECASE)


def times(text: str) -> list[str]:
    """The times of entries: headings, first cells of tables and lines of their own that have a clock."""
    text = re.sub(r"(?<=.)(#{3}\s[^#\n]{1,60}\s#{3})", r"\n\1\n", text)  # a file of one line
    found = (
        next(filter(None, match.groups()), "") for match in _HEADING.finditer(_FENCE.sub("", text))
    )
    return [one.strip("*_` ") for one in found if _CLOCK.search(one)]


def unread(path: Path) -> list[str]:
    """What a report has as times and the reader refuses."""
    text = path.read_text(encoding="utf-8")
    dated = re.search(r"\d{4}-\d\d-\d\d", path.name) or re.search(r"\d{4}-\d\d-\d\d", text)
    day = date.fromisoformat(dated[0]) if dated else NOW.date()
    home = ZoneInfo("America/Los_Angeles")
    named = _ZONE.search(text)
    zone = zone_at(named[1], 0, home, NOW) if named else None
    reader = Reader(zone=zone.zone if zone else home, now=NOW, order="mdy", day=day)
    refused = []
    for one in times(text):
        try:
            reader.time(one)
        except UserError as exc:
            refused.append(f"{one!r}: {exc}")
    return refused


@pytest.mark.skipif(not REPORTS, reason="MAYDAY_TEST_REPORTS is not a folder with reports")
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_every_time_of_a_published_report_is_read(path: Path) -> None:
    assert unread(path) == []


def test_times_are_found_in_headings_tables_and_lines(tmp_path: Path) -> None:
    report = tmp_path / "2022-01-20-x.md"
    report.write_text(
        "# 2022-01-20 - X\n\nAll times in PST\n\n### {{ 06:10 }}\n```\n### 9:99\n```\n### 12:53 ##\n"
        "## 13:20\n## Summary\n1:03\n\n| Time | Event |\n| --- | --- |\n| 5.50 AM | it died |\n### 25:00\n"
    )
    assert times(report.read_text()) == [
        "{{ 06:10 }}",
        "12:53",
        "13:20",
        "1:03",
        "5.50 AM",
        "25:00",
    ]
    assert [one.partition(":")[0] for one in unread(report)] == ["'25"]
