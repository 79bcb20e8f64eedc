"""Finds what is left of a template in a text, and notes that something is still to be written."""

from __future__ import annotations

import re

IN_BRACES = re.compile(r"\{\{([^{}\n]*)\}\}")
BLANKS = re.compile(
    r"summary|title|name|link|description|text|date|time|owner|zone|timezone|.*\b(?:yyyy|hh:mm|mm-dd)\b.*"
    r"|(?:the )?incident (?:name|date|title).*|most convenient timezone|.*\bgoes here\b.*|insert\b.*"
    r"|your .*|\.\.\.|…|",
    re.IGNORECASE,
)
CODE = re.compile(r"\s*[.$#/-]")
NO_LINK = re.compile(
    r"\[(?:link to (?:the )?(?:github )?issue|github issue link|issue link)\](?!\()", re.IGNORECASE
)
TO_WRITE = re.compile(
    r"\b(?:TODO|TBD|TBA|FIXME|XXX)\b|\b(?i:to fill (?:in|out)\b"
    r"|to be (?:filled|written|added later|completed later)\b|fill (?:this|me) (?:in|out)\b|lorem ipsum)"
)
INSTRUCTIONS = (
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


def is_unfinished(text: str) -> bool:
    """Return whether a text has something that is still to be written or removed."""
    if TO_WRITE.search(text) or NO_LINK.search(text):
        return True
    if any(not CODE.match(found[1]) for found in IN_BRACES.finditer(text)):
        return True
    paragraphs = re.split(r"\n\s*\n", text)
    return any(is_instruction(paragraph) for paragraph in paragraphs)


def is_instruction(paragraph: str) -> bool:
    """Return whether a paragraph tells authors of reports what to write."""
    return " ".join(paragraph.split()).strip("_*").lower().startswith(INSTRUCTIONS)
