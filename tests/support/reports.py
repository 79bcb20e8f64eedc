"""What must not be lost of a report: its times, links and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.reports import as_json, read_report, web_links

CASES = Path(__file__).parents[1] / "reports" / "cases"
HOUSES = CASES.parent / "houses"
"""Reports with the forms, times and slips of the houses."""

REPORTS = sorted([*CASES.iterdir(), *HOUSES.iterdir()])

_LINE = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"[\w:/.-]*\w")
_MARKS = re.compile(r"^[\s>#*+|-]*(?:\d{1,3}[.)]\s)?(?:\[[ xX]\]\s)?|[\s#*_|:-]+$")


def times(text: str) -> set[str]:
    return set(re.findall(r"\d{1,2}:\d{2}(?::\d{2})?|\d{4}-\d\d-\d\d", text))


def links(text: str) -> set[str]:
    return set(web_links(text))


def sentences(text: str) -> set[str]:
    """The sentences as one line each, without the marks of Markdown at their beginning and end."""
    lines = [" ".join(_MARKS.sub("", line).split()) for line in _LINE.split(text)]
    return {each for line in lines for each in re.split(r"(?<=[.!?])\s+", line) if each}


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


def lost(text: str, path: str = "") -> list[str]:
    """The sentences of a report that its JSON has nowhere, and the words of its headings."""
    made = as_json(read_report(text, path=path))
    found = list(strings({key: value for key, value in made.items() if key != "path"}))
    kept = " ".join(" ".join(each.split()) for each in found)
    words = set(_WORD.findall(kept))
    return [
        each
        for each in sorted(sentences(text.removeprefix("\ufeff")))
        if " ".join(each.split()) not in kept and not set(_WORD.findall(each)) <= words
    ]
