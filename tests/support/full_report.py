"""A report that has something for every part of every form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from bot.domain.incident import Answers
from bot.domain.milestones import Milestone
from bot.domain.report import Report
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.timeline import FileRef, Heading
from bot.domain.typed_time import TypedTime, Unit
from tests.support.evening import ITEMS, Record, at, evening, item, report

TEXTS = {
    "impact": "Students met connection failures and 500s from 21:10 to 22:03.",
    "conclusion": "Three things came together:\n1. the [inodes issue](https://github.com/data-8/"
    "infrastructure/issues/6)\n2. one proxy for all\n3. a spawner that asks too much",
    "what_happened": "The node had no inodes left, so that Kubernetes evicted the proxy.",
    "resolution": "The routes were added again.\n\n```\nkubectl rollout restart deployment/hub\n```",
    "well": "- The proxy was back within seconds.\n- People on Piazza helped each other.",
    "wrong": "Nobody was paged.",
}
TIMES = {
    Milestone.IMPACT: TypedTime(at=at("21:10:57"), unit=Unit.SECOND),
    Milestone.DETECTED: TypedTime(at=at("21:14")),
    Milestone.MITIGATED: TypedTime(at=at("21:34"), is_about=True),
    Milestone.RESOLVED: TypedTime(at=at("22:03")),
}
TRACKED = (
    *(
        replace(one, issue_url=f"https://github.com/example/hub/issues/{one.position}")
        for one in ITEMS
    ),
    item(
        5,
        "Alert on `5xx` of the proxy, see <https://grafana.test/d/1|the dashboard>",
        "Technical improvements",
        issue_url="https://github.com/example/hub/issues/5",
        state="done",
    ),
)


def spans(record: Record) -> Record:
    """Add entries with ends, approximate ones, and one of the next day."""
    for clock, until, day, is_about in [
        ("21:36", "", 23, True),
        ("21:37", "21:41", 23, False),
        ("21:42:10", "21:43:05", 23, False),
        ("23:50", "00:10", 23, True),
        ("00:30", "", 24, False),
    ]:
        record.note(clock, f"Errors, from {clock}.", day=day)
        line = record.lines[-1]
        end = at(until, day + (until < clock)) if until else None
        record.lines[-1] = replace(line, entry=replace(line.entry, until=end, is_about=is_about))
    return record


def full_report(form: str, **changes: Any) -> Report:
    """The report of that evening with texts for all sections, all times, spans, and tracked items."""
    record = spans(evening())
    record.record_message(
        "21:45",
        "The log says:\n```\nTimeoutError: 599 | [E] <html>\n```\n• one\n• two",
        files=(
            FileRef(
                id="F1", name="proxy|log.txt", mimetype="", permalink="https://x.slack.com/files/1"
            ),
        ),
    )
    record.record_message("21:46", "The proxy was evicted at 21:10:57.", Heading.SUMMARY)
    values: dict[str, Any] = {
        "hubs": ("datahub", "R hub"),
        "answers": Answers(texts=TEXTS, report_date=date(2017, 2, 24)),
        "milestones": TIMES,
        "report_options": ReportOptions(
            hub_urls={"R hub": "https://r.example.edu"},
            extra=(ExtraSection(heading="Costs", text="None."),),
        ),
        "items": TRACKED,
    }
    return report(record, form=form, **{**values, **changes})
