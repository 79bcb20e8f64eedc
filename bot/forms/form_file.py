"""The file ``form.yaml`` of a form's folder."""

from __future__ import annotations

import string
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from bot.domain.command import COMMAND, USUAL
from bot.domain.report_form import (
    RESERVED,
    Clock,
    Dates,
    FormSection,
    ReportForm,
    TimeStyle,
)

PLACEHOLDERS = "use only the placeholders {known}"
NO_PLACEHOLDERS = "write it without placeholders in braces"
RELATIVE = "write a path below the folder or the repository, such as reports/{date}-{slug}.md"
SAME_KEY = 'the key "{key}" stands twice: give each section a key of its own'
RESERVED_KEY = 'the key "{key}" has another meaning: give the section another one'
SECTION_LIMIT = 40
"""Sections whose questions surely fit into one form of Slack, which has 100 blocks."""

_NAMES = ("date", "year", "slug")

Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\r\n]+$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Part(BaseModel):
    """A part of the file. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Section(_Part):
    key: Key
    heading: Line
    question: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\r\n]*$")] = ""
    required: bool = False
    when_empty: Line = "_Nothing was recorded._"


class _Times(_Part):
    clock: Clock = Clock.H24
    dates: Dates = Dates.ISO
    seconds: bool = True
    first_day: bool = False
    about: str = "about "
    span: str = " – "


class FormFile(_Part):
    """The whole file."""

    title: Line = "{date} - {title}"
    file: Line = "{date}-{slug}.md"
    target: Literal["folder", "issue", "pull_request"] = "folder"
    index: str = ""
    sections: tuple[_Section, ...] = Field(min_length=1, max_length=SECTION_LIMIT)
    groups: tuple[Line, ...] = ()
    labels: tuple[Line, ...] = ()
    assignees: tuple[Line, ...] = ()
    times: _Times = _Times()

    @field_validator("title")
    @classmethod
    def _has_known_fields(cls, value: str) -> str:
        return _with_fields(value, ("date", "year", "title"))

    @field_validator("file")
    @classmethod
    def _is_below(cls, value: str) -> str:
        return _relative(value, _NAMES)

    @field_validator("index")
    @classmethod
    def _is_empty_or_below(cls, value: str) -> str:
        return value and _relative(value, ())

    @field_validator("sections")
    @classmethod
    def _have_own_keys(cls, value: tuple[_Section, ...]) -> tuple[_Section, ...]:
        keys = [section.key for section in value]
        if reserved := next((key for key in keys if key in RESERVED), ""):
            raise ValueError(RESERVED_KEY.format(key=reserved))
        if twice := next((key for key in keys if keys.count(key) > 1), ""):
            raise ValueError(SAME_KEY.format(key=twice))
        return value

    def form(self, name: str, templates: tuple[tuple[str, str], ...]) -> ReportForm:
        """Return the form with these templates."""
        times = self.times
        return ReportForm(
            name=name,
            title=self.title,
            file=self.file,
            target=self.target,
            sections=tuple(_section(section) for section in self.sections),
            templates=templates,
            index=self.index,
            groups=self.groups,
            labels=self.labels,
            assignees=self.assignees,
            style=TimeStyle(
                clock=times.clock,
                dates=times.dates,
                has_seconds=times.seconds,
                is_first_dated=times.first_day,
                about=times.about,
                span=times.span,
            ),
        )


def known_keys(path: Sequence[str | int]) -> tuple[str, ...]:
    """Return the keys that can stand beside the last one of a path."""
    part = {0: FormFile, 1: FormFile}.get(len(path)) or _PARTS.get(str(path[0]))
    return tuple(part.model_fields) if part else ()


_PARTS: dict[str, type[BaseModel]] = {"sections": _Section, "times": _Times}


def _with_fields(value: str, known: Sequence[str]) -> str:
    try:
        fields = [part[1:] for part in string.Formatter().parse(value) if part[1] is not None]
    except ValueError:
        fields = [("", "", None)]
    if any(part not in [(name, "", None) for name in known] for part in fields):
        shown = ", ".join(f"{{{name}}}" for name in known)
        raise ValueError(PLACEHOLDERS.format(known=shown) if known else NO_PLACEHOLDERS)
    return value


def _relative(value: str, known: Sequence[str]) -> str:
    _with_fields(value, known)
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or not path.suffix:
        raise ValueError(RELATIVE)
    return value


def _section(section: _Section) -> FormSection:
    """Return a section, with a placeholder in its question in place of the command's usual name."""
    question = section.question.replace(f"`{USUAL} ", f"`{COMMAND} ")
    return FormSection(**{**section.model_dump(), "question": question})
