"""A repository with published reports, in files and in issues, as the commands of the terminal use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """A file that may be a report. ``revision`` changes when its text does; ``url`` is its page."""

    path: str
    revision: str
    url: str


@dataclass(frozen=True, kw_only=True)
class PublishedFiles:
    """The files of a repository. ``is_complete``: the repository listed all its files."""

    files: tuple[PublishedFile, ...]
    is_private: bool
    is_complete: bool


@dataclass(frozen=True, kw_only=True)
class PublishedIssue:
    """An issue that is a report. ``revision`` changes when it or a comment does; ``url`` is its page.

    ``text`` is its body, and ``comments`` how many there are, in which the report may go on.
    """

    number: int
    title: str
    text: str
    opened: date
    comments: int
    revision: str
    url: str


@dataclass(frozen=True, kw_only=True)
class PublishedIssues:
    """The issues with a label, the latest first. ``is_complete``: there are no others."""

    issues: tuple[PublishedIssue, ...]
    is_complete: bool


class ReportSource(Protocol):
    """A repository with published reports."""

    def files(self, path: str = "") -> PublishedFiles:
        """Return the Markdown files in a folder or, without one, those that look like reports.

        Raises:
            UserError: there is no such repository, or it can't be read.
        """

    def read(self, file: PublishedFile) -> bytes:
        """Return the content of a file."""

    def issues(self, labels: Sequence[str]) -> PublishedIssues:
        """Return the issues that have any of these labels, open or closed, without pull requests.

        Raises:
            UserError: there is no such repository, or its issues can't be read.
        """

    def comments(self, issue: PublishedIssue) -> list[str]:
        """Return the texts of an issue's first comments, in their order."""
