"""Finds links that Markdown doesn't show as links."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.reports.blocks import Block, BlockKind
from bot.reports.finding import Finding, Rule
from bot.reports.prose import Prose

BROKEN = "The link “{text}” is broken: its address contains a space or has no end."
APART = "The link “{text}” is broken: a space separates its text from its address."
REMEDY = "Write it as [text](https://…), without spaces."

_START = re.compile(r"\]\(\s{0,9}<?https?:", re.IGNORECASE)
_WHOLE = re.compile(
    r"\]\(\s{0,9}<?(?:[^\s()<>]|\([^\s()<>]*\))+>?(?:\s+[\"'(][^\"'()]{0,300}[\"')])?\s*\)"
)
_APART = re.compile(r"(?<=\w)\][ \t]+\((?=https?://[^\s()]{1,500}\))", re.IGNORECASE)
_CODE = re.compile(r"`[^`]+`")
_SHOWN = 60
_TEXTS = (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.ROW)


def broken_markup(seen: Prose) -> Iterator[Finding]:
    """Links whose Markdown is wrong. A link may be broken over two lines after its bracket."""
    for block in seen.blocks:
        if block.kind not in _TEXTS:
            continue
        for text in block.cells or (block.text,):
            yield from _in(text, block, seen)


def _in(text: str, block: Block, seen: Prose) -> Iterator[Finding]:
    text = _CODE.sub(lambda found: " " * len(found[0]), text)
    for start in _START.finditer(text):
        if not _WHOLE.match(text, start.start()):
            yield _finding(BROKEN, text, start.start(), block, seen)
    for apart in _APART.finditer(text):
        yield _finding(APART, text, apart.start(), block, seen)


def _finding(message: str, text: str, position: int, block: Block, seen: Prose) -> Finding:
    opened = text.rfind("[", max(0, position - _SHOWN), position)
    begin = opened if opened >= 0 else position
    shown = " ".join(text[begin : position + _SHOWN].split())
    number = block.start + text.count("\n", 0, position)
    return Finding(
        line=seen.line(number), rule=Rule.LINK, message=message.format(text=shown), remedy=REMEDY
    )
