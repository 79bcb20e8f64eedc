"""Renders a report as Markdown, in its form.

The form's templates have the headings. All typed text passes through ``bot.render.markdown`` before a
template gets it.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot import forms
from bot.domain.actions import ActionItem, link_kind
from bot.domain.naming import slug
from bot.domain.report import Report
from bot.domain.report_form import DATE
from bot.render.markdown import bare, link, literal, neutral
from bot.render.report_values import NO_DATE, missing, names_of, values
from bot.render.text import cut

TITLE_LIMIT = 200
SLUG_LIMIT = 60


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
    title = bare(report.incident.title, names_of(report))
    return cut(_filled(report.form.title, report, title=title), TITLE_LIMIT)


def file_path(report: Report, *, template: str = "") -> str:
    """Return the path of the report's file, by the form's template or another one."""
    words = slug(report.incident.title)[:SLUG_LIMIT].strip("-") or "incident"
    return _filled(template or report.form.file, report, slug=words)


def item_title(item: ActionItem, report: Report) -> str:
    """Return the title of an action item's issue: plain text, at most ``TITLE_LIMIT`` characters."""
    return cut(bare(item.title, names_of(report)) or "Action item", TITLE_LIMIT)


def item_text(item: ActionItem, report: Report, *, incident_url: str) -> str:
    """Return the body of an action item's issue; ``incident_url`` is empty if it has no issue yet."""
    names = names_of(report)
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
    form = report.form
    text = forms.render(
        form.name,
        form.templates,
        values(
            report,
            issue_title=report_title(report),
            labels=labels,
            assignees=assignees,
            draft=draft,
            front=front,
        ),
    )
    dated = draft and DATE in report.gaps
    return f"{text.strip()}\n" + (f"\n{missing(NO_DATE)}\n" if dated else "")


def _filled(template: str, report: Report, **more: str) -> str:
    """Return a template of a form with its placeholders filled in."""
    day = report.date
    return template.format(date=day.isoformat(), year=f"{day.year:04d}", **more)
