"""Finds what is left of a template: placeholders, instructions, and text that is still to be written."""

from __future__ import annotations

import re
from collections.abc import Iterator

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

_BRACES = re.compile(r"\{\{([^{}\n]*)\}\}")
_NAMES = re.compile(
    r"summary|title|name|link|description|text|date|time|owner|zone|timezone|.*\b(?:yyyy|hh:mm|mm-dd)\b.*"
    r"|(?:the )?incident (?:name|date|title).*|most convenient timezone|.*\bgoes here\b.*|your .*|\.\.\.|…|",
    re.IGNORECASE,
)
_CODE = re.compile(r"\s*[.$#/-]")
_LINK = re.compile(
    r"\[(?:link to (?:the )?(?:github )?issue|github issue link|issue link)\](?!\()", re.IGNORECASE
)
_NOTES = re.compile(
    r"\b(?:TODO|TBD|TBA|FIXME|XXX)\b|\b(?i:to fill (?:in|out)\b"
    r"|to be (?:filled|written|added later|completed later)\b|fill (?:this|me) (?:in|out)\b|lorem ipsum)"
)
_INSTRUCTIONS = (
    "these sections should be filled out once we",
    "things that could have gone better. ideally these should result",
    "these are good things that happened to us but not because",
    "these are only sample subheadings",
    "quick summary of what user impact was, how long",
    "quick summary of the problem. update this section",
    "list of things that went well. for example",
    "start of incident. first symptoms",
)
"""How the paragraphs begin that the houses' templates tell authors to replace."""
_SHOWN = 8
"""Words of an instruction that are shown."""


def placeholders(seen: Prose) -> Iterator[Finding]:
    """What is left of a template in the text that readers see."""
    for number, line in enumerate(seen.lines):
        at = seen.line(number)
        yield from _braces(line, at)
        for found in _LINK.finditer(line):
            yield _finding(at, NO_LINK.format(text=found[0]), ADD_LINK)
        for found in _NOTES.finditer(line):
            yield _finding(at, TO_WRITE.format(text=found[0]), WRITE)
    yield from _instructions(seen)


def _braces(line: str, at: int) -> Iterator[Finding]:
    names: list[str] = []
    is_filled = False
    for found in _BRACES.finditer(line):
        inner = found[1].strip()
        if _NAMES.fullmatch(inner):
            names.append(inner)
        elif not _CODE.match(found[1]):
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
        if words.lower().startswith(_INSTRUCTIONS):
            shown = " ".join(words.split()[:_SHOWN])
            yield _finding(
                seen.line(block.start), INSTRUCTION.format(text=shown), REMOVE_INSTRUCTION
            )


def _finding(line: int, message: str, remedy: str) -> Finding:
    return Finding(line=line, rule=Rule.PLACEHOLDER, message=message, remedy=remedy)
