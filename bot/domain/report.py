"""The after-action report: what was recorded, put in the order in which a reader needs it.

Everything here is derived each time from the incident, its timeline and its action items, so a
report can be drafted at any moment and drafting it twice gives the same. How it looks is up to the
templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.domain.actions import DEFAULT_GROUPS, ActionItem
from bot.domain.incident import CLOSED, Incident
from bot.domain.timeline import EntryKind, Heading, Line, chosen

OTHER_GROUP = "Other"

# What is told by another part of the report, or is about the report rather than about the outage.
_NOT_TOLD = frozenset({EntryKind.ACTION_ITEM, EntryKind.CLOSED, EntryKind.PUBLISHED})
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\b(?:TODO|TBD|FIXME)\b")


class Form(StrEnum):
    """The two houses' forms of a report."""

    CLASSIC = "2017"
    AFTER_ACTION = "2024"


class Gap(StrEnum):
    """Something that a finished report has and this one lacks."""

    SUMMARY = "summary"
    IMPACT = "impact"
    HUBS = "hubs"
    TIMELINE = "timeline"
    WRONG = "wrong"
    CONCLUSION = "conclusion"
    ACTIONS = "actions"
    DATE = "date"


_ASKED_FOR = {
    Form.CLASSIC: frozenset({Gap.SUMMARY, Gap.TIMELINE, Gap.CONCLUSION, Gap.ACTIONS, Gap.DATE}),
    Form.AFTER_ACTION: frozenset(
        {Gap.SUMMARY, Gap.IMPACT, Gap.HUBS, Gap.TIMELINE, Gap.WRONG, Gap.ACTIONS, Gap.DATE}
    ),
}


@dataclass(frozen=True, kw_only=True)
class HubLink:
    """A hub that was affected and the address its users know; empty where none is configured."""

    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time of the timeline with all that happened at it.

    ``at`` is in the team's zone, cut to what is shown; ``seconds`` says that they are shown.
    ``new_day`` marks the first moment of another day than the one before, ``new_zone`` the first
    after the clocks were changed.
    """

    at: datetime
    seconds: bool
    new_day: bool
    new_zone: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Action items under one heading."""

    name: str
    items: tuple[ActionItem, ...]


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The four boxes at a report's end, each true only when it is so."""

    over: bool
    filled: bool
    cleaned: bool
    linked: bool


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that a report says. Texts are as people typed them; ``people`` names who they mention.

    ``date`` is the day it is filed under. ``zone_names`` are the abbreviations in use over the
    timeline, usually one. ``gaps`` are those that its form asks for.
    """

    incident: Incident
    form: Form
    date: date
    zone: ZoneInfo
    zone_names: tuple[str, ...]
    people: Mapping[str, str]
    hubs: tuple[HubLink, ...]
    notes: tuple[Line, ...]
    moments: tuple[Moment, ...]
    wrong: tuple[Line, ...]
    lucky: tuple[Line, ...]
    groups: tuple[Group, ...]
    gaps: frozenset[Gap]
    checks: Checks

    @property
    def items(self) -> tuple[ActionItem, ...]:
        """The action items in the order in which they are printed."""
        return tuple(item for group in self.groups for item in group.items)


def assemble(
    incident: Incident,
    lines: Iterable[Line],
    items: Iterable[ActionItem],
    *,
    form: Form,
    zone: ZoneInfo,
    people: Mapping[str, str],
    hub_urls: Mapping[str, str],
) -> Report:
    """Put a report together. ``people`` maps user ids to names, ``hub_urls`` hubs to addresses."""
    lines = list(lines)
    moments = _moments(lines, zone)
    notes = chosen(lines, Heading.SUMMARY)
    wrong = chosen(lines, Heading.WRONG)
    groups = _groups(items, always=DEFAULT_GROUPS if form is Form.AFTER_ACTION else ())
    hubs = tuple(HubLink(name=name, url=hub_urls.get(name, "")) for name in incident.hubs)
    kept = [item for group in groups for item in group.items]
    answers = incident.answers
    missing = {
        Gap.SUMMARY: not incident.summary.strip() and not notes,
        Gap.IMPACT: not answers.impact.strip(),
        Gap.HUBS: not hubs,
        Gap.TIMELINE: not any(_tells(moment) for moment in moments),
        Gap.WRONG: not wrong,
        Gap.CONCLUSION: not answers.conclusion.strip(),
        Gap.ACTIONS: not kept,
        Gap.DATE: answers.report_date is None,
    }
    gaps = frozenset(gap for gap, is_so in missing.items() if is_so and gap in _ASKED_FOR[form])
    typed = [incident.title, incident.summary, answers.impact, answers.conclusion]
    typed += [item.title for item in kept]
    return Report(
        incident=incident,
        form=form,
        date=answers.report_date or incident.declared_at.astimezone(zone).date(),
        zone=zone,
        zone_names=_zone_names(moments, incident, zone),
        people=MappingProxyType(dict(people)),
        hubs=hubs,
        notes=notes,
        moments=moments,
        wrong=wrong,
        lucky=chosen(lines, Heading.LUCKY),
        groups=groups,
        gaps=gaps,
        checks=Checks(
            over=not incident.is_open,
            filled=not gaps,
            cleaned=incident.status == CLOSED
            and not any(_PLACEHOLDER.search(text) for text in typed),
            linked=bool(kept) and all(item.is_followed for item in kept),
        ),
    )


def gaps(report: Report) -> tuple[Gap, ...]:
    """What is missing, in the order of the report; closing asks for it."""
    return tuple(gap for gap in Gap if gap in report.gaps)


def _tells(moment: Moment) -> bool:
    """There is more to read at this moment than that the incident was declared and resolved."""
    own = (EntryKind.DECLARED, EntryKind.RESOLVED)
    return any(line.entry.kind not in own for line in moment.lines)


def _shown(line: Line) -> tuple[datetime, bool]:
    """The moment of a line in UTC, cut to what is shown, and whether its seconds are.

    Zones differ from UTC by whole minutes since 1972, so cutting before converting is safe.
    """
    at = line.entry.at
    precise = line.entry.data.get("precision") == "second" and at.second != 0
    return at.replace(second=at.second if precise else 0, microsecond=0), precise


def _moments(lines: Iterable[Line], zone: ZoneInfo) -> tuple[Moment, ...]:
    told = [line for line in chosen(lines, Heading.TIMELINE) if line.entry.kind not in _NOT_TOLD]
    told.sort(key=lambda line: (*_shown(line), line.entry.at, line.entry.id))
    moments: list[Moment] = []
    for (shown, seconds), group in groupby(told, key=_shown):
        at = shown.astimezone(zone)
        before = moments[-1].at if moments else at
        moments.append(
            Moment(
                at=at,
                seconds=seconds,
                new_day=at.date() != before.date(),
                new_zone=at.tzname() != before.tzname(),
                lines=tuple(group),
            )
        )
    return tuple(moments)


def _zone_names(moments: tuple[Moment, ...], incident: Incident, zone: ZoneInfo) -> tuple[str, ...]:
    times = [moment.at for moment in moments] or [incident.declared_at.astimezone(zone)]
    return tuple(dict.fromkeys(zone_name(at) for at in times))


def zone_name(at: datetime) -> str:
    """The abbreviation people know (``PST``), else the distance from UTC (``UTC+04``)."""
    name = at.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def _groups(items: Iterable[ActionItem], *, always: tuple[str, ...]) -> tuple[Group, ...]:
    """The items by group: those the form always shows first, the rest as they first came up."""
    kept = sorted(items, key=lambda item: item.position)
    names = dict.fromkeys([*always, *(item.group.strip() or OTHER_GROUP for item in kept)])
    return tuple(
        Group(
            name=name,
            items=tuple(item for item in kept if (item.group.strip() or OTHER_GROUP) == name),
        )
        for name in names
    )
