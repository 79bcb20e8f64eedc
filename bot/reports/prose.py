"""The text of a report as its readers see it, line by line: without code, comments and front matter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.reports.blocks import Block, BlockKind, blocks, readable
from bot.reports.comments import without_comments
from bot.reports.front_matter import front_matter
from bot.reports.lost_headings import restored
from bot.reports.report import ImportedReport, export
from bot.reports.unfold import unfolded

_CODE = re.compile(r"`[^`\n]+`")
_URL = re.compile(r"https?://[^\s<>)\]]+|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}")
_LINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, kw_only=True)
class Prose:
    """A report for the lint.

    Attributes:
        lines: the text without code, comments and front matter; what was left out is blank.
        blocks: the blocks of the text.
        is_one_line: every finding is in line 1.
    """

    report: ImportedReport
    lines: tuple[str, ...]
    blocks: tuple[Block, ...]

    def line(self, number: int) -> int:
        """Return the line in the file of a line from 0 of the text that was read."""
        return 1 if self.report.is_one_line else number + 1


def prose(report: ImportedReport) -> Prose:
    """Return the text of a report for the lint."""
    text = export(report)
    lines = _LINE.split(unfolded(text) if report.is_one_line else text)
    _matter, first, _problem = front_matter(lines)
    visible = [""] * first + lines[first : readable(lines)]
    found = blocks(restored(visible))
    shown = without_comments(visible)
    for block in found:
        if block.kind is BlockKind.CODE:
            shown[block.start : block.end] = [""] * (block.end - block.start)
    return Prose(
        report=report,
        lines=tuple(_CODE.sub(_blank, line) for line in shown),
        blocks=tuple(found),
    )


def without_addresses(line: str) -> str:
    """Return the line with web and mail addresses blanked."""
    return _URL.sub(_blank, line)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
