"""The rows that a form's templates loop over. Every text is escaped Markdown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """An entry of the timeline: its time as the form writes it, and its text in Markdown."""

    time: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """An action item: its text with its links, and whether it is done."""

    text: str
    is_done: bool


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """Action items under one heading."""

    name: str
    rows: tuple[ItemRow, ...]


@dataclass(frozen=True, kw_only=True)
class TimeRow:
    """A time of the incident. ``after`` is how long after the start of impact, ``measure`` its name."""

    name: str
    at: str
    after: str
    measure: str


@dataclass(frozen=True, kw_only=True)
class SectionRow:
    """A section of the form, or one that only this report has."""

    key: str
    heading: str
    text: str
    is_filled: bool
    is_required: bool


@dataclass(frozen=True, kw_only=True)
class Front:
    """Front matter. Each value is JSON, which YAML reads."""

    title: str
    date: str
    name: str
    about: str
    issue_title: str
    labels: str
    assignees: str
