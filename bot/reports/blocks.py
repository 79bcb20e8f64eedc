"""Finds the blocks of a Markdown text: headings, paragraphs, list items, rows, code and comments.

The only module that imports the Markdown parser. Blocks are flat and in the order of the text; each knows
its lines, so that everything between two of them can be kept as it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from markdown_it import MarkdownIt
from markdown_it.token import Token

LIMIT = 5_000
"""How many lines and marks are parsed. The parser takes a second for more; a report has hundreds."""


class BlockKind(Enum):
    """What a block is."""

    HEADING = auto()
    PARAGRAPH = auto()
    ITEM = auto()
    ROW = auto()
    CODE = auto()
    HTML = auto()
    RULE = auto()


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block and its lines.

    Attributes:
        start: its first line, from 0.
        end: the line after its last.
        level: a heading's level, or how many lists an item or a paragraph is in.
        text: the Markdown in it, without marks at the beginning; of an item, that of its first paragraph.
        cells: the cells of a row.
        is_header: it is the first row of a table.
        is_ordered: the item has a number.
        in_item: the paragraph is the first of a list item, and its text is the item's.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    text: str = ""
    cells: tuple[str, ...] = ()
    is_header: bool = False
    is_ordered: bool = False
    in_item: bool = False


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    # Only blocks are needed. The text inside them stays as it was written.
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


_PARSER = _parser()


def readable(lines: Sequence[str]) -> int:
    """Return how many of the lines, from the first, are within what is parsed."""
    cost = 0
    for number, line in enumerate(lines):
        cost += 1 + line.count("|") + line.count(">") + line.count("- ") + line.count("* ")
        if cost > LIMIT:
            return number
    return len(lines)


def blocks(lines: Sequence[str]) -> list[Block]:
    """Return the blocks of the lines, which have no line ends."""
    return list(_blocks(_PARSER.parse("\n".join(_plain(line) for line in lines) + "\n")))


def _plain(line: str) -> str:
    """Return the line without characters at which the parser, but not the text, ends a line."""
    return line.replace("\r", " ").replace("\n", " ")


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    depth = 0
    ordered: list[bool] = []
    for index, token in enumerate(tokens):
        start, end = token.map or (0, 0)
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            depth += 1
            ordered.append(token.type == "ordered_list_open")
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            depth -= 1
            ordered.pop()
        elif token.type == "heading_open":
            text = tokens[index + 1].content
            yield Block(
                kind=BlockKind.HEADING, start=start, end=end, level=int(token.tag[1:]), text=text
            )
        elif token.type == "list_item_open":
            yield Block(
                kind=BlockKind.ITEM,
                start=start,
                end=end,
                level=depth,
                text=_first_paragraph(tokens, index + 1),
                is_ordered=ordered[-1],
            )
        elif token.type == "paragraph_open":
            first = tokens[index - 1].type == "list_item_open"
            yield Block(
                kind=BlockKind.PARAGRAPH,
                start=start,
                end=end,
                level=depth,
                text=tokens[index + 1].content,
                in_item=first,
            )
        elif token.type == "tr_open":
            yield Block(
                kind=BlockKind.ROW,
                start=start,
                end=end,
                cells=tuple(_cells(tokens, index + 1)),
                is_header=tokens[index - 1].type == "thead_open",
            )
        elif token.type in {"fence", "code_block"}:
            yield Block(kind=BlockKind.CODE, start=start, end=end, level=depth)
        elif token.type == "html_block":
            yield Block(kind=BlockKind.HTML, start=start, end=end, level=depth, text=token.content)
        elif token.type == "hr":
            yield Block(kind=BlockKind.RULE, start=start, end=end, level=depth)


def _first_paragraph(tokens: Sequence[Token], index: int) -> str:
    if index < len(tokens) and tokens[index].type in {"paragraph_open", "heading_open"}:
        return tokens[index + 1].content
    return ""


def _cells(tokens: Sequence[Token], index: int) -> Iterator[str]:
    while tokens[index].type != "tr_close":
        if tokens[index].type == "inline":
            yield tokens[index].content.strip()
        index += 1
