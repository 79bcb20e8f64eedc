"""Assembles the after-action report from the incident, its timeline and its action items.

The report is derived each time, so it can be drafted at any time and the same input gives the same
report. Its form determines the layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from bot.domain.actions import ActionItem
from bot.domain.backdated import known_times, without_buttons
from bot.domain.entry_order import moment, ordered
from bot.domain.incident import CLOSED, Incident
from bot.domain.milestones import Duration, Milestone, Times, durations
from bot.domain.mrkdwn import Named
from bot.domain.report_form import (
    ACTIONS,
    DATE,
    HUBS,
    LUCKY,
    SUMMARY,
    TIMELINE,
    TIMES,
    WRONG,
    ReportForm,
)
from bot.domain.timeline import EntryKind, Heading, Line, chosen
from bot.domain.typed_time import Unit, zone_name
from bot.domain.unfinished import is_unfinished

OTHER_GROUP = "Other"
Period = tuple[date, date]
"""The first and the last day."""

# Entries that appear in another part of the report, or concern the report and not the outage.
_NOT_IN_TIMELINE = frozenset(
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


@dataclass(frozen=True, kw_only=True)
class HubLink:
    """An affected hub and its public URL, which is empty if none is configured."""

    name: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A time in the timeline with all its lines.

    ``at`` is in the team's zone, truncated to what is shown; ``unit`` is the smallest that is shown.
    ``new_day`` marks the first moment of a new day, ``new_zone`` the first after a DST change. ``until`` is
    the end of a span, ``is_about`` whether the time is approximate.
    """

    at: datetime
    unit: Unit
    new_day: bool
    new_zone: bool
    lines: tuple[Line, ...]
    until: datetime | None = None
    is_about: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """Action items under one heading."""

    name: str
    items: tuple[ActionItem, ...]


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The four checkboxes at the end of a report, and whether they are ticked."""

    over: bool
    filled: bool
    cleaned: bool
    linked: bool

    def chosen(self, ticks: Mapping[str, bool]) -> Checks:
        """Return the checkboxes with those that people ticked or unticked, by their names."""
        return Checks(**{**asdict(self), **ticks})

    def untrue(self, ticks: Mapping[str, bool]) -> tuple[str, ...]:
        """Return the names of those that people ticked although they aren't so."""
        return tuple(name for name, is_so in asdict(self).items() if ticks.get(name) and not is_so)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The content of a report. Texts are as people typed them; ``named`` has the names of who and what
    they mention.

    ``date`` is the date of the report, ``period`` the first and the last day of the incident. ``times`` are
    the times of the incident that are known, ``durations`` how long it took to each. ``zone_names`` are the
    zone abbreviations in the timeline, usually one. ``gaps`` are the keys of the missing parts that its form
    requires. ``is_finished`` is whether no text has something that is still to be written, ``found`` what
    mayday finds of the checkboxes.
    """

    incident: Incident
    form: ReportForm
    date: date
    period: Period
    times: Times
    durations: tuple[Duration, ...]
    zone: ZoneInfo
    zone_names: tuple[str, ...]
    named: Named
    hubs: tuple[HubLink, ...]
    notes: tuple[Line, ...]
    moments: tuple[Moment, ...]
    wrong: tuple[Line, ...]
    lucky: tuple[Line, ...]
    groups: tuple[Group, ...]
    gaps: frozenset[str]
    is_finished: bool
    found: Checks

    @property
    def checks(self) -> Checks:
        """The checkboxes as people want them, or as mayday finds them."""
        return self.found.chosen(self.incident.report_options.ticks)

    @property
    def people(self) -> Mapping[str, str]:
        """The names of people by user id."""
        return self.named.people

    @property
    def items(self) -> tuple[ActionItem, ...]:
        """The action items in the order of the report."""
        return tuple(item for group in self.groups for item in group.items)

    def text(self, key: str) -> str:
        """Return what people wrote for a section, or an empty string."""
        return _text(self.incident, key)

    def heading(self, key: str, usual: str) -> str:
        """Return the heading of a section: the one of this report only, or the usual one."""
        return self.incident.report_options.headings.get(key) or usual

    def labels(self, usual: Iterable[str]) -> tuple[str, ...]:
        """Return the labels of this report only, or the usual ones and those of its form."""
        own = self.incident.report_options.labels
        return tuple(dict.fromkeys((*usual, *self.form.labels))) if own is None else own

    def assignees(self, usual: Iterable[str]) -> tuple[str, ...]:
        """Return the assignees of this report only, or the usual ones and those of its form."""
        own = self.incident.report_options.assignees
        return tuple(dict.fromkeys((*usual, *self.form.assignees))) if own is None else own


def assemble(
    incident: Incident,
    lines: Iterable[Line],
    items: Iterable[ActionItem],
    *,
    form: ReportForm,
    zone: ZoneInfo,
    named: Named,
    hub_urls: Mapping[str, str],
) -> Report:
    """Assemble a report. ``named`` names who and what is mentioned, ``hub_urls`` maps hub names to URLs."""
    incident = replace(incident, title=incident.shown_title)
    lines = list(lines)
    shown = _in_timeline(lines)
    times = known_times(incident, shown, zone)
    moments = _moments(without_buttons(incident, shown, zone), zone)
    notes = chosen(lines, Heading.SUMMARY)
    wrong = chosen(lines, Heading.WRONG)
    kept = sorted(items, key=lambda item: item.position)
    options = incident.report_options
    urls = {**hub_urls, **options.hub_urls}
    hubs = tuple(HubLink(name=name, url=urls.get(name, "")) for name in incident.hubs)
    answers = incident.answers
    lucky = chosen(lines, Heading.LUCKY)
    typed = [incident.title, incident.summary, *answers.texts.values()]
    typed += [text for one in options.extra for text in (one.heading, one.text)]
    typed += [item.title for item in kept]
    typed += [line.text for group in (shown, notes, wrong, lucky) for line in group]
    is_finished = not any(is_unfinished(text) for text in typed)
    report = Report(
        incident=incident,
        form=form,
        date=answers.report_date or first_day(incident, zone),
        period=_period(incident, times, moments, zone),
        times=times,
        durations=durations(times),
        zone=zone,
        zone_names=_zone_names(moments, incident, zone),
        named=named,
        hubs=hubs,
        notes=notes,
        moments=moments,
        wrong=wrong,
        lucky=lucky,
        groups=_groups(kept, always=()),
        gaps=frozenset(),
        is_finished=is_finished,
        found=Checks(
            over=not incident.is_open,
            filled=False,
            cleaned=incident.status == CLOSED and is_finished,
            linked=bool(kept) and all(item.is_tracked for item in kept),
        ),
    )
    return in_form(report, form)


def in_form(report: Report, form: ReportForm) -> Report:
    """Return the report in another form, with what that form requires and its groups of action items."""
    incident = report.incident
    collected = {
        SUMMARY: report.notes,
        HUBS: report.hubs,
        TIMELINE: [moment for moment in report.moments if _has_content(moment)],
        WRONG: report.wrong,
        LUCKY: report.lucky,
        ACTIONS: report.items,
        TIMES: incident.milestones,
    }
    gaps = {
        section.key
        for section in form.sections
        if section.required
        and not collected.get(section.key)
        and not report.text(section.key).strip()
    }
    if incident.answers.report_date is None:
        gaps.add(DATE)
    return replace(
        report,
        form=form,
        groups=_groups(report.items, always=form.groups),
        gaps=frozenset(gaps),
        found=replace(report.found, filled=not gaps and report.is_finished),
    )


def first_day(incident: Incident, zone: ZoneInfo) -> date:
    """Return the day on which the incident began as far as people say, or else on which it was declared."""
    begun = incident.milestones.get(Milestone.IMPACT)
    return (begun.at if begun else incident.declared_at).astimezone(zone).date()


def gaps(report: Report) -> tuple[str, ...]:
    """Return the keys of the missing parts in the order of the form."""
    order = [*(section.key for section in report.form.sections), DATE]
    return tuple(key for key in order if key in report.gaps)


def timeline_lines(incident: Incident, lines: Iterable[Line], zone: ZoneInfo) -> list[Line]:
    """Return the lines of the report's timeline in its order."""
    return ordered(without_buttons(incident, _in_timeline(lines), zone))


def _has_content(moment: Moment) -> bool:
    """Return whether the moment has entries other than declaring and resolving."""
    own = (EntryKind.DECLARED, EntryKind.RESOLVED)
    return any(line.entry.kind not in own for line in moment.lines)


def _text(incident: Incident, key: str) -> str:
    return incident.summary if key == SUMMARY else incident.answers.texts.get(key, "")


def _period(
    incident: Incident, times: Times, moments: tuple[Moment, ...], zone: ZoneInfo
) -> Period:
    """Return the first and the last day of the incident in the zone: as people say, or else as is known."""
    begun, ended = (incident.milestones.get(one) for one in (Milestone.IMPACT, Milestone.RESOLVED))
    known = [side for time in times.values() for side in (time.at, time.until) if side]
    known += [side for moment in moments for side in (moment.at, moment.until) if side]
    known = known or [incident.declared_at]
    first = begun.at if begun else min(known)
    last = max((ended.until or ended.at) if ended else max(known), first)
    return first.astimezone(zone).date(), last.astimezone(zone).date()


def _in_timeline(lines: Iterable[Line]) -> list[Line]:
    found = chosen(lines, Heading.TIMELINE)
    return [line for line in found if line.entry.kind not in _NOT_IN_TIMELINE]


def _moments(lines: Iterable[Line], zone: ZoneInfo) -> tuple[Moment, ...]:
    moments: list[Moment] = []
    zone_before = None
    for shown, group in groupby(ordered(lines), key=moment):
        kept = tuple(group)
        unit, at = kept[0].entry.time.unit, shown.at.astimezone(zone)
        before = moments[-1] if moments else None
        days = {side.date() for side in (before.at, before.until) if side} if before else set()
        moments.append(
            Moment(
                at=at,
                unit=unit,
                new_day=bool(days) and days != {at.date()},
                new_zone=zone_before not in (None, at.tzname()),
                lines=kept,
                until=shown.until.astimezone(zone) if shown.until > shown.at else None,
                is_about=shown.is_about,
            )
        )
        zone_before = at.tzname() if unit.has_clock else zone_before
    return tuple(moments)


def _zone_names(moments: tuple[Moment, ...], incident: Incident, zone: ZoneInfo) -> tuple[str, ...]:
    clocks = [moment for moment in moments if moment.unit.has_clock]
    times = [at for moment in clocks for at in (moment.at, moment.until) if at] or [
        incident.declared_at.astimezone(zone)
    ]
    return tuple(dict.fromkeys(zone_name(at) for at in times))


def _groups(items: Iterable[ActionItem], *, always: tuple[str, ...]) -> tuple[Group, ...]:
    """Return the items by group: the groups in ``always`` first, then the others by first use."""
    kept = sorted(items, key=lambda item: item.position)
    names = dict.fromkeys([*always, *(item.group.strip() or OTHER_GROUP for item in kept)])
    return tuple(
        Group(
            name=name,
            items=tuple(item for item in kept if (item.group.strip() or OTHER_GROUP) == name),
        )
        for name in names
    )
