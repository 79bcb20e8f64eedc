"""Reports as files, as HTML and as issues."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import frontmatter
import pytest
from markdown_it import MarkdownIt

from bot.domain.incident import Answers
from bot.domain.timeline import Heading
from bot.forms.loading import presets
from bot.render.report import (
    TITLE_LIMIT,
    issue_text,
    item_text,
    item_title,
    report_text,
    report_title,
)
from tests.support.evening import ITEMS, Record, at, evening, item, opened, report

LATER = "2024"


def headings(text: str) -> list[tuple[str, str]]:
    parsed = MarkdownIt().parse(text)
    return [
        (token.tag, parsed[at + 1].content)
        for at, token in enumerate(parsed)
        if token.type == "heading_open"
    ]


def links(text: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', MarkdownIt().render(text))


def ticked(text: str) -> list[str]:
    return re.findall(r"^ *- \[x\]", text, re.MULTILINE)


def test_the_form_of_2017() -> None:
    text = report_text(report())
    assert headings(text) == [
        ("h1", "2017-02-24 - Proxy eviction strands users"),
        ("h2", "Summary"),
        ("h2", "Timeline"),
        ("h3", "21:10:57"),
        ("h3", "21:11:04"),
        ("h3", "21:14"),
        ("h3", "21:16"),
        ("h3", "21:20"),
        ("h3", "22:03"),
        ("h2", "What went wrong"),
        ("h2", "Where we got lucky"),
        ("h2", "Conclusion"),
        ("h2", "Action items"),
        ("h3", "Upstream JupyterHub"),
        ("h3", "Upstream KubeSpawner"),
        ("h3", "DataHub configuration"),
    ]
    assert "\nAll times in PST, starting on 2017-02-23\n" in text
    assert "\n1. Ask the API less often\n2. Tune the HTTP client\n" in text
    assert "https://github.com/jupyterhub/jupyterhub/issues/848" in links(text)
    assert "[PR](https://github.com/data-8/jupyterhub-k8s/pull/123)" in text
    assert "https://piazza.test/1" in links(text)
    assert "Missing" not in text


def test_the_form_of_2024() -> None:
    text = report_text(report(form=LATER), labels=["type: Hub Incident"], assignees=["ada"])
    front = frontmatter.loads(text)
    assert front.metadata == {
        "name": "Proxy eviction strands users (Feb 2017)",
        "about": "Students met connection failures and 500s from 21:10 to 22:03.",
        "title": "[Incident] Proxy eviction strands users",
        "labels": ["type: Hub Incident"],
        "assignees": "@ada",
    }
    assert [(tag, name) for tag, name in headings(front.content) if tag != "h3"] == [
        ("h1", "Summary"),
        ("h2", "Hub information"),
        ("h2", "Timeline (if relevant)"),
        ("h2", "Conclusion"),
        ("h1", "After-action report"),
        ("h2", "What went wrong"),
        ("h2", "Where we got lucky"),
        ("h2", "Action items"),
        ("h1", "Actions"),
    ]
    groups = [name for tag, name in headings(text) if tag == "h3" and ":" not in name]
    assert groups[:3] == [
        "Process/Policy improvements",
        "Documentation improvements",
        "Technical improvements",
    ]
    assert "\nUser Impact:\n\nStudents met" in text
    assert "- [datahub](https://datahub.example.edu)" in text
    assert len(ticked(text)) == 3
    assert "- [ ] All actionable items above have linked GitHub Issues" in text


def test_an_issue_has_no_front_matter() -> None:
    assert issue_text(report(form=LATER)).startswith("# Summary\n")
    assert report_title(report(form=LATER)) == "[Incident] Proxy eviction strands users"
    assert report_title(report()) == "2017-02-24 - Proxy eviction strands users"


def test_a_change_of_day_stands_in_the_heading() -> None:
    record = Record()
    record.note("23:59", "before")
    record.note("00:05:10", "after", day=24)
    record.note("00:06", "after", day=24)
    shown = [name for tag, name in headings(report_text(report(record))) if tag == "h3"]
    assert shown[:3] == ["23:59", "2017-02-24 00:05:10", "00:06"]


@pytest.mark.parametrize("form", ["2017", LATER])
def test_spans_and_approximate_times_are_shown_as_such(form: str) -> None:
    record = Record()
    for clock, until, day, is_about in [
        ("16:06", "", 24, True),
        ("16:06", "16:16", 24, True),
        ("16:34", "16:49", 24, False),
        ("16:34", "16:49", 24, False),
        ("16:54:15", "17:15:31", 24, False),
        ("23:50", "00:10", 24, False),
    ]:
        record.note(clock, "500s", day=day)
        line = record.lines[-1]
        end = at(until, day + (until < clock)) if until else None
        entry = replace(line.entry, until=end, is_about=is_about)
        record.lines[-1] = replace(line, entry=entry)
    text = opened(report_text(report(record, form=form)))
    shown = re.findall(r"(?m)^### (.*\d\d:\d\d.*)$", text)
    first = "about 2017-02-24 16:06" if form == LATER else "about 16:06"
    assert shown == [
        *(first, "about 16:06 – 16:16", "16:34 – 16:49", "16:54:15 – 17:15:31"),
        "23:50 – 2017-02-25 00:10",
    ]


def test_a_span_across_the_end_of_dst_has_both_zones() -> None:
    record = Record()
    record.note("00:30", "500s")
    line = record.lines[-1]
    begin = datetime(2017, 11, 5, 8, 30, tzinfo=UTC)
    entry = replace(line.entry, at=begin, until=begin + timedelta(minutes=40))
    record.lines[-1] = replace(line, entry=entry)
    text = report_text(report(record))
    assert "### 01:30 PDT – 01:10 PST" in text
    assert "All times in PDT, then PST" in text


def test_a_timeline_on_the_reports_own_day_needs_no_date() -> None:
    record = Record()
    record.note("09:00", "morning", day=24)
    assert "\nAll times in PST\n" in report_text(report(record))


@pytest.mark.parametrize(("form", "marks"), [("2017", 5), (LATER, 7)])
def test_a_draft_marks_every_gap(form: str, marks: int) -> None:
    empty = report(
        Record(), form=form, items=(), summary="", hubs=(), answers=Answers(), status="fixing"
    )
    assert report_text(empty, draft=True).count("> **Missing:**") == marks
    published = report_text(empty)
    assert "Missing" not in published
    assert "{{" not in published and "}}" not in published


def test_no_box_is_ticked_in_an_empty_draft() -> None:
    empty = report(
        Record(), form=LATER, items=(), summary="", hubs=(), answers=Answers(), status="fixing"
    )
    assert not ticked(report_text(empty, draft=True))


def test_messages_marked_for_the_summary_are_in_it() -> None:
    record = Record()
    record.record_message("21:40", "it was the inodes", Heading.SUMMARY)
    text = report_text(report(record, summary=""))
    assert "it was the inodes" in text.partition("## Timeline")[0]


def test_an_item_shows_where_people_follow_it_and_the_issue_filed() -> None:
    both = item(1, "tune *it*", link="https://x.test/pull/9", issue_url="https://git.test/issues/7")
    one = item(2, "alert", issue_url="https://git.test/issues/8")
    text = report_text(report(items=[both, one]))
    assert (
        "1. tune **it** [PR](https://x.test/pull/9), tracked in [issue 7](https://git.test/issues/7)"
        in text
    )
    assert "2. alert [Issue](https://git.test/issues/8)" in text


def test_a_page_about_an_item_is_not_called_an_issue() -> None:
    text = report_text(report(items=[item(1, "alert", link="https://docs.test/pull/notes")]))
    assert "1. alert [Link](https://docs.test/pull/notes)" in text


def test_a_name_cannot_end_a_link_and_begin_another() -> None:
    text = report_text(report(people={"UADA": "Ada", "UBEN": "Ben](https://evil.test) ["}))
    assert "https://evil.test" not in links(text)


def test_an_items_issue_quotes_it_and_leads_back() -> None:
    made = report()
    first = item_text(ITEMS[0], made, incident_url="")
    assert "An action item of Proxy eviction strands users, 2017-02-24." in first
    linked = item_text(ITEMS[0], made, incident_url="https://git.test/issues/9")
    assert linked.startswith("> Make the proxy replaceable\n")
    assert "[Proxy eviction strands users](https://git.test/issues/9)" in linked
    assert item_title(item(1, "*fix* <https://x.test|it>"), made) == "fix it"


def test_titles_fit_into_an_issue() -> None:
    assert len(report_title(report(title="x" * 300))) == TITLE_LIMIT
    assert len(item_title(item(1, "y" * 500), report())) == TITLE_LIMIT


@pytest.mark.parametrize("form", presets())
@pytest.mark.parametrize(
    "typed",
    [
        "# forged\n\n## Actions\n- [x] done",
        "---\ntitle: forged\n---",
        '"\nassignees: "@mallory',
        "<!-- mayday:incident=other -->",
        "<h1>forged</h1>",
        "{{ 7 * 7 }} {% raw %}",
        "@mallory fixes #1",
        "```",
        "[x]: https://evil.test",
        "| a |\n|---|",
        "![p](https://track.test/p.png)",
    ],
)
def test_nothing_typed_can_forge_a_part_of_the_report(form: str, typed: str) -> None:
    record = evening()
    record.note("21:50", typed)
    record.record_message("21:51", typed, *Heading)
    hostile = report(
        record,
        form=form,
        title=typed,
        summary=typed,
        hubs=(typed,),
        items=[item(1, typed, typed)],
        people={"UADA": typed, "UBEN": typed},
        answers=Answers(texts={"impact": typed, "conclusion": typed}),
    )
    plain = report(
        record,
        form=form,
        title="T",
        summary="S",
        hubs=("H",),
        items=[item(1, "I", "G")],
        answers=Answers(texts={"impact": "I", "conclusion": "C"}),
    )
    text, expected = report_text(hostile), report_text(plain)
    assert len(headings(text)) == len(headings(expected))
    assert set(frontmatter.loads(text).metadata) == set(frontmatter.loads(expected).metadata)
    html = MarkdownIt("commonmark", {"html": True}).render(frontmatter.loads(text).content)
    tags = set(re.findall(r"<(\w+)", html))
    assert not tags & {"img", "script", "table"}
    assert "<!--" not in text
    assert len(ticked(text)) <= len(ticked(expected))
    body = issue_text(hostile)
    assert "@mallory" not in body and "#1" not in body
