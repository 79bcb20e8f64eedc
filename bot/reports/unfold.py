"""Restores the lines of a report that lost its line ends, for example by being pasted into one cell.

Only white space is replaced, each by one line end, so nothing that was written is lost.
"""

from __future__ import annotations

import re

_LEAST = 200
"""Characters from which a text of one line is taken for a folded report."""

_MARK = re.compile(r"(?:(?<=\s)|^)(#{1,6}) ")
_NUMBER = re.compile(r"(?<=[.!?:)#]) (\d{1,2})\. (?=\S)")


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
    """Return the text with a line end before and after each heading, and before each number of a list."""
    return _numbered(_headed(text))


def _headed(text: str) -> str:
    """Return the text with headings on lines of their own; the same marks after a heading close it."""
    pieces: list[str] = []
    position, opened = 0, ""
    for found in _MARK.finditer(text):
        closes = found[1] == opened
        at = found.end() if closes else found.start()
        pieces.append(text[position:at].rstrip(" "))
        position, opened = at, "" if closes else found[1]
    pieces.append(text[position:])
    return "\n".join(piece for piece in pieces if piece)


def _numbered(text: str) -> str:
    """Return the text with each number on a new line that continues a list from 1."""
    pieces: list[str] = []
    for line in text.split("\n"):
        if line.startswith("#"):
            pieces.append(line)
            continue
        position = 0
        due = 2 if line.startswith("1. ") else 1
        for found in _NUMBER.finditer(line):
            if int(found[1]) == due:
                pieces.append(line[position : found.start()])
                position, due = found.start() + 1, due + 1
        pieces.append(line[position:])
    return "\n".join(pieces)
