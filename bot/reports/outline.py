"""Divides a report into sections by its headings, whatever their levels are.

Authors slip: entries of a timeline stand at its own level, and sections below a subsection. So a heading that
begins with a time belongs to the timeline, and one with a known name begins a section at any level.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.reports.blocks import Block, BlockKind
from bot.reports.report import SectionKind
from bot.reports.times import find_day, read_time

_NAMES: tuple[tuple[SectionKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            SectionKind.TIMELINE,
            r"\btime-?\s?line\b|^chronology|^sequence of events|^incident log$|^events$",
        ),
        (
            SectionKind.ACTION_ITEMS,
            r"\baction items?\b|^actions?$|^next steps?\b"
            r"|^follow[- ]?ups?(?: (?:actions?|items?|tasks?|work|improvements))?$"
            r"|^to[- ]?dos?$|^remediation items?$|^tasks$|^action plan$",
        ),
        (SectionKind.CHECKLIST, r"^checklist\b"),
        (SectionKind.SUMMARY, r"^(?:\w+ )?summary\b|^overview\b|^tl;?dr\b|^abstract$"),
    )
)
_OTHER = re.compile(
    r"\bimpact\b|^what (?:happened|went|did)|\bwent (?:wrong|well)\b|\blucky\b|^resolution\b|^conclusions?\b"
    r"|^lessons?\b|^root causes?\b|^after-? ?action\b|^hub information\b|^background\b|^mitigation\b"
    r"|^detection\b|^contributing\b|^questions\b|^post-?mortem\b|^retrospective\b|^analysis\b|^recovery\b",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"(?P<mark>\*\*|__)[^*_]{1,60}(?P=mark)\s{0,3}(?:\([^()]{1,40}\))?\s{0,3}:?|(?:\*\*|__)[^*_]{1,60}:(?:\*\*|__)|(?P<plain>[A-Z][^*_:.]{1,60}:)"
)
_OF_FORM = re.compile(
    r"^\[[ xX]\].*(?:dealt with|sections above|after-action report|actionable items)", re.IGNORECASE
)
"""The boxes with which the issue form of 2024 ends."""
_MARKS = re.compile(r"[*_`#]+")
_LEAD = re.compile(
    r"(?:post-?mortem|retrospective|after-?action report|analysis)[^:–—]{0,30}(?::|\s[-–—])\s*\S",
    re.I,
)
"""What a title may begin with, although a section alone may have that name."""
_TITLE = 120
"""Characters of the longest first line that is a title."""
_LEAST_CLOCKS = 2
"""Times from which a section without the name of a timeline is taken for one."""


@dataclass(kw_only=True)
class Area:
    """A section's lines and blocks.

    Attributes:
        start: the line of its heading, or of its first text, from 0.
        body: its first line after the heading.
        end: the line after its last.
        blocks: those below the heading.
        is_timed: its blocks are read for entries.
    """

    kind: SectionKind
    title: str
    level: int
    start: int
    body: int
    end: int = 0
    blocks: list[Block] = field(default_factory=list)
    is_timed: bool = False


def name_of(text: str) -> str:
    """Return the text of a heading without emphasis and without a colon at its end."""
    return " ".join(_MARKS.sub("", plain_heading(text)).split()).rstrip(":").strip()


def plain_heading(text: str) -> str:
    """Return the text of a heading without the attributes that Quarto allows behind it: ``{#fixed}``."""
    head, opened, attributes = text.rpartition("{")
    is_attributes = opened and attributes[:1] in {"#", "."} and attributes.rstrip().endswith("}")
    return head.rstrip() if is_attributes else text


def kind_of(name: str) -> SectionKind | None:
    """Return what a section with this name is about, or None if the name isn't known."""
    for kind, pattern in _NAMES:
        if pattern.search(name):
            return kind
    return SectionKind.OTHER if _OTHER.search(name) else None


def areas(blocks: Iterable[Block], *, first: int, end: int) -> tuple[Block | None, list[Area]]:
    """Return the heading that is the title, or None, and the sections between two lines."""
    found = list(_with_line_headings(blocks))
    if found and not any(block.kind is BlockKind.HEADING for block in found[:2]):
        found = _with_first_line(found)
    title = _title(found)
    current = Area(kind=SectionKind.PREAMBLE, title="", level=0, start=first, body=first)
    made = [current]
    for block in found:
        if block is title:
            if current.title:
                # Another heading of the first level stands above it.
                current.end = block.start
                current = Area(
                    kind=SectionKind.PREAMBLE, title="", level=0, start=block.start, body=block.end
                )
                made.append(current)
            current.title, current.body = name_of(block.text), block.end
            current.start = min(current.start, block.start)
        elif block.kind is BlockKind.HEADING and (kind := _opens(block, current)):
            current.end = block.start
            current = Area(
                kind=kind,
                title=name_of(block.text),
                level=block.level,
                start=block.start,
                body=block.end,
            )
            made.append(current)
        else:
            current.blocks.append(block)
    current.end = end
    _distinguish_checklist(made)
    _find_timed(made)
    return title, made


def _with_line_headings(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks, where a line with only the name of a section, in bold or with a colon, is a heading."""
    level, is_entry = 1, False
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            level = block.level
            typed = read_time(plain_heading(block.text))
            is_entry = bool(typed) or kind_of(name_of(block.text)) is SectionKind.TIMELINE
        is_line = (
            block.kind is BlockKind.PARAGRAPH and not block.level and block.end == block.start + 1
        )
        named = _NAMED.fullmatch(block.text.strip()) if is_line else None
        # Within a timeline a word with a colon belongs to its entry.
        if named and not (is_entry and named["plain"]) and kind_of(name_of(block.text)):
            yield replace(block, kind=BlockKind.HEADING, level=min(level + 1, 6))
        elif block.kind is BlockKind.PARAGRAPH and not is_entry and (first := _first_line(block)):
            heading, rest = first
            yield replace(heading, kind=BlockKind.HEADING, level=min(level + 1, 6))
            yield rest
        else:
            yield block


def _first_line(block: Block) -> tuple[Block, Block] | None:
    """Return the first line and the rest of a paragraph, if that line is only the name of a section."""
    first, _, rest = block.text.partition("\n")
    is_name = not block.level and rest and _NAMED.fullmatch(first.strip())
    if not is_name or not kind_of(name_of(first)):
        return None
    return _split(block)


def _split(block: Block) -> tuple[Block, Block]:
    """Return the first line and the rest of a paragraph as two."""
    first, _, rest = block.text.partition("\n")
    at = block.start + 1
    return replace(block, text=first, end=at), replace(block, text=rest, start=at)


def _with_first_line(found: list[Block]) -> list[Block]:
    """Return the blocks with the first line apart, which is a title if a day follows it."""
    first = found[0]
    if first.kind is not BlockKind.PARAGRAPH or first.level or "\n" not in first.text:
        return found
    line, rest = _split(first)
    typed = read_time(rest.text.split("\n")[0])
    is_title = typed and typed.day and typed.day.year and not typed.rest and len(line.text) < _TITLE
    return [replace(line, kind=BlockKind.HEADING, level=1), rest, *found[1:]] if is_title else found


def _title(blocks: Sequence[Block]) -> Block | None:
    """Return the first heading of the first level before any known section; a dated one is preferred.

    Without one it is a first line that names a day with its year.
    """
    candidates: list[Block] = []
    for block in blocks:
        if block.kind is not BlockKind.HEADING:
            continue
        typed = read_time(plain_heading(block.text))
        is_named = kind_of(name_of(block.text)) and not (block.level == 1 and typed)
        if is_named and (block.level > 1 or candidates or not _LEAD.match(name_of(block.text))):
            break
        if block.level == 1:
            candidates.append(block)
        elif not candidates:
            # A report may begin below the first level.
            return block if (typed and typed.day and typed.rest) or _is_dated(block) else None
    dated = [
        each for each in candidates if read_time(plain_heading(each.text)) or "{{" in each.text
    ]
    if not candidates and blocks and blocks[0].kind is BlockKind.PARAGRAPH:
        first = blocks[0]
        is_line = first.end == first.start + 1 and not first.level and len(first.text) < _TITLE
        return first if is_line and _is_dated(first) and not read_time(first.text) else None
    return next(iter(dated or candidates), None)


def _is_dated(block: Block) -> bool:
    day = find_day(block.text)
    return day is not None and day.year is not None


def _opens(block: Block, current: Area) -> SectionKind | None:
    """Return the kind of the section that a heading opens, or None if it belongs to the current one."""
    typed = read_time(plain_heading(block.text))
    if typed and (typed.clock or current.kind is SectionKind.TIMELINE):
        return None
    name = name_of(block.text)
    kind = kind_of(name)
    if current.kind is SectionKind.ACTION_ITEMS and block.level > current.level:
        return kind if kind not in {None, SectionKind.ACTION_ITEMS, SectionKind.OTHER} else None
    if current.kind is SectionKind.ACTION_ITEMS and kind is None and _has_only_groups(current):
        # The groups slipped to the level of the heading above them.
        return None
    if current.kind is SectionKind.TIMELINE and block.level > current.level:
        return kind if kind is not SectionKind.SUMMARY else None
    return kind or SectionKind.OTHER


def _distinguish_checklist(made: Sequence[Area]) -> None:
    """Tell the list of boxes named Actions, with which a form ends, from the action items before it."""
    named = [area for area in made if area.kind is SectionKind.ACTION_ITEMS]
    for area in named:
        is_second = area is not named[0] and area.title.lower() in {"actions", "action"}
        boxes = [block.text for block in area.blocks if block.kind is BlockKind.ITEM]
        if is_second or (boxes and all(_OF_FORM.search(text) for text in boxes)):
            area.kind = SectionKind.CHECKLIST


def _has_only_groups(area: Area) -> bool:
    return not area.blocks or (
        area.blocks[0].kind is BlockKind.HEADING and area.blocks[0].level <= area.level
    )


def _find_timed(made: Sequence[Area]) -> None:
    """Decide which sections are read for entries: timelines, parts of them, and others that have times."""
    named = any(area.kind is SectionKind.TIMELINE for area in made)
    level = 0
    for area in made:
        clocks = [block for block in area.blocks if _begins_with_clock(block)]
        if area.kind is SectionKind.TIMELINE:
            area.is_timed, level = True, area.level
        elif area.kind is SectionKind.ACTION_ITEMS:
            continue
        elif any(block.kind is BlockKind.HEADING for block in clocks):
            area.is_timed = True
        elif level and area.level > level:
            area.is_timed = bool(clocks)
        else:
            level = 0
            area.is_timed = not named and len(clocks) >= _LEAST_CLOCKS


def _begins_with_clock(block: Block) -> bool:
    texts = block.cells[:2] if block.kind is BlockKind.ROW else block.text.split("\n")
    if block.in_item:
        return False
    return any((typed := read_time(text)) is not None and typed.clock for text in texts)
