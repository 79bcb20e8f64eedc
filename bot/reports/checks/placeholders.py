"""Finds what is left of a template: placeholders, instructions, and text that is still to be written."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import unfinished
from bot.reports.blocks import BlockKind
from bot.reports.comments import GAP
from bot.reports.finding import Finding, Rule
from bot.reports.prose import Prose

UNFILLED = "The placeholder {{{{{name}}}}} isn't filled in."
FILL = "Write the text, or remove the line."
BRACES = "The braces of the template still stand around the text."
REMOVE_BRACES = "Remove {{ and }}."
NO_LINK = "“{text}” of the template isn't a link."
ADD_LINK = "Replace it with a link to the issue, such as [issue 12](https://…/issues/12)."
TO_WRITE = "“{text}” says that something is still to be written."
WRITE = "Write it, or remove the note."
INSTRUCTION = "The template's instruction “{text} …” is still in the report."
REMOVE_INSTRUCTION = "Remove the paragraph."

_SHOWN = 8
"""Words of an instruction that are shown."""


def placeholders(seen: Prose) -> Iterator[Finding]:
    """What a template leaves to be written, in the text that readers see."""
    for number, line in enumerate(seen.lines):
        at = seen.line(number)
        for name in dict.fromkeys(
            inner for inner in _inside(line) if unfinished.BLANKS.fullmatch(inner)
        ):
            yield _finding(at, UNFILLED.format(name=f" {name} " if name else " "), FILL)
        for found in unfinished.NO_LINK.finditer(line):
            yield _finding(at, NO_LINK.format(text=found[0]), ADD_LINK)
        for found in unfinished.TO_WRITE.finditer(line):
            yield _finding(at, TO_WRITE.format(text=found[0]), WRITE)
        if gap := GAP.match(line):
            yield _finding(at, TO_WRITE.format(text=f"Missing: {gap['text'].strip()}"), WRITE)


def leftovers(seen: Prose) -> Iterator[Finding]:
    """What a template leaves to be removed: braces around text, and what it tells its authors."""
    for number, line in enumerate(seen.lines):
        if any(
            not (unfinished.BLANKS.fullmatch(inner) or unfinished.CODE.match(inner))
            for inner in _inside(line)
        ):
            yield _finding(seen.line(number), BRACES, REMOVE_BRACES)
    yield from _instructions(seen)


def _inside(line: str) -> Iterator[str]:
    return (found[1].strip() for found in unfinished.IN_BRACES.finditer(line))


def _instructions(seen: Prose) -> Iterator[Finding]:
    for block in seen.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        words = " ".join(block.text.split()).strip("_*")
        if unfinished.is_instruction(words):
            shown = " ".join(words.split()[:_SHOWN])
            yield _finding(
                seen.line(block.start), INSTRUCTION.format(text=shown), REMOVE_INSTRUCTION
            )


def _finding(line: int, message: str, remedy: str) -> Finding:
    return Finding(line=line, rule=Rule.PLACEHOLDER, message=message, remedy=remedy)
