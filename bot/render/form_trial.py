"""Tries a team's form before it is used: with a report that has everything, and with an empty one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot import forms
from bot.domain.actions import ActionItem
from bot.domain.incident import CLOSED, Answers, Incident
from bot.domain.milestones import Milestone
from bot.domain.mrkdwn import UNNAMED
from bot.domain.report import Report, assemble
from bot.domain.report_form import ReportForm
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.timeline import Entry, EntryKind, Heading, Line
from bot.domain.typed_time import TypedTime
from bot.render.report import file_path, issue_text, report_text, report_title
from bot.render.report_values import FUNCTIONS, values

_AT = datetime(2017, 2, 24, 5, 10, tzinfo=UTC)
_EMPTY = Incident(
    id="trial",
    team_id="T1",
    title="Trial",
    severity="sev1",
    status="fixing",
    summary="",
    private=False,
    hubs=(),
    declared_by="",
    declared_at=_AT,
    channel_name="inc-trial",
)


def try_form(form: ReportForm) -> None:
    """Return if the form's templates render every kind of report.

    Raises:
        TemplateProblem: they don't.
    """
    reports = (_full(form), _report(form, _EMPTY))
    known = values(reports[0], issue_title="", labels=(), assignees=(), draft=True, front=True)
    forms.check(
        form.name,
        form.templates,
        values=[name for name in known if name not in FUNCTIONS],
        functions=FUNCTIONS,
    )
    for report in reports:
        report_text(report, draft=True)
        issue_text(report)
        report_title(report)
        file_path(report)


def _full(form: ReportForm) -> Report:
    keys = [section.key for section in form.questions]
    time = TypedTime(at=_AT, until=_AT + timedelta(minutes=1), is_about=True)
    later = TypedTime(at=_AT + timedelta(hours=1))
    incident = replace(
        _EMPTY,
        status=CLOSED,
        summary="Summary",
        hubs=("hub",),
        answers=Answers(
            texts=MappingProxyType(dict.fromkeys([*keys, "trial"], "Text")),
            report_date=_AT.date(),
        ),
        milestones=MappingProxyType(dict.fromkeys(Milestone, time) | {Milestone.RESOLVED: later}),
        report_options=ReportOptions(extra=(ExtraSection(heading="More", text="Text"),)),
    )
    entry = Entry(
        id=1,
        incident_id="trial",
        at=_AT,
        recorded_at=_AT,
        kind=EntryKind.NOTE,
        author="",
        data=MappingProxyType({"text": "Text", "precision": "second"}),
        source="trial",
    )
    lines = [Line(entry=entry, headings=frozenset({heading})) for heading in Heading]
    items = [
        ActionItem(
            id="1",
            incident_id="trial",
            position=1,
            group=group,
            title="Title",
            issue_url="https://example.org/issues/1",
            created_at=_AT,
        )
        for group in ("", *form.groups)
    ]
    return _report(form, incident, lines, items)


def _report(
    form: ReportForm,
    incident: Incident,
    lines: list[Line] | None = None,
    items: list[ActionItem] | None = None,
) -> Report:
    return assemble(
        incident,
        lines or [],
        items or [],
        form=form,
        zone=ZoneInfo("UTC"),
        named=UNNAMED,
        hub_urls={},
    )
