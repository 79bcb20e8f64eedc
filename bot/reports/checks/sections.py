"""Finds headings with nothing below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from bot.reports.blocks import Block, BlockKind
from bot.reports.finding import Finding, Rule
from bot.reports.outline import name_of
from bot.reports.prose import Prose
from bot.reports.times import read_time

EMPTY = "Nothing stands below “{title}”."
FILL = "Write it, write “None.”, or remove the heading."

_NOTHING = re.compile(r"[\s*_-]*(?:\[ \])?[\s*_-]*")
_IGNORED = (BlockKind.HTML, BlockKind.RULE)


def empty(seen: Prose) -> Iterator[Finding]:
    """Headings without text before the next heading of the same level or above."""
    found = [block for block in seen.blocks if _says_something(block)]
    title = next((block for block in found if block.kind is BlockKind.HEADING), None)
    for block, following in zip_longest(found, found[1:]):
        if block.kind is not BlockKind.HEADING or (
            title is not None and block is title and block.level == 1
        ):
            continue
        if following is None or (following.kind is BlockKind.HEADING and _ends(block, following)):
            yield Finding(
                line=seen.line(block.start),
                rule=Rule.EMPTY,
                message=EMPTY.format(title=name_of(block.text)),
                remedy=FILL,
            )


def _says_something(block: Block) -> bool:
    if block.kind in _IGNORED:
        return False
    if block.kind in {BlockKind.ITEM, BlockKind.PARAGRAPH}:
        return not _NOTHING.fullmatch(block.text)
    return True


def _ends(block: Block, following: Block) -> bool:
    """Return whether the second heading ends the section of the first, which has no text."""
    if following.level > block.level:
        return False
    typed, after = read_time(block.text), read_time(following.text)
    if typed is None:
        # Entries may have slipped to the level of their timeline, and a heading may be the whole entry.
        return after is None
    return bool(typed.clock) and not typed.rest
