"""Finds boxes whose tick contradicts the text or the report."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.reports.blocks import BlockKind
from bot.reports.checks.tracked import is_tracked, says_done
from bot.reports.finding import Finding, Rule
from bot.reports.prose import Prose

NOT_DONE = "The box is ticked, but its text says that it isn't done."
UNTICK = "Remove the tick, or correct the text."
DONE = "The box isn't ticked, but it stands under what is done."
TICK = "Tick it, or correct the text or the heading."
NO_ISSUES = "The box says that all action items have issues. These have none: line {lines}."
NOT_FILLED = "The box says that all sections are filled out. These are not: line {lines}."
FILE_OR_UNTICK = "File the issues and link them, or remove the tick."
FILL_OR_UNTICK = "Fill them in, or remove the tick."

_BOX = re.compile(r"\[([ xX])\]\s+(.*)", re.DOTALL)
_NOT_DONE = re.compile(
    r"\b(?:to ?do|tbd|to be (?:done|written|decided|added|fixed|implemented)|will be done|in progress"
    r"|wip|pending|not (?:yet )?(?:done|started|finished|completed?|implemented|fixed|true)"
    r"|still (?:to|open|needs?)|isn.t done)\b",
    re.IGNORECASE,
)
_DONE_HEADING = re.compile(r"^(?:done|completed|finished|already done)\b", re.IGNORECASE)
_ALL_ISSUES = re.compile(r"\b(?:action|actionable) items\b.*\bissues?\b", re.IGNORECASE)
_ALL_FILLED = re.compile(r"\bsections\b.*\bfilled\b", re.IGNORECASE)


def untrue_ticks(seen: Prose, unfilled: Sequence[Finding]) -> Iterator[Finding]:
    """Ticked boxes that are untrue, and boxes that are done and have no tick."""
    heading = ""
    for block in seen.blocks:
        if block.kind is BlockKind.HEADING:
            heading = block.text.strip()
        box = _BOX.match(block.text) if block.kind is BlockKind.ITEM else None
        if box is None:
            continue
        line, text = seen.line(block.start), box[2]
        if box[1] == " ":
            if _DONE_HEADING.match(heading) or (says_done(text) and not _NOT_DONE.search(text)):
                yield _finding(line, DONE, TICK)
        elif _ALL_ISSUES.search(text):
            yield from _untrue(line, _without_issue(seen), NO_ISSUES, FILE_OR_UNTICK)
        elif _ALL_FILLED.search(text):
            gaps = [finding.line for finding in unfilled if finding.line < line]
            yield from _untrue(line, gaps, NOT_FILLED, FILL_OR_UNTICK)
        elif _NOT_DONE.search(text):
            yield _finding(line, NOT_DONE, UNTICK)


def _without_issue(seen: Prose) -> list[int]:
    return [
        seen.line(item.line - 1)
        for item in seen.report.items
        if not (item.is_done or is_tracked(item) or says_done(item.text))
    ]


def _untrue(line: int, lines: Sequence[int], message: str, remedy: str) -> Iterator[Finding]:
    if lines:
        shown = ", ".join(map(str, dict.fromkeys(lines)))
        yield _finding(line, message.format(lines=shown), remedy)


def _finding(line: int, message: str, remedy: str) -> Finding:
    return Finding(line=line, rule=Rule.TICK, message=message, remedy=remedy)
