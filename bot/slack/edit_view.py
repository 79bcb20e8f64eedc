"""The pages of *Edit report* as of now, from what the services know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.incident import Incident
from bot.domain.report import timeline_lines
from bot.domain.timeline import EntryKind, Line
from bot.render import edit_pages as pages
from bot.render.edit_notice import part_words
from bot.render.edit_pages import Page, Said
from bot.services.part_names import sections
from bot.slack.context import HandlerContext
from bot.slack.edit_publishing import notice

_ELSEWHERE = frozenset(
    {
        EntryKind.ACTION_ITEM,
        EntryKind.CLOSED,
        EntryKind.PUBLISHED,
        EntryKind.CHANNEL,
        EntryKind.PRIVATE,
        EntryKind.MERGED,
        EntryKind.INVITED,
        EntryKind.EDITED,
    }
)
"""Entries that concern the report and not the outage, or are edited as action items."""


def view(
    context: HandlerContext,
    incident: Incident,
    which: Page,
    number: int = 0,
    *,
    may_publish: bool,
    said: Said | None = None,
    entry_id: int = 0,
) -> dict[str, Any]:
    """The modal with a page. ``entry_id`` is an entry that the page of the timeline has to show.

    ``may_publish`` is whether the person may approve the report.
    """
    incident = context.incidents.get(incident.id)
    lines = context.record.lines(incident.id)
    items = context.edits.items(incident.id)
    found, in_timeline = entries(incident, lines, context.settings.zone)
    if entry_id:
        at = next((n for n, line in enumerate(found) if line.entry.id == entry_id), 0)
        number = at // pages.PER_PAGE
    match which:
        case Page.REPORT:
            zone = context.settings.zone
            content = pages.report_page(
                incident,
                sections(context.settings, incident),
                zone=zone,
                has_front=any(f.uses("front.name") for f in context.settings.target_forms),
                has_checks=any(f.uses("checks.") for f in context.settings.target_forms),
                untrue=context.reports.untrue_ticks(incident.id),
            )
        case Page.TIMELINE:
            content = pages.entries_page(
                found, number, timeline=in_timeline, zone=context.settings.zone
            )
        case Page.ITEMS:
            content = pages.items_page(items)
        case Page.CHANGES:
            content = pages.changes_page(_changes(context, incident, lines))
    return pages.page(
        incident,
        which,
        number,
        content,
        counts={Page.TIMELINE: len(in_timeline), Page.ITEMS: len(items)},
        notice=notice(context, incident, may_publish=may_publish),
        said=said,
    )


def entries(
    incident: Incident, lines: Sequence[Line], zone: ZoneInfo
) -> tuple[list[Line], list[int]]:
    """The entries that can be edited: those of the timeline, those filed elsewhere, and those that were
    removed; with the ids of the first in their order."""
    timeline = timeline_lines(incident, lines, zone)
    in_timeline = [line.entry.id for line in timeline]
    rest = [
        line
        for line in lines
        if line.entry.id not in in_timeline and line.entry.kind not in _ELSEWHERE
    ]
    filed = [line for line in rest if line.is_shown and line.headings]
    removed = [line for line in rest if line.entry.deleted_at is not None]
    return [*timeline, *filed, *removed], in_timeline


def part_name(context: HandlerContext, incident: Incident, part: str) -> str:
    """What a part is called."""
    return context.edits.name(incident.id, part) or part_words(part)


def _changes(
    context: HandlerContext, incident: Incident, lines: Sequence[Line]
) -> list[pages.Change]:
    revisions = context.edits.history(incident.id, limit=pages.MOST_CHANGES)
    names = {one.part: part_name(context, incident, one.part) for one in revisions}
    found = pages.part_changes(revisions, names) + pages.entry_changes(lines)
    return sorted(found, key=lambda one: one.at, reverse=True)[: pages.MOST_CHANGES]
