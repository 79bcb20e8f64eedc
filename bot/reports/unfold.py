"""Restores the lines of a report that lost its line ends, for example by being pasted into one cell.

Only the copy that is read is changed.
"""

from __future__ import annotations

import re

_LEAST = 200
"""Characters from which a text of one line is taken for a folded report."""

_MARK = re.compile(r"(?:(?<=\s)|^)(#{1,6}) ")
_NUMBER = re.compile(r"(?<=[.!?:)#]) {1,3}(\d{1,2})\. +(?=\S)")


def is_folded(text: str) -> bool:
    """Return whether the text is one long line with several headings in it."""
    line = text.strip()
    return (
        len(line) > _LEAST
        and "\n" not in line
        and "\r" not in line
        and line.startswith("#")
        and len(_MARK.findall(line)) > 2
    )


def unfolded(text: str) -> str:
    """Return the text with lines for its headings and for the numbers of its lists.

    It is as long as the text, since each line end replaces one character of white space.
    """
    return _numbered(_headed(text))


def _headed(text: str) -> str:
    """Return the text with headings on lines of their own; the same marks after a heading close it."""
    shown = list(text)
    opened = ""
    for found in _MARK.finditer(text):
        closes = found[1] == opened
        at = found.end() if closes else found.start()
        if at:
            shown[at - 1] = "\n"
        opened = "" if closes else found[1]
    return "".join(shown)


def _numbered(text: str) -> str:
    """Return the text with each number on a new line that continues a list from 1."""
    shown = list(text)
    begin = 0
    for line in text.split("\n"):
        due = 2 if line.lstrip().startswith("1. ") else 1
        for found in () if line.lstrip().startswith("#") else _NUMBER.finditer(line):
            if int(found[1]) == due:
                shown[begin + found.start()] = "\n"
                due += 1
        begin += len(line) + 1
    return "".join(shown)
