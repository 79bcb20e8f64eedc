"""The characters of Markdown that a reader sees, with their places in the Markdown.

The guard looks for names and credentials in these: Markdown escapes the ``_`` of a token, and mayday puts a
zero-width space into what GitHub would take for a mention.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from unicodedata import combining, normalize

_WRITTEN = re.compile(
    r"""
    \\(?P<escaped>[!-/:-@\[-`{-~])
    | (?P<entity>&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});)
    | %(?:25){0,3}(?P<percent>2[bdeBDE]|3[0-9]|40|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aAeE])
    | (?P<unseen>[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe0f])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Bare:
    """``text`` is what a reader sees; ``starts`` and ``ends`` are each character's place as written."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where these characters are as written."""
        return self.starts[start], self.ends[end - 1]


def bare(written: str) -> Bare:
    """Return what a reader sees of Markdown: escapes, entities and quoted characters as what they mean, and
    a letter with its accent as one character."""
    shown: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def add(characters: str, start: int, end: int) -> None:
        for character in characters:
            shown.append(character)
            starts.append(start)
            ends.append(end)

    def add_plain(first: int, last: int) -> None:
        for place in range(first, last):
            character = written[place]
            if (
                combining(character)
                and shown
                and len(whole := normalize("NFC", shown[-1] + character)) == 1
            ):
                shown[-1], ends[-1] = whole, place + 1
            else:
                add(character, place, place + 1)

    position = 0
    for found in _WRITTEN.finditer(written):
        add_plain(position, found.start())
        position = found.end()
        if found["escaped"]:
            add(found["escaped"], *found.span())
        elif found["entity"]:
            add(unescape(found[0]), *found.span())
        elif found["percent"]:
            add(chr(int(found["percent"], 16)), *found.span())
    add_plain(position, len(written))
    return Bare("".join(shown), tuple(starts), tuple(ends))
