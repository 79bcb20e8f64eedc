"""Renders a report as Markdown, in the configured form.

The templates have the headings of each form. All typed text passes through ``bot.render.markdown``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.domain.actions import ActionItem, link_kind
from bot.domain.command import COMMAND
from bot.domain.item_words import links_in
from bot.domain.report import Form, Gap, Moment, Report
from bot.domain.timeline import Line
from bot.render import milestones
from bot.render.lines import entry_words
from bot.render.markdown import Names, bare, inline, link, literal, neutral
from bot.render.text import cut
from bot.render.times import clocks, months

TITLE_LIMIT = 200
ABOUT_LIMIT = 200

MISSING = {
    Gap.SUMMARY: "what happened, in a few sentences",
    Gap.IMPACT: "what users noticed, how many of them, and for how long",
    Gap.HUBS: "which hubs were affected",
    Gap.TIMELINE: f"what happened when; pin messages or add notes with `{COMMAND} note`",
    Gap.WRONG: "what went wrong; react to the messages about it",
    Gap.CONCLUSION: "why it happened and what was learned",
    Gap.ACTIONS: f"what will prevent it from happening again; use `{COMMAND} action`",
    Gap.DATE: "the date of the report",
}
_LIST_MARK = re.compile(r"^\s*[-*•]\s+", re.MULTILINE)
_NOTHING = "_Nothing was recorded._"


def report_text(
    report: Report,
    *,
    labels: Sequence[str] = (),
    assignees: Sequence[str] = (),
    draft: bool = False,
) -> str:
    """Return the report as a file. In a ``draft`` every missing part is marked with what belongs there."""
    return _rendered(report, labels=labels, assignees=assignees, draft=draft, front=True)


def issue_text(report: Report) -> str:
    """Return the report as an issue body: without front matter, which GitHub would show as text."""
    return _rendered(report, labels=(), assignees=(), draft=False, front=False)


def report_title(report: Report) -> str:
    """Return the title of the incident's issue: plain text, at most ``TITLE_LIMIT`` characters."""
    title = bare(report.incident.title, _names(report))
    whole = f"{report.date} - {title}" if report.form is Form.CLASSIC else f"[Incident] {title}"
    return cut(whole, TITLE_LIMIT)


def item_title(item: ActionItem, report: Report) -> str:
    """Return the title of an action item's issue: plain text, at most ``TITLE_LIMIT`` characters."""
    return cut(bare(item.title, _names(report)) or "Action item", TITLE_LIMIT)


def item_text(item: ActionItem, report: Report, *, incident_url: str) -> str:
    """Return the body of an action item's issue; ``incident_url`` is empty if it has no issue yet."""
    names = _names(report)
    quoted = "\n".join(f"> {line}".rstrip() for line in neutral(item.title, names).split("\n"))
    title = bare(report.incident.title, names)
    details = [f"An action item of {link(title, incident_url)}, {report.date}."]
    if item.group:
        details.append(f"Group: {literal(item.group)}")
    if item.owner:
        details.append(f"Owner: {literal(report.people.get(item.owner, 'someone'))}")
    if item.link:
        details.append(f"See also: {link(link_kind(item.link), item.link)}")
    return "\n\n".join([quoted, *details])


def _rendered(
    report: Report, *, labels: Sequence[str], assignees: Sequence[str], draft: bool, front: bool
) -> str:
    names = _names(report)
    answers = report.incident.answers

    def part(gap: Gap, text: str) -> str:
        if text.strip():
            return text
        if draft and gap in report.gaps:
            return _missing(gap)
        return _NOTHING

    notes = "\n\n".join(entry_words(line, names) for line in report.notes)
    summary = f"{neutral(report.incident.summary, names)}\n\n{notes}".strip()
    title = bare(report.incident.title, names)
    name = bare(report.text("name"), names) or f"{title} ({months(*report.period)})"
    about = report.text("about") or answers.impact or report.incident.summary
    about = bare(_LIST_MARK.sub("", about), names)
    timeline = _timeline(report, names)
    wrong, lucky = (
        _with_text(report.text(key), lines, names)
        for key, lines in (("wrong", report.wrong), ("lucky", report.lucky))
    )
    if draft and Gap.TIMELINE in report.gaps:
        timeline = f"{_missing(Gap.TIMELINE)}\n\n{timeline}".strip()
    template = _environment().get_template(f"report-{report.form.value}.md.j2")
    text = template.render(
        report=report,
        front=front,
        heading=lambda key, usual: literal(report.heading(key, usual)),
        neutral=lambda text: neutral(text, names),
        numbered=lambda items: _numbered(items, names),
        name=name,
        typed_title=literal(title),
        about=cut(about, ABOUT_LIMIT),
        title=report_title(report),
        labels=list(report.labels(labels)),
        assignees=", ".join(f"@{login}" for login in report.assignees(assignees)),
        summary=part(Gap.SUMMARY, summary),
        impact=part(Gap.IMPACT, neutral(answers.impact, names)),
        hubs=part(Gap.HUBS, "\n".join(f"- {link(hub.name, hub.url)}" for hub in report.hubs)),
        zone_line=_zone_line(report),
        times=_times(report, draft=draft),
        timeline=timeline or _NOTHING,
        wrong=part(Gap.WRONG, wrong),
        lucky=lucky or _NOTHING,
        has_wrong=bool(wrong),
        has_lucky=bool(lucky),
        conclusion=part(Gap.CONCLUSION, neutral(answers.conclusion, names)),
        no_items=part(Gap.ACTIONS, "") if not report.items else "",
    )
    dated = draft and Gap.DATE in report.gaps
    return f"{text.rstrip()}\n" + (f"\n{_missing(Gap.DATE)}\n" if dated else "")


@cache
def _environment() -> Environment:
    # The output is Markdown, for which HTML escaping is wrong; render.markdown escapes it.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["literal"] = literal
    environment.filters["yaml"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment


def _names(report: Report) -> Names:
    return Names(
        people=report.named.people,
        groups=report.named.groups,
        channels=report.named.channels,
        zone=report.zone,
    )


def _missing(gap: Gap) -> str:
    return f"> **Missing:** {MISSING[gap]}."


def _zone_line(report: Report) -> str:
    """Return the zone of the times, and the first day unless the form shows the date and it is the same."""
    first = report.moments[0].at.date() if report.moments else report.date
    since = (
        f", starting on {first}" if first != report.date or report.form is not Form.CLASSIC else ""
    )
    return f"All times in {', then '.join(report.zone_names)}{since}"


def _times(report: Report, *, draft: bool) -> str:
    """Return the times of the incident if people set one, and in a draft what is wrong with them."""
    if not report.incident.milestones:
        return ""
    warning = milestones.disorder(report.times) if draft else ""
    listed = milestones.times_text(report.times, report.zone)
    return f"{listed}\n\n> **Check:** {warning}" if warning else listed


def _with_text(text: str, lines: Iterable[Line], names: Names) -> str:
    """Return what people wrote for a section, and then the messages that they filed under it."""
    return f"{neutral(text, names)}\n\n{_bullets(lines, names)}".strip()


def _timeline(report: Report, names: Names) -> str:
    several = len(report.zone_names) > 1
    return "\n\n".join(
        "\n\n".join(
            [
                f"### {_heading(moment, zone_too=several and (moment.new_zone or number == 0))}",
                *(entry_words(line, names) or _NOTHING for line in moment.lines),
            ]
        )
        for number, moment in enumerate(report.moments)
    )


def _heading(moment: Moment, *, zone_too: bool) -> str:
    """Return the heading of a moment: ``21:10:57`` or ``about 16:34 – 16:49``, with its date on a new day."""
    return clocks(
        moment.at,
        moment.until,
        is_about=moment.is_about,
        seconds=moment.seconds,
        day=moment.new_day,
        zone=zone_too,
    )


def _bullets(lines: Iterable[Line], names: Names) -> str:
    return "\n".join(_indented("-", entry_words(line, names)) for line in lines)


def _numbered(items: Iterable[ActionItem], names: Names) -> str:
    return "\n".join(
        f"{number}. {inline(item.title, names)}{_links(item)}"
        for number, item in enumerate(items, start=1)
    )


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


def _indented(mark: str, text: str) -> str:
    lines = text.split("\n")
    pad = " " * (len(mark) + 1)
    return "\n".join([f"{mark} {lines[0]}", *(f"{pad}{line}".rstrip() for line in lines[1:])])
