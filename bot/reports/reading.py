"""Reads a published report of any house into a value, and warns about what it can't understand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot.reports.action_items import items as items_of
from bot.reports.blocks import blocks, readable
from bot.reports.comments import without_comments
from bot.reports.forms import form_of
from bot.reports.front_matter import front_matter
from bot.reports.heading import (
    Heading,
    dated_in,
    day_near,
    heading,
    pager_title,
    typed_day,
    words_of,
    years_in,
)
from bot.reports.lost_headings import restored
from bot.reports.outline import Area, areas
from bot.reports.report import (
    ImportedEntry,
    ImportedItem,
    ImportedReport,
    Part,
    Section,
    SectionKind,
)
from bot.reports.resolving import Context
from bot.reports.timeline import Mark, marks, texts, zone_elsewhere
from bot.reports.typed import Clock
from bot.reports.unfold import is_folded, unfolded
from bot.reports.warnings import Doubt, ReadWarning, warning
from bot.reports.zones import reading_of, zone_of

_SUMMARY = re.compile(
    r"^[\s>*_]{0,4}(?:summary|tl;?dr)[*_]{0,2}:[*_]{0,2}[ \t]*(?P<text>\S.*(?:\n[ \t]*\S.*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$")


@dataclass(kw_only=True)
class _Timeline:
    """The entries as they are read, with the warnings and the lines at which they begin."""

    entries: list[ImportedEntry] = field(default_factory=list)
    warnings: list[ReadWarning] = field(default_factory=list)
    first_zone: str = ""
    is_dated: bool = False


def read_report(text: str, *, path: str = "", opened: date | None = None) -> ImportedReport:
    """Return what the report says. Any text is a report; its lines are all kept, in their order.

    ``path`` is only shown, and read for a date. ``opened`` is the day on which it was opened as an issue,
    which is its date if it names none.
    """
    text = text.removeprefix("\ufeff")
    folded = is_folded(text)
    raw = _LINE.findall(unfolded(text) if folded else text)
    lines = [line.rstrip("\r\n") for line in raw]
    matter, first, problem = front_matter(lines)
    count = readable(lines)
    visible = [""] * first + lines[first:count]
    title_block, found = areas(blocks(restored(visible)), first=first, end=len(lines))
    _give_unread_to_last(found, count)
    head = heading(matter, title_block.text if title_block else pager_title(visible), path)
    day = head.day or _stated_date(found)
    marked = [(area, marks(area, lines)) for area in found if area.is_timed]
    years = years_in(head, path)
    first_day = dated_in((mark.typed for _area, each in marked for mark in each), years)
    warnings = [warning(Doubt.FRONT_MATTER, 1, why=problem)] if problem else []
    warnings += [warning(Doubt.ONE_LINE, 1)] if folded else []
    warnings += [warning(Doubt.TOO_LONG, count + 1)] if count < len(lines) else []
    day, said = _date(day, first_day, head, years)
    if day is None and first_day is None and opened:
        day, said = opened, [warning(Doubt.DATE_OF_ISSUE, date=opened)]
    warnings += said
    elsewhere = zone_elsewhere(area for area in found if not area.is_timed)
    timeline = _timeline(marked, lines, day or first_day, elsewhere or head.zone)
    zone = timeline.first_zone
    items = [
        item
        for area in found
        if area.kind is SectionKind.ACTION_ITEMS
        for item in items_of(area, lines)
    ]
    sections = _sections(found, lines, first, head)
    summary = _summary(sections) or words_of(matter.get("description"))
    warnings += _missing(head, marked, timeline, zone)
    warnings += _other_evening(found, summary, day, timeline)
    return ImportedReport(
        path=path,
        title=head.title,
        date=day,
        zone=zone,
        format=form_of(matter, path, found, head),
        summary=summary,
        timeline=tuple(timeline.entries),
        sections=sections,
        items=tuple(items),
        parts=_parts(_as_written(raw, text), found, timeline.entries, items),
        warnings=(*warnings, *timeline.warnings),
        is_one_line=folded,
        unread_from=count + 1 if count < len(lines) else 0,
    )


def _give_unread_to_last(found: Sequence[Area], count: int) -> None:
    """Entries are looked for only in the lines that were read; the section keeps the others."""
    for area in found:
        area.blocks = [block for block in area.blocks if block.start < count]


def _date(
    day: date | None, first: date | None, head: Heading, years: set[int]
) -> tuple[date | None, list[ReadWarning]]:
    """Return the date of the report, and what is odd about it."""
    if day is None and first is None:
        return None, [warning(Doubt.NO_DATE)]
    if day is None and first is not None:
        if years and first.year not in years:
            named = ", ".join(map(str, sorted(years)))
            return None, [
                warning(Doubt.NO_DATE),
                warning(Doubt.OTHER_YEAR, date=first, years=named),
            ]
        return first, [warning(Doubt.DATE_OF_ENTRY, date=first)]
    if head.name_date and day and head.name_date != day:
        if first == head.name_date:
            return first, [warning(Doubt.WRONG_DATE, name=first, date=day)]
        return day, [warning(Doubt.OTHER_DATE, name=head.name_date, date=day)]
    return day, []


def _timeline(
    marked: Iterable[tuple[Area, Sequence[Mark]]],
    lines: Sequence[str],
    day: date | None,
    title_zone: str,
) -> _Timeline:
    made = _Timeline()
    marked = list(marked)
    everything = [mark for _area, each in marked for mark in each]
    stated = next((mark.zone for mark in everything if mark.zone), "")
    typed = next((mark.typed.zone for mark in everything if mark.typed and mark.typed.zone), "")
    made.first_zone = stated or title_zone or typed
    context = Context(
        report_date=day,
        day=day,
        zone=made.first_zone,
        is_stated=bool(stated or title_zone),
        is_24_hours=any(mark.typed and _is_24_hours(mark.typed.clock) for mark in everything),
    )
    for area, each in marked:
        for mark, text in texts(each, lines, area.end):
            if mark.zone:
                context.zone, context.is_stated = mark.zone, True
            if mark.typed and mark.typed.day:
                made.is_dated = True
            if not mark.is_entry or (not _has_clock(mark) and not text):
                if mark.typed and mark.typed.day:
                    context.see_day(mark.typed.day)
                elif mark.typed and mark.typed.days_later is not None:
                    context.see_later(mark.typed.days_later)
                continue
            resolved = context.resolve(mark.typed, mark.raw)
            made.warnings += [
                warning(doubt, mark.line + 1, **said) for doubt, said in resolved.doubts
            ]
            made.entries.append(
                ImportedEntry(
                    line=mark.line + 1,
                    raw=mark.raw,
                    at=resolved.at,
                    until=resolved.until,
                    day=resolved.day,
                    until_day=resolved.until_day,
                    text=text,
                    is_impossible=resolved.is_impossible,
                )
            )
    return made


def _has_clock(mark: Mark) -> bool:
    return mark.typed is not None and mark.typed.clock is not None


def _is_24_hours(clock: Clock | None) -> bool:
    """Return whether a clock can only be one of 24 hours: 13:05, 0:15 and 09:05."""
    if clock is None or clock.half:
        return False
    return clock.hour == 0 or clock.hour > 12 or (clock.is_padded and clock.hour < 10)


def _missing(
    head: Heading, marked: Sequence[tuple[Area, object]], timeline: _Timeline, zone: str
) -> list[ReadWarning]:
    said = [] if head.title else [warning(Doubt.NO_TITLE)]
    line = marked[0][0].start + 1 if marked else 0
    if not marked:
        said.append(warning(Doubt.NO_TIMELINE))
    elif not timeline.entries:
        said.append(warning(Doubt.NO_ENTRIES, line))
    elif not zone:
        said.append(warning(Doubt.NO_ZONE, line))
    if zone and zone_of(zone) is None:
        said.append(warning(Doubt.UNKNOWN_ZONE, line, zone=zone))
    if zone and (reading := reading_of(zone)):
        said.append(warning(Doubt.SEVERAL_ZONES, line, zone=zone, reading=reading))
    return said


def _stated_date(found: Sequence[Area]) -> date | None:
    """Return the day of a row or a line named Date, as far as one stands in a section without entries."""
    rows = (
        tuple(block.cells) or tuple(block.text.partition(":")[::2])
        for area in found
        if not area.is_timed
        for block in area.blocks
    )
    return next(filter(None, (dated_cells(row) for row in rows)), None)


def dated_cells(cells: Sequence[str]) -> date | None:
    """Return the day of cells such as ``**Date**`` and ``2023-05-01``, or None."""
    if len(cells) < 2 or cells[0].strip("*_: ").lower() not in _DATES:
        return None
    return dated_in([typed_day(cells[1].strip("*_: "))])


_DATES = frozenset(
    {
        *("date", "incident date", "date of incident", "start", "start time", "started"),
        *("impact start", "incident start", "when"),
    }
)


def _sections(
    found: Sequence[Area], lines: Sequence[str], first: int, head: Heading
) -> tuple[Section, ...]:
    made = [
        Section(
            title="Front matter",
            kind=SectionKind.FRONT_MATTER,
            level=0,
            line=1,
            text="\n".join(lines[1 : first - 1]),
        )
    ] * bool(first)
    used = Counter(section.title for section in made)
    for area in found:
        text = "\n".join(lines[area.body : area.end]).strip()
        is_title = area.kind is SectionKind.PREAMBLE
        if is_title and not text and not (area.title and head.is_more_than_title):
            continue
        title = area.title or ("Preamble" if is_title else "Untitled")
        used[title] += 1
        title = f"{title} ({used[title]})" if used[title] > 1 else title
        made.append(
            Section(title=title, kind=area.kind, level=area.level, line=area.start + 1, text=text)
        )
    return tuple(made)


def _summary(sections: Sequence[Section]) -> str:
    """Return the text of the summary, or of what comes nearest to one, without hidden comments."""
    for wanted in (
        lambda each: each.kind is SectionKind.SUMMARY,
        lambda each: each.title.lower() in {"what happened", "what happened?", "description"},
        lambda each: each.kind is SectionKind.PREAMBLE,
    ):
        for section in filter(wanted, sections):
            text = "\n".join(without_comments(section.text.split("\n"))).strip()
            if section.kind is SectionKind.PREAMBLE and (named := _SUMMARY.search(text)):
                return named["text"].strip()
            if text:
                return text
    return ""


def _other_evening(
    found: Sequence[Area], summary: str, day: date | None, timeline: _Timeline
) -> list[ReadWarning]:
    """Return a warning if all times are read on the report's date, but the summary names another day."""
    if day is None or timeline.is_dated or not timeline.entries:
        return []
    named = day_near(summary, day)
    if named is None or named == day:
        return []
    line = next((area.start + 1 for area in found if area.kind is SectionKind.SUMMARY), 1)
    return [warning(Doubt.OTHER_DAY, line, day=named, date=day)]


def _as_written(raw: Sequence[str], text: str) -> Iterator[str]:
    """The lines with their ends as in the text, in which white space may stand for some ends."""
    begin = 0
    for line in raw:
        yield text[begin : begin + len(line)]
        begin += len(line)


def _parts(
    written: Iterable[str],
    found: Sequence[Area],
    entries: Sequence[ImportedEntry],
    items: Sequence[ImportedItem],
) -> tuple[Part, ...]:
    """Return the text in parts that begin at sections, their text, entries and items."""
    raw = list(written)
    starts = {0}
    starts.update(area.start for area in found)
    starts.update(area.body for area in found)
    starts.update(each.line - 1 for each in entries)
    starts.update(each.line - 1 for each in items)
    ordered = sorted(start for start in starts if start < len(raw))
    ends = [*ordered[1:], len(raw)][: len(ordered)]
    return tuple(
        Part(line=start + 1, raw="".join(raw[start:end]))
        for start, end in zip(ordered, ends, strict=True)
        if end > start
    )
