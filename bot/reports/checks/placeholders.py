"""Finds what is left of a template: placeholders, instructions, and text that is still to be written."""

from __future__ import annotations

import re
from collections.abc import Iterator

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

_BRACES = re.compile(r"\{\{([^{}\n]*)\}\}")
_NAMES = re.compile(
    r"summary|title|name|link|description|text|date|time|owner|zone|timezone|.*\b(?:yyyy|hh:mm|mm-dd)\b.*"
    r"|(?:the )?incident (?:name|date|title).*|most convenient timezone|.*\bgoes here\b.*|insert\b.*"
    r"|your .*|\.\.\.|…|",
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
    "a short list of dates / times and major updates",
    "if it makes sense to include a timeline",
    "explain briefly the issue, its impact",
    "sequence the series of events that led",
    "briefly explain the conclusions learned",
    "list the next set of steps that needs",
    "provide long term recommendations to",
    "all technical recommendations go here",
    "all process recommendations go here",
    "all policy recommendations go here",
)
"""How the paragraphs begin that the houses' templates tell authors to replace."""
_SHOWN = 8
"""Words of an instruction that are shown."""


def placeholders(seen: Prose) -> Iterator[Finding]:
    """What a template leaves to be written, in the text that readers see."""
    for number, line in enumerate(seen.lines):
        at = seen.line(number)
        for name in dict.fromkeys(inner for inner in _inside(line) if _NAMES.fullmatch(inner)):
            yield _finding(at, UNFILLED.format(name=f" {name} " if name else " "), FILL)
        for found in _LINK.finditer(line):
            yield _finding(at, NO_LINK.format(text=found[0]), ADD_LINK)
        for found in _NOTES.finditer(line):
            yield _finding(at, TO_WRITE.format(text=found[0]), WRITE)
        if gap := GAP.match(line):
            yield _finding(at, TO_WRITE.format(text=f"Missing: {gap['text'].strip()}"), WRITE)


def leftovers(seen: Prose) -> Iterator[Finding]:
    """What a template leaves to be removed: braces around text, and what it tells its authors."""
    for number, line in enumerate(seen.lines):
        if any(not (_NAMES.fullmatch(inner) or _CODE.match(inner)) for inner in _inside(line)):
            yield _finding(seen.line(number), BRACES, REMOVE_BRACES)
    yield from _instructions(seen)


def _inside(line: str) -> Iterator[str]:
    return (found[1].strip() for found in _BRACES.finditer(line))


def _instructions(seen: Prose) -> Iterator[Finding]:
    for block in seen.blocks:
        if block.kind is not BlockKind.PARAGRAPH:
            continue
        words = " ".join(block.text.split()).strip("_*")
        if words.lower().startswith(_INSTRUCTIONS):
            shown = " ".join(words.split()[:_SHOWN])
            yield _finding(
                seen.line(block.start), INSTRUCTION.format(text=shown), REMOVE_INSTRUCTION
            )


def _finding(line: int, message: str, remedy: str) -> Finding:
    return Finding(line=line, rule=Rule.PLACEHOLDER, message=message, remedy=remedy)
