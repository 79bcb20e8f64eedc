"""The targets of reports, and what published text must not show."""

from __future__ import annotations

import re
from string import Formatter
from typing import Literal

from pydantic import field_validator

from bot import config_messages as messages
from bot.config_types import RepositoryName, Section

FIELDS = {"date", "year", "slug"}


def _is_path(value: str) -> bool:
    parts = value.split("/")
    return "\\" not in value and all(part not in ("", ".", "..") for part in parts)


class ReportTarget(Section):
    """A place where reports are published: ``to`` a folder, a GitHub issue or a pull request.

    ``form`` is empty for ``report.form``, ``repository`` for ``github.repository``, ``base`` for the
    repository's default branch. ``path`` is that of the file, with ``{date}``, ``{year}`` and ``{slug}``, and
    ``index`` the file that lists the reports; without them they are the form's. ``private`` says that private
    incidents go there, too, if the repository is private.
    """

    to: Literal["folder", "issue", "pull_request"]
    form: str = ""
    repository: RepositoryName = ""
    base: str = ""
    path: str = ""
    index: str = ""
    private: bool = False

    @field_validator("form", mode="before")
    @classmethod
    def _form_as_text(cls, value: object) -> object:
        return str(value)

    @field_validator("path")
    @classmethod
    def _path_is_template(cls, value: str) -> str:
        if not value:
            return value
        try:
            fields = {name for _text, name, _spec, _conversion in Formatter().parse(value) if name}
        except ValueError:
            raise ValueError(messages.REPORT_PATH) from None
        if fields - FIELDS or not _is_path(value) or not value.endswith((".md", ".qmd")):
            raise ValueError(messages.REPORT_PATH)
        return value

    @field_validator("index")
    @classmethod
    def _index_is_path(cls, value: str) -> str:
        if value and not _is_path(value):
            raise ValueError(messages.REPORT_INDEX)
        return value


class Guard(Section):
    """What published text must not show besides what mayday knows: ``patterns`` are regular expressions.

    ``public`` are host names and addresses that may be published.
    """

    patterns: tuple[str, ...] = ()
    public: tuple[str, ...] = ()

    @field_validator("patterns")
    @classmethod
    def _can_be_compiled(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                is_empty = re.compile(pattern).match("") is not None
            except re.error as exc:
                raise ValueError(messages.PATTERN.format(pattern=pattern, reason=exc)) from None
            if is_empty:
                raise ValueError(messages.EMPTY_PATTERN.format(pattern=pattern))
        return value
