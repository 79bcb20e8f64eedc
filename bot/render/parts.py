"""Markers that identify mayday's texts, and the splitting of long texts into parts.

GitHub rejects a body of more than 65,536 characters with 422. A marker is an HTML comment on a line of its
own, which readers don't see. mayday writes it at the end, people may write below it. Only the last one in a
text counts, and typed text can't contain one.
"""

from __future__ import annotations

import re

from bot.ports import Origin

LIMIT = 60_000
_FENCE = re.compile(r"^\s*(`{3,})(.*)$")
_MARKER = re.compile(r"<!-- mayday:[^\n]* -->")


def marker(origin: Origin, *, part: int = 0) -> str:
    """Return the marker of a report or an action item; ``part`` is the number of a continuation."""
    pairs = [
        ("incident", origin.incident),
        ("item", origin.item),
        ("target", origin.target),
        ("part", str(part) if part else ""),
    ]
    return "<!-- mayday:" + ";".join(f"{key}={value}" for key, value in pairs if value) + " -->"


def marked(text: str, mark: str) -> str:
    """Return the text with the marker as its last line."""
    return f"{text.rstrip()}\n\n{mark}\n"


def carries(text: str, mark: str) -> bool:
    """Return whether the marker is the last one in the text."""
    found = [line.strip() for line in text.split("\n") if _MARKER.fullmatch(line.strip())]
    return found[-1:] == [mark]


def pages_of(text: str, origin: Origin) -> tuple[str, ...]:
    """Return the text in parts that each carry their marker; all but the first one become comments."""
    first, *rest = split(text)
    continued = [marked(part, marker(origin, part=n)) for n, part in enumerate(rest, start=2)]
    return (marked(first, marker(origin)), *continued)


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Return the text in parts of at most ``limit`` characters, split between paragraphs if possible.

    A code block that is split is closed in one part and reopened in the next.
    """
    parts: list[list[str]] = [[]]
    length = 0
    for block in _blocks(text):
        for piece in _pieces(block, limit):
            length += len(piece) + len("\n\n")
            if parts[-1] and length > limit:
                parts.append([])
                length = len(piece)
            elif not parts[-1]:
                length = len(piece)
            parts[-1].append(piece)
    return ["\n\n".join(pieces) for pieces in parts]


def _blocks(text: str) -> list[str]:
    """Return the paragraphs; a code block with blank lines counts as one."""
    blocks: list[list[str]] = [[]]
    fence = ""
    for line in text.strip("\n").split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and found[1].startswith(fence) and not found[2].strip():
            fence = ""
        if line.strip() or fence:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(lines) for lines in blocks if lines]


def _pieces(block: str, limit: int) -> list[str]:
    if len(block) <= limit:
        return [block]
    opening = _FENCE.match(block.split("\n", 1)[0])
    if opening and len(opening[0]) > limit // 4:
        opening = None  # not a fence that render.markdown writes, and the parts have no room for it
    head, tail = (opening[0] + "\n", "\n" + opening[1]) if opening else ("", "")
    body = block.removeprefix(head).removesuffix(tail)
    room = limit - len(head) - len(tail)
    pieces = []
    while body:
        cut = len(body) if len(body) <= room else body.rfind("\n", 1, room + 1)
        cut = cut if cut > 0 else room
        pieces.append(head + body[:cut] + tail)
        body = body[cut:].removeprefix("\n")
    return pieces
