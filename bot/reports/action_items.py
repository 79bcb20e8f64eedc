"""Finds the action items of a report: items of lists, rows of tables, and paragraphs below a heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import dedent

from bot.reports.blocks import Block, BlockKind
from bot.reports.comments import GAP
from bot.reports.links import all_links, definitions, web_links
from bot.reports.outline import Area, name_of
from bot.reports.report import ImportedItem

_BULLET = re.compile(r"(?:\s{0,3}>\s?)*\s*(?:[-*+•●]|\d{1,9}[.)])\s+")
_LISTED = (BlockKind.ITEM, BlockKind.ROW)
_BOX = re.compile(r"\[([ xX])\]\s+")
_NONE = re.compile(
    r"[\s*_(]*(?:(?:none|n/?a|nothing|no action items?)"
    r"(?: (?:yet|so far|at this time|for now|needed|required))?"
    r"|nothing was recorded|no response|[-–—])?[\s*_.)]*",
    re.IGNORECASE,
)
_GROUP = re.compile(r"[*_]*[^.\n]{1,60}?[*_]*:?[*_]*")


def items(area: Area, lines: Sequence[str]) -> Iterator[ImportedItem]:
    """The action items of a section, in the order of its lines."""
    defined = definitions(lines)
    headed = any(block.kind is BlockKind.HEADING for block in area.blocks)
    group = ""
    for own in _by_heading(area.blocks):
        if own[0].kind is BlockKind.HEADING:
            group = name_of(own[0].text)
        listed = any(block.kind in _LISTED for block in own)
        paragraphs = not listed and (bool(group) or not headed)
        for item in _items(own, lines, group, paragraphs=paragraphs):
            yield replace(item, links=all_links(item.text, defined))


def _items(
    blocks: Sequence[Block], lines: Sequence[str], group: str, *, paragraphs: bool
) -> Iterator[ImportedItem]:
    """The items below one heading. Without a list or a table, each of its paragraphs is one."""
    own = group
    """The group of items of the first level, which an item that only names those in it replaces for them."""
    children = ""
    for index, block in enumerate(blocks):
        following = next((each for each in blocks[index + 1 :] if not each.in_item), None)
        if block.kind is BlockKind.PARAGRAPH and not block.level:
            if _is_group(block, following):
                own = name_of(block.text)
            elif paragraphs:
                yield from _made(block, " ".join(block.text.split()), own)
        elif block.kind is BlockKind.ITEM and block.level == 1:
            children = name_of(block.text) if _names_others(block, following) else ""
            if not children:
                yield from _made(block, _text(block, lines), own)
        elif block.kind is BlockKind.ITEM and block.level == 2 and children:
            yield from _made(block, _text(block, lines), children)
        elif block.kind is BlockKind.ROW and not block.is_header:
            yield from _made(block, " | ".join(cell for cell in block.cells if cell), own)


def _by_heading(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    own: list[Block] = []
    for block in blocks:
        if block.kind is BlockKind.HEADING and own:
            yield own
            own = []
        own.append(block)
    if own:
        yield own


def _made(block: Block, text: str, group: str) -> Iterator[ImportedItem]:
    box = _BOX.match(text)
    text = text[box.end() :] if box else text
    if _NONE.fullmatch(text) or GAP.match(text):
        return
    done = box[1] != " " if box else None
    yield ImportedItem(line=block.start + 1, text=text, group=group, links=(), is_done=done)


def _text(block: Block, lines: Sequence[str]) -> str:
    """Return an item's text as written, without its bullet. A single paragraph is one line."""
    first = lines[block.start]
    bullet = _BULLET.match(first)
    first = first[bullet.end() :] if bullet else first.strip()
    below = dedent("\n".join(lines[block.start + 1 : block.end])).rstrip()
    whole = f"{first}\n{below}".strip()
    is_paragraph = len(block.text.split("\n")) >= len(whole.split("\n"))
    return " ".join(whole.split()) if is_paragraph else whole


def _is_group(block: Block, following: Block | None) -> bool:
    """Return whether a short paragraph before a list names what the list is about: ``**Monitoring**``."""
    text = block.text.strip()
    names = text.endswith((":", "**", "__", ":**")) and bool(_GROUP.fullmatch(text))
    return names and following is not None and following.kind in _LISTED


def _names_others(block: Block, following: Block | None) -> bool:
    """Return whether an item only names the items in it: it has no link and ends with a colon, or is bold."""
    text = block.text.strip()
    return (
        following is not None
        and following.kind is BlockKind.ITEM
        and following.level > block.level
        and text.endswith((":", "**", "__"))
        and bool(_GROUP.fullmatch(text))
        and not web_links(text)
    )
