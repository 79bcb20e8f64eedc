"""What is read from a published report.

A report is a sequence of parts, each a run of whole lines as they were written. The parts together are the
text, so exporting a report in its own form joins them, and a change replaces one part and nothing else.
Sections, entries and action items are what was understood of the parts; each keeps its first line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from bot.reports.warnings import ReadWarning


class Format(Enum):
    """The form in which a report is written."""

    OLD = "datahub-2017"
    QUARTO = "datahub-quarto"
    ISSUE = "datahub-2024"
    PD = "2i2c"
    BINDER = "mybinder"
    PLAIN = "plain"


class SectionKind(Enum):
    """What a section is about, as far as its name says so."""

    FRONT_MATTER = "front matter"
    PREAMBLE = "preamble"
    SUMMARY = "summary"
    TIMELINE = "timeline"
    ACTION_ITEMS = "action items"
    CHECKLIST = "checklist"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A run of whole lines, with their line ends.

    Attributes:
        line: its first line, from 1.
        raw: the lines as they were written.
    """

    line: int
    raw: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands below it, up to the next section.

    Attributes:
        title: the heading's text without Markdown; unique in the report.
        level: the heading's level, or 0 for front matter and for text before the first heading.
        line: the heading's line, from 1.
        text: what stands below the heading, as written, without blank lines around it.
    """

    title: str
    kind: SectionKind
    level: int
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class ImportedEntry:
    """An entry of the timeline.

    Attributes:
        line: its first line, from 1.
        raw: the time as it was typed.
        at: when it began; without a zone if the report names none, None if no time of day was understood.
        until: when it ended, if the entry says so.
        day: the day of an entry that names a day and no time of day.
        until_day: the last day, if such an entry names a range of days.
        text: what happened, in Markdown.
        is_impossible: the typed time doesn't exist, for example 25:10.
    """

    line: int
    raw: str
    at: datetime | None
    until: datetime | None
    text: str
    day: date | None = None
    until_day: date | None = None
    is_impossible: bool = False


@dataclass(frozen=True, kw_only=True)
class ImportedItem:
    """An action item.

    Attributes:
        line: its first line, from 1.
        text: the item in Markdown, without its bullet, number or box.
        group: the heading above it, empty if it has none.
        links: the web addresses in it.
        is_done: whether its box is ticked, None if it has no box.
    """

    line: int
    text: str
    group: str
    links: tuple[str, ...]
    is_done: bool | None = None


@dataclass(frozen=True, kw_only=True)
class ImportedReport:
    """A published report, with its whole text.

    Attributes:
        path: where it was read, as given.
        date: the day of the incident, None if the report doesn't say it.
        zone: the zone of its times as typed, empty if it names none.
        is_one_line: the text had lost its line ends, and was read at the headings and numbers within it.
        unread_from: the first line that was kept but not read because the file is too long, or 0.
        warnings: what was not understood or looks wrong, each with its line.
    """

    path: str
    title: str
    date: date | None
    zone: str
    format: Format
    summary: str
    timeline: tuple[ImportedEntry, ...]
    sections: tuple[Section, ...]
    items: tuple[ImportedItem, ...]
    parts: tuple[Part, ...]
    warnings: tuple[ReadWarning, ...]
    is_one_line: bool = False
    unread_from: int = 0


def export(report: ImportedReport) -> str:
    """Return the report in its own form: every line as it was written."""
    return "".join(part.raw for part in report.parts)


def as_json(report: ImportedReport) -> dict[str, Any]:
    """Return the report for programs.

    Times have an offset where the report names a zone. An entry that names only a day has a date as its time.
    """
    return {
        "path": report.path,
        "title": report.title,
        "date": report.date.isoformat() if report.date else None,
        "zone": report.zone or None,
        "format": report.format.value,
        "summary": report.summary,
        "timeline": [
            {
                "raw": each.raw,
                "at": _iso(each.at or each.day),
                "until": _iso(each.until or each.until_day),
                "text": each.text,
            }
            for each in report.timeline
        ],
        "sections": _texts(report.sections),
        "action_items": [
            {"text": each.text, "group": each.group, "links": list(each.links)}
            for each in report.items
        ],
        "warnings": [str(each) for each in report.warnings],
    }


def _iso(at: date | None) -> str | None:
    return at.isoformat() if at else None


def _texts(sections: Sequence[Section]) -> dict[str, str]:
    return {section.title: section.text for section in sections}
