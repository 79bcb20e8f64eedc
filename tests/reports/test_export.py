"""An imported report is exported with every time, link and sentence, and its JSON loses none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.reports import as_json, decoded, export, read_report
from tests.support.reports import REPORTS, links, lost, sentences, times

FOLDERS = "MAYDAY_TEST_REPORTS"
"""Names folders of published reports, separated like PATH."""

VARIANTS = {
    "as it is": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "a byte order mark": lambda text: f"\ufeff{text}",
    "no end": lambda text: text.rstrip(),
}


def same(text: str) -> None:
    report = read_report(text)
    exported = export(report)
    assert times(exported) == times(text)
    assert links(exported) == links(text)
    assert exported == text.removeprefix("\ufeff")
    assert sentences(exported) == sentences(text.removeprefix("\ufeff"))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_the_export_gives_back_the_report(path: Path, variant: str) -> None:
    text = VARIANTS[variant](path.read_text(encoding="utf-8"))
    report = read_report(text, path=path.name)
    same(text)
    assert export(report) == text.removeprefix("\ufeff")
    assert len(report.parts) > len(report.timeline) + len(report.items)
    assert lost(text, path.name) == []


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_a_part_can_be_replaced_alone(path: Path) -> None:
    """Each entry and each item begins a part of its own."""
    report = read_report(path.read_text(encoding="utf-8"))
    starts = {part.line for part in report.parts}
    assert {entry.line for entry in report.timeline} <= starts
    assert {item.line for item in report.items} <= starts


def test_published_reports_lose_nothing() -> None:
    named = os.environ.get(FOLDERS, "")
    if not named:
        pytest.skip(f"NOT TESTED on published reports: set {FOLDERS} to their folders")
    paths = [
        path
        for folder in named.split(os.pathsep)
        for path in sorted(Path(folder).rglob("*"))
        if path.suffix in {".md", ".qmd"}
    ]
    assert paths, f"{FOLDERS} has no reports"
    for path in paths:
        text, _encoding = decoded(path.read_bytes())
        same(text)
        assert lost(text, str(path)) == [], path
        assert list(as_json(read_report(text))) == [
            "path", "title", "date", "zone", "format", "summary", "timeline", "sections",
            "action_items", "warnings",
        ]  # fmt: skip
