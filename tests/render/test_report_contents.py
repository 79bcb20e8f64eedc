"""What people choose for one report: its times, its texts, headings, labels, hubs and sections."""

from __future__ import annotations

from datetime import date, timedelta

import frontmatter
import pytest

from bot.domain.incident import Answers
from bot.domain.milestones import Milestone
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.timeline import Heading
from bot.domain.typed_time import TypedTime, Unit
from bot.render.milestones import disorder, length
from bot.render.report import item_text, report_text
from bot.render.times import months
from tests.support.evening import ITEMS, Record, at, opened, report

LATER = "2024"
TIMES = {
    Milestone.IMPACT: TypedTime(at=at("21:10:57"), unit=Unit.SECOND),
    Milestone.DETECTED: TypedTime(at=at("21:14"), is_about=True),
    Milestone.RESOLVED: TypedTime(at=at("00:03", 24)),
}


@pytest.mark.parametrize("form", ["2017", LATER])
def test_times_and_durations_are_printed_once_somebody_set_one(form: str) -> None:
    text = report_text(report(form=form, milestones=TIMES))
    assert (
        "\n- Start of impact: 2017-02-23 21:10:57\n"
        "- Detected: about 21:14 (after about 3m)\n"
        "- Declared: 21:16 (after 5m)\n"
        "- Resolved: 2017-02-24 00:03 (after 2h 52m)\n"
    ) in text
    assert "Start of impact" not in report_text(report(form=form))


def test_a_draft_warns_of_times_in_a_wrong_order() -> None:
    wrong = report(milestones={**TIMES, Milestone.DETECTED: TypedTime(at=at("21:00"))})
    said = "“Detected” is before “Start of impact”"
    assert said in report_text(wrong, draft=True)
    assert "- Detected: 21:00\n" in report_text(wrong)
    assert said in disorder(wrong.times)
    assert disorder(report(milestones=TIMES).times) == ""


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0.5, "less than 1m"), (53, "53m"), (60, "1h"), (838, "13h 58m"), (1441, "1d 1m")],
)
def test_durations_in_words(minutes: float, words: str) -> None:
    assert length(timedelta(minutes=minutes)) == words


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2024, 2, 7), date(2024, 2, 29), "Feb 2024"),
        (date(2024, 2, 7), date(2024, 3, 1), "Feb-Mar 2024"),
        (date(2023, 12, 31), date(2024, 1, 1), "Dec 2023-Jan 2024"),
        (date(2023, 2, 1), date(2024, 2, 1), "Feb 2023-Feb 2024"),
    ],
)
def test_months_of_a_period(first: date, last: date, words: str) -> None:
    assert months(first, last) == words


def test_the_front_matter_has_its_own_name_words_labels_and_assignees() -> None:
    chosen = ReportOptions(labels=("type: Hub Incident", "support"), assignees=("ben", "ada"))
    texts = {"name": "Proxy incidents", "about": "The proxies of two hubs crashed."}
    made = report(form=LATER, answers=Answers(texts=texts), report_options=chosen)
    front = frontmatter.loads(report_text(made, labels=["incident"], assignees=["eve"])).metadata
    assert (front["name"], front["about"]) == (texts["name"], texts["about"])
    assert (front["labels"], front["assignees"]) == (
        ["type: Hub Incident", "support"],
        "@ben, @ada",
    )
    months_of = {**TIMES, Milestone.RESOLVED: TypedTime(at=at("00:03", 24) + timedelta(days=9))}
    front = frontmatter.loads(report_text(report(form=LATER, milestones=months_of))).metadata
    assert front["name"] == "Proxy eviction strands users (Feb-Mar 2017)"


@pytest.mark.parametrize("form", ["2017", LATER])
def test_headings_sections_and_hubs_of_this_report_only(form: str) -> None:
    chosen = ReportOptions(
        headings={"wrong": "What broke <!-- x -->", "summary": "Overview"},
        hub_urls={"R hub": "https://r.example.org", "datahub": "https://other.example.org"},
        extra=(ExtraSection(heading="# Costs", text="None.\n# forged"),),
    )
    text = opened(report_text(report(form=form, hubs=("datahub", "R hub"), report_options=chosen)))
    assert "# Overview\n" in text and "# Summary" not in text
    assert "## What broke &lt;!-- x -->\n" in text
    assert "\n## \\# Costs\n\nNone.\n\\# forged\n" in text
    if form is LATER:
        assert "- [R hub](https://r.example.org)" in text
        assert "- [datahub](https://other.example.org)" in text


@pytest.mark.parametrize("form", ["2017", LATER])
def test_a_section_has_the_text_that_was_written_and_then_the_messages(form: str) -> None:
    record = Record()
    record.record_message("21:30", "no alert told us", Heading.WRONG)
    answers = Answers(texts={"wrong": "Nobody was paged.", "lucky": "- Ada was awake."})
    text = opened(report_text(report(record, form=form, answers=answers)))
    wrong = text.partition("## What went wrong\n\n")[2]
    assert wrong.startswith("Nobody was paged.\n\n- no alert told us")
    assert "## Where we got lucky\n\n- Ada was awake.\n" in text


def test_people_in_the_title_are_named() -> None:
    made = report(title="<@UADA> broke it", form="2017")
    assert "# 2017-02-24 - Ada broke it\n" in report_text(made)
    assert "An action item of Ada broke it" in item_text(ITEMS[0], made, incident_url="")
