"""The form of a report: its file, its sections with the questions that fill them, and its templates.

A form is a folder; :mod:`bot.forms` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

SUMMARY, HUBS, TIMELINE, ACTIONS = "summary", "hubs", "timeline", "actions"
WRONG, LUCKY, TIMES, DATE = "wrong", "lucky", "times", "date"
COLLECTED = frozenset({HUBS, TIMELINE, ACTIONS, TIMES})
"""Sections that are collected during the incident. People write the text of the others."""

RESERVED = frozenset({DATE, "report_date", "title", "name", "about"})
"""Keys that a section can't have: other inputs of the close form, and texts of front matter."""


class Clock(StrEnum):
    """How a time of day is written: ``21:10``, ``9:10 PM`` or ``9:10p``."""

    H24 = "24h"
    H12 = "12h"
    SHORT = "short"


class Dates(StrEnum):
    """How a day is written: ``2017-02-23`` or ``February 23, 2017``."""

    ISO = "iso"
    LONG = "long"


@dataclass(frozen=True, kw_only=True)
class TimeStyle:
    """How times are written. Without ``has_seconds`` minutes are the smallest unit.

    ``about`` stands before an approximate time, ``span`` between the two times of a span. ``is_first_dated``
    is whether the first entry always has its day.
    """

    clock: Clock = Clock.H24
    dates: Dates = Dates.ISO
    has_seconds: bool = True
    is_first_dated: bool = False
    about: str = "about "
    span: str = " – "


@dataclass(frozen=True, kw_only=True)
class FormSection:
    """A section. ``question`` is what the close form asks; a required section is missing while it is empty.

    ``when_empty`` is its text in the report if nobody wrote anything and nothing was collected.
    """

    key: str
    heading: str
    question: str = ""
    required: bool = False
    when_empty: str = "_Nothing was recorded._"

    @property
    def is_asked(self) -> bool:
        """Whether people write its text in the close form."""
        return bool(self.question) and self.key not in COLLECTED


@dataclass(frozen=True, kw_only=True)
class ReportForm:
    """A form. ``file`` has the placeholders ``{date}``, ``{year}`` and ``{slug}``, ``title`` has ``{date}``,
    ``{year}`` and ``{title}``.

    ``target`` is where its reports usually go, ``index`` the file there that lists them. ``groups`` of action
    items stand in the report even if they are empty. ``labels`` and ``assignees`` are those of the issue,
    beside the configured ones. ``templates`` are pairs of a file's name and its text.
    """

    name: str
    title: str
    file: str
    target: Literal["folder", "issue", "pull_request"]
    sections: tuple[FormSection, ...]
    templates: tuple[tuple[str, str], ...]
    index: str = ""
    groups: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    style: TimeStyle = TimeStyle()

    def section(self, key: str) -> FormSection | None:
        """The section with this key; None if the form has none."""
        return next((each for each in self.sections if each.key == key), None)

    def uses(self, value: str) -> bool:
        """Whether a template mentions a value, by its name."""
        return any(value in text for _file, text in self.templates)

    @property
    def questions(self) -> tuple[FormSection, ...]:
        """The sections that the close form asks for, in order."""
        return tuple(each for each in self.sections if each.is_asked)
