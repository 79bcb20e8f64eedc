"""Finds the entries of a timeline: headings, list items, rows and lines that begin with a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import dedent

from bot.reports.blocks import Block, BlockKind
from bot.reports.outline import Area, name_of, plain_heading
from bot.reports.report import SectionKind
from bot.reports.times import find_day, find_time, read_time
from bot.reports.typed import Typed
from bot.reports.zones import ZONE, zone_of

_BULLET = re.compile(r"\s*(?:[-*+•●]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?")
_NAME = re.compile(
    r"(?P<name>@?[A-Z][\w.'’-]{0,30}(?:\s[A-Z][\w.'’-]{0,30}){0,2}),?\s{1,4}(?=[\[(]?\d{1,2}:\d\d)"
)
_CELL = re.compile(r"(?<!\\)\|")
_NESTED = 3
_STATED = re.compile(r"\btimes?(?:\s?zone|stamps?)?\b(?P<between>[^.\n]{0,40})", re.IGNORECASE)
_ALL = re.compile(r"\b(?:(?:all )?times|time\s?zone)\b", re.IGNORECASE)
_CITY = re.compile(r"(?:\bin|\bare|:)\s+(?P<name>[A-Z][a-z]+(?:[ _][A-Z][a-z]+)?)(?=[\s.*_)]|$)")
_STATEMENT = 160
"""Characters of the longest sentence that is taken for a statement of the zone."""
_Lines = Sequence[str] | Mapping[int, str]
"""Lines by their number from 0."""
_QUOTE = re.compile(r"(?:\s{0,3}>\s?)*")
_RULES = frozenset({"---", "***", "___", ">"})


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A line at which an entry begins, or a day or a zone that holds from there.

    Attributes:
        line: from 0.
        body: the first line of text below it.
        raw: the time as typed.
        rest: the text on its own line.
        is_entry: False for a heading of a day.
        zone: the zone that is stated here, or empty.
    """

    line: int
    body: int
    raw: str = ""
    rest: str = ""
    typed: Typed | None = None
    is_entry: bool = True
    zone: str = ""


def stated_zone(text: str) -> str:
    """Return the zone of ``All times in PST`` and ``Time (UTC)`` in a short text, or an empty one."""
    if len(text) > _STATEMENT:
        return ""
    for stated in _STATED.finditer(text):
        for found in ZONE.finditer(text, stated.end("between") - len(stated["between"])):
            before = text[found.start() - 1]
            if found.start() - stated.start() <= 40 and not before.isalnum():
                return found[0].strip().rstrip("(")
        for city in _CITY.finditer(stated["between"]):
            if zone_of(city["name"]):
                return city["name"]
    return ""


def zone_elsewhere(found: Iterable[Area]) -> str:
    """Return the zone that a section without entries states for all times, or an empty one."""
    for area in found:
        for block in area.blocks:
            if block.kind is BlockKind.PARAGRAPH and (zone := _all_times(block.text)):
                return zone
    return ""


def _all_times(text: str) -> str:
    said = _ALL.search(text)
    return stated_zone(text[said.start() : said.start() + _STATEMENT]) if said else ""


def marks(area: Area, lines: Sequence[str]) -> list[Mark]:
    """Return the marks of a section in the order of its lines."""
    found: list[Mark] = []
    title_zone = stated_zone(area.title)
    if not title_zone and area.kind is SectionKind.TIMELINE and (zone := ZONE.search(area.title)):
        title_zone = zone[0]
    day = find_day(area.title) if area.kind is not SectionKind.PREAMBLE else None
    typed = Typed(raw="", rest="", day=day) if day else None
    found.append(
        Mark(line=area.start, body=area.body, typed=typed, is_entry=False, zone=title_zone)
    )
    for block in area.blocks:
        found.extend(_marks(block, lines))
    if not any(mark.is_entry for mark in found):
        # The whole timeline is a quotation.
        own = {number: lines[number] for number in range(area.start, area.end)}
        unquoted = {number: line[_end(_QUOTE, line) :] for number, line in own.items()}
        for block in area.blocks:
            found.extend(_marks(block, unquoted))
    return sorted(
        (each for each in found if area.start <= each.line < area.end), key=lambda each: each.line
    )


def texts(found: Sequence[Mark], lines: Sequence[str], end: int) -> Iterator[tuple[Mark, str]]:
    """The marks with their texts: the rest of their line and what follows up to the next mark."""
    stops = [after.line for _before, after in pairwise(found)] + [end]
    for mark, stop in zip(found, stops, strict=True):
        below = dedent("\n".join(lines[mark.body : stop]).rstrip()).strip("\n")
        below = below.removeprefix(": ")
        text = f"{mark.rest}\n{below}" if mark.rest and below else mark.rest or below
        yield mark, _without_rules(text).strip()


def _without_rules(text: str) -> str:
    """Return the text without the thematic breaks at its end, which divide the report."""
    kept = text.split("\n")
    while kept and (not kept[-1].strip() or kept[-1].strip() in _RULES):
        kept.pop()
    return "\n".join(kept)


def _marks(block: Block, lines: _Lines) -> Iterator[Mark]:
    if block.kind is BlockKind.HEADING:
        yield _heading(block)
    elif block.kind is BlockKind.ITEM:
        yield from _item(block, lines)
    elif block.kind is BlockKind.ROW:
        yield from _row(block, lines)
    elif block.kind is BlockKind.PARAGRAPH and not block.in_item:
        yield from _paragraph(block, lines)


def _end(pattern: re.Pattern[str], line: str) -> int:
    found = pattern.match(line)
    return found.end() if found else 0


def _heading(block: Block) -> Mark:
    text = " ".join(plain_heading(block.text).split())
    typed = read_time(text)
    if typed and typed.clock:
        return _mark(block.start, block.end, typed)
    inside = find_time(text)
    if inside:
        day = inside.day or (typed.day if typed else find_day(text))
        whole = Typed(
            raw=text,
            rest="",
            day=day,
            clock=inside.clock,
            until=inside.until,
            until_day=inside.until_day,
            zone=inside.zone,
        )
        return Mark(line=block.start, body=block.end, raw=text, typed=whole)
    only_day = typed is not None and not typed.rest
    if typed is None and (day := find_day(text)):
        typed = Typed(raw=text, rest="", day=day, is_mentioned=True)
    return Mark(
        line=block.start,
        body=block.end,
        raw=name_of(text) if only_day else text,
        typed=replace(typed, raw=text, rest="") if typed else None,
        zone=stated_zone(text),
    )


def _item(block: Block, lines: _Lines) -> Iterator[Mark]:
    line = lines[block.start]
    bullet = _BULLET.match(line)
    # An item may begin with another: "- - 10:05".
    for _ in range(_NESTED):
        bullet = (bullet and _BULLET.match(line, bullet.end())) or bullet
    typed = read_time(line[bullet.end() :]) if bullet else None
    if typed is None:
        if bullet and (mark := _by_name(line[bullet.end() :], block.start)):
            yield mark
        return
    if typed.clock or typed.rest:
        yield _mark(block.start, block.start + 1, typed)
    else:
        yield Mark(line=block.start, body=block.start + 1, typed=typed, is_entry=False)


def _paragraph(block: Block, lines: _Lines) -> Iterator[Mark]:
    first = read_time(lines[block.start].strip())
    zone = "" if first and first.clock else stated_zone(" ".join(block.text.split()))
    if zone:
        # "All times in PST, starting on 2017-02-23" names the day of the first entry, too.
        day = find_day(block.text)
        typed = Typed(raw="", rest="", day=day) if day else None
        yield Mark(line=block.start, body=block.start, typed=typed, is_entry=False, zone=zone)
        return
    for number in range(block.start, block.end):
        typed = read_time(lines[number].strip())
        if typed is None:
            mark = _by_name(lines[number].strip(), number)
            if mark and mark.typed and not mark.typed.rest:
                yield mark
            continue
        if typed.clock and (
            not typed.has_lead or typed.raw != lines[number].strip()[: len(typed.raw)]
        ):
            yield _mark(number, number + 1, typed)
        elif typed.day and not typed.clock and not typed.rest:
            yield Mark(line=number, body=number + 1, typed=typed, is_entry=False)


def _row(block: Block, lines: _Lines) -> Iterator[Mark]:
    if block.is_header:
        # The names of the columns belong to no entry.
        zone = next(filter(None, map(stated_zone, block.cells)), "")
        yield Mark(line=block.start, body=block.end, is_entry=False, zone=zone)
        return
    cells = [cell.replace("&nbsp;", " ") for cell in block.cells]
    # The parser drops the cells that a row has in excess.
    cells += [cell.strip() for cell in _CELL.split(lines[block.start].strip().strip("|"))][
        len(cells) :
    ]
    for index in range(min(2, len(block.cells))):
        typed = read_time(cells[index])
        used = index + 1
        if typed and not typed.clock and not typed.rest and len(cells) > used + 1:
            both = f"{cells[index]} {cells[used]}"
            joined = read_time(both)
            if joined and joined.clock:
                typed, used = joined, used + 1
        if typed is None or (typed.rest and not typed.clock):
            continue
        others = (*cells[:index], typed.rest, *cells[used:])
        rest = " | ".join(cell for cell in others if cell)
        yield Mark(line=block.start, body=block.end, raw=typed.raw, rest=rest, typed=typed)
        return


def _by_name(text: str, line: int) -> Mark | None:
    """Return the mark of ``Ana (10:05): text`` and of ``Ana 10:05 AM``, as a chat is copied, or None."""
    named = _NAME.match(text)
    typed = read_time(text[named.end() :]) if named else None
    if named is None or typed is None or typed.clock is None:
        return None
    after = text[named.end() :].partition(typed.raw)[2].lstrip()
    if after and after[0] not in ":-–—":
        return None
    rest = f"{named['name']}: {typed.rest}" if typed.rest else named["name"]
    return Mark(line=line, body=line + 1, raw=typed.raw, rest=rest, typed=typed)


def _mark(line: int, body: int, typed: Typed) -> Mark:
    return Mark(line=line, body=body, raw=typed.raw, rest=typed.rest, typed=typed)
