"""Reports in the forms, times and slips of the houses are understood, entry by entry and item by item."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.reports import ImportedEntry, ImportedReport, read_report
from tests.support.reports import HOUSES, links

UNDERSTOOD = HOUSES.parent / "understood"
"""What each case says, read by a person."""

NAMES = sorted(path.stem for path in UNDERSTOOD.iterdir())


def shown(entry: ImportedEntry) -> str:
    at = f"{entry.at:%Y-%m-%d %H:%M:%S%z}" if entry.at else str(entry.day or "?")
    until = f" to {entry.until:%Y-%m-%d %H:%M:%S}" if entry.until else ""
    until = f" to {entry.until_day}" if entry.until_day else until
    words = " ".join(entry.text.split())
    return f"{' '.join(entry.raw.split())} = {at}{until} = {words[:30].strip()}"


def facts(report: ImportedReport) -> dict[str, Any]:
    return {
        "title": report.title,
        "date": str(report.date) if report.date else None,
        "zone": report.zone,
        "format": report.format.value,
        "timeline": [shown(entry) for entry in report.timeline],
        "items": [
            f"{item.group}: {' '.join(item.text.split())[:30]} {' '.join(item.links)}".strip()
            for item in report.items
        ],
        "warnings": [str(warning) for warning in report.warnings],
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_understood(name: str) -> None:
    path = HOUSES / name
    said = yaml.safe_load((UNDERSTOOD / f"{name}.yaml").read_text(encoding="utf-8"))
    assert facts(read_report(path.read_text(encoding="utf-8"), path=name)) == said


@pytest.mark.parametrize("name", NAMES)
def test_each_link_of_a_timeline_is_in_an_entry(name: str) -> None:
    report = read_report((HOUSES / name).read_text(encoding="utf-8"), path=name)
    sections = [each.text for each in report.sections if each.kind.value == "timeline"]
    kept = "\n".join(f"{entry.raw} {entry.text}" for entry in report.timeline)
    if report.timeline:
        assert links("\n".join(sections)) <= links(kept)
