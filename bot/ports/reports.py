"""A repository with published reports, as the commands of the terminal use it."""

from __future__ import annotations

from dataclasses import dataclass
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


class ReportSource(Protocol):
    """A repository with published reports."""

    def files(self, path: str = "") -> PublishedFiles:
        """Return the Markdown files in a folder or, without one, those that look like reports.

        Raises:
            UserError: there is no such repository, or it can't be read.
        """

    def read(self, file: PublishedFile) -> bytes:
        """Return the content of a file."""
