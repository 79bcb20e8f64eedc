"""Finds what is left of a template: placeholders, instructions, and text that is still to be written."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain import unfinished
from bot.reports.blocks import BlockKind
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
    """What is left of a template in the text that readers see."""
    for number, line in enumerate(seen.lines):
        at = seen.line(number)
        yield from _braces(line, at)
        for found in unfinished.NO_LINK.finditer(line):
            yield _finding(at, NO_LINK.format(text=found[0]), ADD_LINK)
        for found in unfinished.TO_WRITE.finditer(line):
            yield _finding(at, TO_WRITE.format(text=found[0]), WRITE)
    yield from _instructions(seen)


def _braces(line: str, at: int) -> Iterator[Finding]:
    names: list[str] = []
    is_filled = False
    for found in unfinished.IN_BRACES.finditer(line):
        inner = found[1].strip()
        if unfinished.BLANKS.fullmatch(inner):
            names.append(inner)
        elif not unfinished.CODE.match(found[1]):
            is_filled = True
    for name in dict.fromkeys(names):
        yield _finding(at, UNFILLED.format(name=f" {name} " if name else " "), FILL)
    if is_filled:
        yield _finding(at, BRACES, REMOVE_BRACES)


def _instructions(seen: Prose) -> Iterator[Finding]:
    for block in seen.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        words = " ".join(block.text.split())
        if unfinished.is_instruction(words):
            shown = " ".join(words.split()[:_SHOWN])
            yield _finding(
                seen.line(block.start), INSTRUCTION.format(text=shown), REMOVE_INSTRUCTION
            )


def _finding(line: int, message: str, remedy: str) -> Finding:
    return Finding(line=line, rule=Rule.PLACEHOLDER, message=message, remedy=remedy)
