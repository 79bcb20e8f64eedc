"""Reads published reports of any house, exports them as they were written, and lints them.

Pure functions of text: nothing here reads a file, asks the network or knows the time.
"""

from __future__ import annotations

from bot.reports.checks.targets import broken_links
from bot.reports.decoding import decoded, is_text
from bot.reports.issues import issue_text
from bot.reports.links import relative_links, web_links
from bot.reports.lint import Finding, Rule, lint
from bot.reports.outcome import causes, ended, story
from bot.reports.reading import read_report
from bot.reports.report import (
    Format,
    ImportedEntry,
    ImportedItem,
    ImportedReport,
    Part,
    Section,
    SectionKind,
    as_json,
    export,
)

__all__ = [
    "Finding",
    "Format",
    "ImportedEntry",
    "ImportedItem",
    "ImportedReport",
    "Part",
    "Rule",
    "Section",
    "SectionKind",
    "as_json",
    "broken_links",
    "causes",
    "decoded",
    "ended",
    "export",
    "is_text",
    "issue_text",
    "lint",
    "read_report",
    "relative_links",
    "story",
    "web_links",
]
