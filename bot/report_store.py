"""``mayday import --store`` and ``--repo``: reads reports from files and repositories, and stores them.

Reports that are stored are searched with ``/incident search``, and shown at declarations.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.bootstrap import report_repository
from bot.clock import real_time
from bot.config import Config
from bot.database import current
from bot.ports import ReportSource
from bot.report_files import described, files, printable, text_of
from bot.reports import as_json, decoded, issue_text, read_report
from bot.services.library import Library

NEW = "✓ stored: {source}"
AGAIN = "✓ stored again: {source}"
UNCHANGED = "{count} of {repository} unchanged"
PUBLIC = "Everybody who may use mayday in Slack can find what is stored."
PRIVATE = "{repository} is private. " + PUBLIC
NOT_ALL = "GitHub listed only a part of {repository}: name a folder with --path."
NO_FILES = "{repository} has no Markdown file that looks like a report: name a folder with --path."


NO_ISSUES = "{repository} has no issue with the label {labels}: name another with --label."
MORE_ISSUES = (
    "{repository} has more issues with these labels than are read: the latest of each were."
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a repository the reports are: a folder, and the labels of issues that are reports."""

    repository: str
    folder: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """The text of a report, and where it was found. ``opened`` is the day on which an issue was opened."""

    text: str
    source: str
    url: str = ""
    revision: str = ""
    opened: date | None = None


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where to print, and whether as JSON, one object a line."""

    json_lines: bool
    out: Console
    err: Console

    def say(self, text: str) -> None:
        """Print a sentence for people, on the error output if the other has JSON."""
        console = self.err if self.json_lines else self.out
        console.print(Text(printable(text)), soft_wrap=True)

    def show(self, found: Found) -> None:
        """Print what a report says."""
        report = read_report(found.text, path=found.source, opened=found.opened)
        if self.json_lines:
            self.out.file.write(f"{json.dumps(as_json(report))}\n")
            self.out.file.flush()
            return
        for line in described(report):
            self.say(line)


def store_reports(
    config: Config, paths: Iterable[Path], *, place: Place | None, to: Output
) -> bool:
    """Store the reports in files and in a repository, and return whether every file was read."""
    missing: list[Path] = []
    with current(config) as database:
        library = Library(database, real_time)
        for found in _in_files(paths, missing, to):
            _take(library, found, to)
        if place:
            known = library.revisions(f"{place.repository}:")
            for found in _in_repository(config, place, known, to, is_stored=True):
                _take(library, found, to)
    to.say(PUBLIC)
    return not missing


def show_repository(config: Config, place: Place, *, to: Output) -> None:
    """Print what the reports in a repository say."""
    for found in _in_repository(config, place, {}, to):
        to.show(found)


def _take(library: Library, found: Found, to: Output) -> None:
    if to.json_lines:
        to.show(found)
    taken = library.take(
        found.text,
        source=found.source,
        url=found.url,
        revision=found.revision,
        opened=found.opened,
    )
    to.say((NEW if taken.is_new else AGAIN).format(source=found.source))


def _in_files(paths: Iterable[Path], missing: list[Path], to: Output) -> Iterator[Found]:
    for path in files(paths):
        text = text_of(path, to.err)
        if text is None:
            missing.append(path)
        else:
            yield Found(text=text, source=str(path.resolve()))


def _in_repository(
    config: Config,
    place: Place,
    known: Mapping[str, str],
    to: Output,
    *,
    is_stored: bool = False,
) -> Iterator[Found]:
    """The reports of a repository, except those of which this revision is known already."""
    repository = place.repository
    with closing(report_repository(config, repository)) as source:
        listed = source.files(place.folder)
        if not listed.is_complete:
            to.err.print(Text(NOT_ALL.format(repository=repository)), soft_wrap=True)
        if listed.is_private and is_stored:
            to.err.print(Text(PRIVATE.format(repository=repository)), soft_wrap=True)
        if not listed.files and not place.labels:
            to.err.print(Text(NO_FILES.format(repository=repository)), soft_wrap=True)
        unchanged = 0
        for file in listed.files:
            name = f"{repository}:{file.path}"
            if known.get(name) == file.revision:
                unchanged += 1
                continue
            text, _encoding = decoded(source.read(file))
            yield Found(text=text, source=name, url=file.url, revision=file.revision)
        if place.labels:
            unchanged += yield from _in_issues(source, place, known, to)
        if unchanged:
            to.say(UNCHANGED.format(count=unchanged, repository=repository))


def _in_issues(
    source: ReportSource, place: Place, known: Mapping[str, str], to: Output
) -> Generator[Found, None, int]:
    """The reports that are issues; return how many of them are known already."""
    listed = source.issues(place.labels)
    if not listed.is_complete:
        to.err.print(Text(MORE_ISSUES.format(repository=place.repository)), soft_wrap=True)
    if not listed.issues:
        labels = " or ".join(place.labels)
        said = NO_ISSUES.format(repository=place.repository, labels=labels)
        to.err.print(Text(said), soft_wrap=True)
    unchanged = 0
    for issue in listed.issues:
        name = f"{place.repository}:issues/{issue.number}"
        if known.get(name) == issue.revision:
            unchanged += 1
            continue
        yield Found(
            text=issue_text(issue.title, issue.text, source.comments(issue)),
            source=name,
            url=issue.url,
            revision=issue.revision,
            opened=issue.opened,
        )
    return unchanged
