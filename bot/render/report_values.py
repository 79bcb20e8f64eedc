"""What a form's templates can show of a report.

Every text is Markdown with all markup escaped that people didn't mean, or a JSON string for front matter, so
that no template can show typed text as it was typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from bot.domain.actions import ActionItem, link_kind
from bot.domain.item_words import links_in
from bot.domain.milestones import Milestone
from bot.domain.report import OTHER_GROUP, Moment, Report
from bot.domain.report_form import (
    ACTIONS,
    DATE,
    HUBS,
    LUCKY,
    SUMMARY,
    TIMELINE,
    TIMES,
    WRONG,
    FormSection,
)
from bot.domain.timeline import Line
from bot.render import milestones
from bot.render.lines import entry_words
from bot.render.markdown import Names, bare, inline, link, literal, neutral
from bot.render.report_rows import EntryRow, Front, GroupRow, ItemRow, SectionRow, TimeRow
from bot.render.text import cut
from bot.render.times import clocks, day_words, months

ABOUT_LIMIT = 200
NOTHING = "_Nothing was recorded._"
NO_DATE = "Which date does the report have?"
FUNCTIONS = ("box", "cell", "gap", "has", "heading", "section")
"""What templates may call."""

_LIST_MARK = re.compile(r"^\s*[-*•]\s+", re.MULTILINE)
_FRONT = frozenset({"name", "about"})
"""Keys of texts that only front matter shows."""
_USUAL = {
    "impact": "User impact",
    WRONG: "What went wrong",
    LUCKY: "Where we got lucky",
    "well": "What went well",
    "what_happened": "What happened",
    "after": "After-action report",
    "checks": "Actions",
    "lessons": "Lessons learnt",
    TIMES: "Times",
}
"""Headings of sections that a form doesn't name."""
_MEASURES = {
    Milestone.DETECTED: "Time to detect",
    Milestone.DECLARED: "Time to declare",
    Milestone.MITIGATED: "Time to mitigate",
}


def names_of(report: Report) -> Names:
    """Return the names of who and what the report mentions."""
    named = report.named
    return Names(
        people=named.people, groups=named.groups, channels=named.channels, zone=report.zone
    )


def values(
    report: Report,
    *,
    issue_title: str,
    labels: Sequence[str],
    assignees: Sequence[str],
    draft: bool,
    front: bool,
) -> dict[str, Any]:
    """Return the values by their names in templates. In a ``draft`` every missing part is marked."""
    names = names_of(report)
    form, style = report.form, report.form.style
    texts = _texts(report, names, draft=draft)
    functions = _Functions(report, texts, draft=draft)
    rows = {key: functions.row(key) for key in (each.key for each in form.sections)}
    return {
        **functions.by_name,
        "date": day_words(report.date, style).replace(",", ""),
        "title": literal(bare(report.incident.title, names)) or "Incident",
        "severity": literal(report.incident.severity),
        "status": literal(report.incident.status),
        "front": _front(report, names, issue_title, labels, assignees) if front else None,
        "sections": tuple(rows.values()),
        "others": _others(report, texts, names),
        "entries": _entries(report, names),
        "groups": tuple(
            GroupRow(
                name=literal(group.name) or OTHER_GROUP,
                rows=tuple(_item(item, names) for item in group.items),
            )
            for group in report.groups
        ),
        "items": tuple(_item(item, names) for item in report.items),
        "hubs": tuple(link(hub.name, hub.url) for hub in report.hubs),
        "times": _times(report),
        "impact_time": _impact_time(report),
        "duration": _duration(report),
        "zone": ", then ".join(report.zone_names),
        "zone_line": _zone_line(report),
        "first_day": day_words(_first_day(report), style),
        "checks": report.checks,
    }


class _Functions:
    """The functions that templates may call. ``texts`` are the sections' texts by key."""

    def __init__(self, report: Report, texts: dict[str, str], *, draft: bool) -> None:
        self._report = report
        self._texts = texts
        self._draft = draft

    @property
    def by_name(self) -> dict[str, Callable[..., Any]]:
        """The functions by their names in templates."""
        return {name: getattr(self, name) for name in FUNCTIONS}

    def row(self, key: str) -> SectionRow:
        """The section of the form with this key."""
        section = self._report.form.section(key)
        return SectionRow(
            key=key,
            heading=self.heading(key),
            text=self.section(key),
            is_filled=self.has(key),
            is_required=bool(section and section.required),
        )

    def box(self, ticked: bool) -> str:
        """The inside of a checkbox."""
        return "x" if ticked else " "

    def heading(self, key: str) -> str:
        """The heading of a section: that of this report only, or the form's."""
        return _heading(self._report, key)

    def has(self, key: str) -> bool:
        """Whether the section has a text."""
        return bool(self._texts.get(key, "").strip())

    def gap(self, key: str) -> str:
        """In a draft what a missing section needs, otherwise an empty string."""
        section = self._report.form.section(key)
        is_marked = self._draft and key in self._report.gaps
        return missing(section.question if section else "") if is_marked else ""

    def section(self, key: str) -> str:
        """The text of a section, or the placeholder of an empty one."""
        section = self._report.form.section(key)
        empty = section.when_empty if section else NOTHING
        return self._texts.get(key, "").strip() or self.gap(key) or empty

    def cell(self, key: str) -> str:
        """The text of a section on one line, for a table."""
        text = " ".join(self.section(key).split())
        return text.replace("\\|", "|").replace("|", "\\|")


def missing(question: str) -> str:
    """Return the mark of a missing part, with what belongs there."""
    return f"> **Missing:** {question or 'this section.'}"


def _texts(report: Report, names: Names, *, draft: bool) -> dict[str, str]:
    """The texts of all sections by key: what people wrote, then what was collected."""
    notes = "\n\n".join(entry_words(line, names) for line in report.notes)
    keys = dict.fromkeys(
        [*(each.key for each in report.form.sections), *report.incident.answers.texts]
    )
    texts = {key: neutral(report.text(key), names) for key in keys if key not in _FRONT}
    for key, collected in (
        (SUMMARY, notes),
        (WRONG, bullets(report.wrong, names)),
        (LUCKY, bullets(report.lucky, names)),
        (HUBS, "\n".join(f"- {link(hub.name, hub.url)}" for hub in report.hubs)),
        (TIMES, _times_text(report, draft=draft)),
    ):
        texts[key] = f"{texts.get(key, '')}\n\n{collected}".strip()
    return texts


def _others(report: Report, texts: dict[str, str], names: Names) -> tuple[SectionRow, ...]:
    """What people wrote or filed that the form has no section for."""
    own = {each.key for each in report.form.sections} | {SUMMARY, HUBS, TIMES, TIMELINE, ACTIONS}
    rows = [
        SectionRow(
            key=key, heading=_heading(report, key), text=text, is_filled=True, is_required=False
        )
        for key, text in texts.items()
        if key not in own and text.strip()
    ]
    rows += [
        SectionRow(
            key="",
            heading=literal(each.heading) or "More",
            text=neutral(each.text, names).strip() or NOTHING,
            is_filled=True,
            is_required=False,
        )
        for each in report.incident.report_options.extra
    ]
    return tuple(rows)


def _heading(report: Report, key: str) -> str:
    section = report.form.section(key) or FormSection(
        key=key, heading=_USUAL.get(key) or key.replace("_", " ").capitalize()
    )
    return literal(report.heading(key, "")) or section.heading


def _front(
    report: Report,
    names: Names,
    issue_title: str,
    labels: Sequence[str],
    assignees: Sequence[str],
) -> Front:
    title = bare(report.incident.title, names)
    about = report.text("about") or report.text("impact") or report.incident.summary
    chosen, people = report.labels(labels), report.assignees(assignees)
    return Front(
        title=_json(title),
        date=report.date.isoformat(),
        name=_json(bare(report.text("name"), names) or f"{title} ({months(*report.period)})"),
        about=_json(cut(bare(_LIST_MARK.sub("", about), names), ABOUT_LIMIT)),
        issue_title=_json(issue_title),
        labels=_json([bare(label) for label in chosen]),
        assignees=_json(", ".join(f"@{bare(login)}" for login in people)),
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _entries(report: Report, names: Names) -> tuple[EntryRow, ...]:
    several = len(report.zone_names) > 1
    return tuple(
        EntryRow(
            time=_time(moment, report, is_first=number == 0, several_zones=several),
            text="\n\n".join(entry_words(line, names) or NOTHING for line in moment.lines),
        )
        for number, moment in enumerate(report.moments)
    )


def _time(moment: Moment, report: Report, *, is_first: bool, several_zones: bool) -> str:
    """Return the time of a moment: ``21:10:57`` or ``about 16:34 – 16:49``, with its date on a new day."""
    style = report.form.style
    return clocks(
        moment.at,
        moment.until,
        is_about=moment.is_about,
        unit=moment.unit,
        day=moment.new_day or (is_first and style.is_first_dated),
        zone=several_zones and (moment.new_zone or is_first),
        style=style,
    )


def _times_text(report: Report, *, draft: bool) -> str:
    """The times of the incident if people set one, and in a draft what is wrong with them."""
    if not _has_times(report):
        return ""
    warning = milestones.disorder(report.times) if draft else ""
    listed = milestones.times_text(report.times, report.zone, report.form.style)
    return f"{listed}\n\n> **Check:** {warning}" if warning else listed


def _has_times(report: Report) -> bool:
    return bool(report.incident.milestones)


def _times(report: Report) -> tuple[TimeRow, ...]:
    """The times of the incident if people set one. The timeline has those of the buttons."""
    if not _has_times(report):
        return ()
    after = {each.to: milestones.duration_words(each) for each in report.durations}
    return tuple(
        TimeRow(
            name=milestones.NAMES[name],
            at=clocks(
                time.at.astimezone(report.zone),
                time.until.astimezone(report.zone) if time.until else None,
                is_about=time.is_about,
                unit=time.unit,
                day=True,
                style=report.form.style,
            ),
            after=after.get(name, ""),
            measure=_MEASURES.get(name, "") if name in after else "",
        )
        for name, time in report.times.items()
    )


def _duration(report: Report) -> str:
    """How long the impact was, or an empty string."""
    whole = next((each for each in report.durations if each.to is Milestone.RESOLVED), None)
    return milestones.duration_words(whole) if whole and _has_times(report) else ""


def _impact_time(report: Report) -> str:
    """The span from the start of impact to the resolution, or an empty string."""
    start, end = report.times.get(Milestone.IMPACT), report.times.get(Milestone.RESOLVED)
    if start is None:
        return ""
    if end is None or end.at <= start.at:
        return ""
    units = (start.unit, end.unit)
    return clocks(
        start.at.astimezone(report.zone),
        end.at.astimezone(report.zone),
        is_about=start.is_about,
        unit=min(units, key=lambda unit: unit.rank),
        day=True,
        zone=True,
        style=report.form.style,
    )


def _zone_line(report: Report) -> str:
    """Return the zone of the times, and the first day if the form shows it nowhere else."""
    first = _first_day(report)
    is_shown = report.moments and (
        report.form.style.is_first_dated or not report.moments[0].unit.has_clock
    )
    since = f", starting on {first}" if first != report.date and not is_shown else ""
    return f"All times in {', then '.join(report.zone_names)}{since}"


def _first_day(report: Report) -> date:
    """Return the day of the first entry; without entries, the date of the report."""
    return report.moments[0].at.date() if report.moments else report.date


def _item(item: ActionItem, names: Names) -> ItemRow:
    return ItemRow(text=inline(item.title, names) + _links(item), is_done=item.state == "done")


def _links(item: ActionItem) -> str:
    """Return where the item is tracked: the link that people gave and the issue that mayday filed."""
    is_named = item.link and item.link not in links_in(item.title)
    named = f" {link(link_kind(item.link), item.link)}" if is_named else ""
    if not item.issue_url:
        return named
    number = item.issue_url.rpartition("/")[2]
    return (
        f"{named}, tracked in {link(f'issue {number}', item.issue_url)}"
        if named
        else (f" {link('Issue', item.issue_url)}")
    )


def bullets(lines: Iterable[Line], names: Names) -> str:
    """Return the entries as a Markdown list."""
    return "\n".join(_indented("-", entry_words(line, names)) for line in lines)


def _indented(mark: str, text: str) -> str:
    lines = text.split("\n")
    pad = " " * (len(mark) + 1)
    return "\n".join([f"{mark} {lines[0]}", *(f"{pad}{line}".rstrip() for line in lines[1:])])


def gap_words(report: Report, key: str) -> str:
    """Return what the report needs for a missing part."""
    section = report.form.section(key)
    return NO_DATE if key == DATE else (section.question or section.heading if section else key)
