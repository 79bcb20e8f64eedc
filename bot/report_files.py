"""``mayday import`` and ``mayday report lint``: read and lint reports in files.

Neither needs Slack, a hub, a cluster, the database or a configuration.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.bootstrap import missing_pages
from bot.errors import UserError
from bot.reports import (
    Finding,
    ImportedReport,
    as_json,
    broken_links,
    decoded,
    is_text,
    lint,
    read_report,
    relative_links,
    web_links,
)

SUFFIXES = frozenset({".md", ".markdown", ".qmd", ".rmd", ".txt"})
"""What is read in a directory. A file that is named is read in any case."""

NOT_READABLE = "{path} can't be read: {reason}"
NO_TEXT = "it isn't text. Save it as text first, for example with pdftotext."
NO_REPORTS = (
    "{path} contains no report: a report's name ends in .md, .markdown, .qmd, .rmd or .txt."
)
READ = "{path}: {title}"
KNOWN = "  {form}, {date}, {zone}: {entries} entries, {items} action items, {sections} sections"
NO_DATE = "no date"
NO_ZONE = "no time zone"
WARNING = "  ! {warning}"
FOUND = "{path}:{line}: {message} [{rule}]\n    {remedy}"
CLEAN = "✓ {path}"
UNKNOWN = "Not checked, since the server did not say whether the page exists: {links}"


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that paths name, with those in directories in the order of their names.

    Raises:
        UserError: a directory has no reports.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        found = sorted(
            each
            for each in path.rglob("*")
            if each.suffix.lower() in SUFFIXES and each.is_file() and not _is_hidden(each, path)
        )
        if not found:
            raise UserError(NO_REPORTS.format(path=path))
        yield from found


def import_files(paths: Iterable[Path], *, json_lines: bool, out: Console, err: Console) -> bool:
    """Print what each report says, and return whether every file was read.

    A file that can't be read is named on ``err``, and the others are still read.
    """
    ok = True
    for path in files(paths):
        text = text_of(path, err)
        if text is None:
            ok = False
            continue
        report = read_report(text, path=str(path))
        if json_lines:
            # One object a line, in ASCII, so that no terminal or encoding changes it.
            out.file.write(f"{json.dumps(as_json(report))}\n")
        else:
            for line in described(report):
                out.print(Text(printable(line)), soft_wrap=True)
    out.file.flush()
    return ok


def lint_files(paths: Iterable[Path], *, links: bool, out: Console, err: Console) -> bool:
    """Print the problems of each report, and return whether there are none.

    With ``links`` the pages and files that it links to are looked for.
    """
    clean = True
    for path in files(paths):
        text = text_of(path, err)
        if text is None:
            clean = False
            continue
        found = [*lint(text, path=str(path))]
        if links:
            found += _broken(text, path, err)
        for each in sorted(found, key=lambda finding: finding.line):
            line = FOUND.format(
                path=path,
                line=each.line,
                message=each.message,
                rule=each.rule.value,
                remedy=each.remedy,
            )
            out.print(Text("\n".join(map(printable, line.split("\n")))), soft_wrap=True)
        if not found:
            out.print(Text(CLEAN.format(path=path)), soft_wrap=True)
        clean = clean and not found
    return clean


def _broken(text: str, path: Path, err: Console) -> list[Finding]:
    missing, unknown = missing_pages(web_links(text))
    if unknown:
        err.print(Text(UNKNOWN.format(links=", ".join(unknown))), soft_wrap=True)
    absent = [each for each in relative_links(text) if not (path.parent / each).exists()]
    return list(broken_links(text, missing=missing, absent=absent))


def text_of(path: Path, err: Console) -> str | None:
    """Return the text of a file, or None, after the reason was printed."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
    else:
        if is_text(content):
            return decoded(content)[0]
        reason = NO_TEXT
    err.print(Text(NOT_READABLE.format(path=path, reason=reason), style="red"), soft_wrap=True)
    return None


def described(report: ImportedReport) -> Iterator[str]:
    """What a report says, in lines for people."""
    yield READ.format(path=report.path, title=report.title)
    yield KNOWN.format(
        form=report.format.value,
        date=report.date or NO_DATE,
        zone=report.zone or NO_ZONE,
        entries=len(report.timeline),
        items=len(report.items),
        sections=len(report.sections),
    )
    for warning in report.warnings:
        yield WARNING.format(warning=warning)


def printable(text: str) -> str:
    """Return the text with what a terminal would act on escaped."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)
