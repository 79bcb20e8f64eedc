"""Names the lines of links whose targets don't exist. Others look for the targets."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.reports.finding import Finding, Rule
from bot.reports.links import relative_links, web_links

MISSING = "The page {link} doesn't exist, or only some people can see it."
ABSENT = "The file {link} doesn't exist."
CORRECT = "Correct the link, or remove it."


def broken_links(
    text: str, *, missing: Collection[str], absent: Collection[str]
) -> Iterator[Finding]:
    """A finding for each line with a link to a page that is missing or to a file that is absent."""
    for number, line in enumerate(text.splitlines(), start=1):
        for link in web_links(line):
            if link in missing:
                yield _finding(number, MISSING.format(link=link))
        for link in relative_links(line):
            if link in absent:
                yield _finding(number, ABSENT.format(link=link))


def _finding(line: int, message: str) -> Finding:
    return Finding(line=line, rule=Rule.LINK, message=message, remedy=CORRECT)
