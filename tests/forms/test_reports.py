"""Reports in every form: as they are written, as the lint sees them, and as they are read back."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import frontmatter
import pytest

from bot.domain.command import USUAL, named
from bot.domain.incident import Answers
from bot.domain.report import Report
from bot.domain.report_form import Clock, Dates
from bot.forms import preset
from bot.forms.loading import presets
from bot.render.form_trial import try_form
from bot.render.report import file_path, issue_text, report_text, report_title
from bot.reports import Format, Rule, Section, lint, read_report
from tests.support.evening import Record, item, report
from tests.support.full_report import TEXTS, full_report

GOLDEN = Path(__file__).parent / "golden"
FORMATS = {
    "datahub": Format.QUARTO,
    "datahub-2024": Format.ISSUE,
    "datahub-2017": Format.OLD,
    "2i2c": Format.PD,
    "mybinder": Format.BINDER,
}
every_form = pytest.mark.parametrize("form", presets())


def text_of(made: Report, *, draft: bool = False) -> str:
    text = report_text(made, labels=["incident"], assignees=["ada"], draft=draft)
    return str(named(text, USUAL))


def empty(form: str) -> Report:
    return report(
        Record(), form=form, items=(), summary="", hubs=(), answers=Answers(), status="fixing"
    )


@every_form
@pytest.mark.parametrize("kind", ["full", "draft"])
def test_reports_are_as_the_golden_files_have_them(form: str, kind: str) -> None:
    """To update the files, set MAYDAY_GOLDEN=write, and review the difference."""
    text = text_of(full_report(form)) if kind == "full" else text_of(empty(form), draft=True)
    file = GOLDEN / f"{form}-{kind}.md"
    if os.environ.get("MAYDAY_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@every_form
def test_presets_are_formed_well(form: str) -> None:
    try_form(preset(form))
    for text in (
        text_of(full_report(form)),
        text_of(empty(form)),
        text_of(empty(form), draft=True),
        issue_text(full_report(form)),
    ):
        assert "\n\n\n" not in text
        assert not re.search(r"(?m)[ \t]+$", text)
        assert text.endswith("\n") and not text.endswith("\n\n")


@every_form
def test_a_draft_has_only_gaps_for_the_lint(form: str) -> None:
    text = text_of(empty(form), draft=True)
    gaps = [number for number, line in enumerate(text.split("\n"), 1) if "**Missing:**" in line]
    found = lint(text, path=file_path(empty(form)))
    assert [each.line for each in found if each.rule is not Rule.TIME] == gaps
    assert [each.message for each in found if each.rule is Rule.TIME] == [
        "The timeline has no entry with a time."
    ]
    assert read_report(text).items == ()


@every_form
def test_a_full_report_is_clean_for_the_lint(form: str) -> None:
    made = full_report(form)
    assert lint(text_of(made), path=file_path(made)) == ()


@every_form
def test_an_empty_report_misleads_nobody(form: str) -> None:
    text = text_of(empty(form))
    assert "[x]" not in text
    assert [each.rule.value for each in lint(text, path=file_path(empty(form)))] == ["time"]


@every_form
def test_an_import_reads_back_what_the_report_says(form: str) -> None:
    made = full_report(form)
    text = text_of(made)
    read = read_report(text, path=file_path(made))
    title = read.title.removeprefix("[Incident] ")
    assert (title, read.zone, read.date) == ("Proxy eviction strands users", "PST", made.date)
    assert read.warnings == ()
    assert [(entry.at, entry.until) for entry in read.timeline] == [
        (moment.at.replace(tzinfo=None), moment.until and moment.until.replace(tzinfo=None))
        if entry.at and entry.at.tzinfo is None
        else (moment.at, moment.until)
        for moment, entry in zip(made.moments, read.timeline, strict=True)
    ]
    for moment, entry in zip(made.moments, read.timeline, strict=True):
        shown = text.partition(f"### {entry.raw}")[2].partition("\n")[2]
        assert shown.startswith(f"\n{entry.text}\n") and entry.text, moment
    assert [(each.group, each.links) for each in read.items] == [
        (
            group.name,
            tuple(
                dict.fromkeys(url for url in (*_typed(one.title), one.link, one.issue_url) if url)
            ),
        )
        for group in made.groups
        for one in group.items
    ]
    assert {section.title for section in read.sections} >= _headings(made)


def _typed(title: str) -> list[str]:
    return re.findall(r"https?://[^|>)\s]+", title)


def _headings(made: Report) -> set[str]:
    """The names of the form's sections that an import keeps apart."""
    named = {each.heading for each in made.form.sections if each.key not in ("timeline", "impact")}
    return {name for name in named if name in text_of(made)}


@pytest.mark.parametrize("form", FORMATS)
def test_a_house_recognizes_its_form(form: str) -> None:
    own = {key: text for key, text in TEXTS.items() if preset(form).section(key)}
    made = full_report(form, answers=Answers(texts=own, report_date=date(2017, 2, 24)))
    assert read_report(text_of(made), path=file_path(made)).format is FORMATS[form]


@every_form
def test_every_sentence_stays_where_it_belongs(form: str) -> None:
    made = full_report(form)
    sections = {each.title: each for each in read_report(text_of(made)).sections}
    for key, said in [
        ("wrong", "Nobody was paged."),
        ("conclusion", "one proxy for all"),
        ("resolution", "kubectl rollout restart deployment/hub"),
        ("well", "People on Piazza helped each other."),
    ]:
        [found] = [each for each in sections.values() if said in each.text and _is_leaf(each)]
        assert found.title in _names(made, key)
    assert "None." in sections["Costs"].text


def _is_leaf(section: Section) -> bool:
    return "\n## " not in f"\n{section.text}"


def _names(made: Report, key: str) -> set[str]:
    section = made.form.section(key)
    usual = {"conclusion": "Conclusion", "resolution": "Resolution", "well": "What went well"}
    return {section.heading if section else usual[key]}


def test_files_titles_and_lines_of_lists() -> None:
    made = full_report("datahub")
    path = "docs/incidents/2017-02-24-proxy-eviction-strands-users.qmd"
    assert file_path(made) == path
    assert made.form.index == "docs/incidents/index.qmd"
    assert report_title(full_report("2i2c")).startswith("Incident report 2017-02-24 - Proxy")
    assert report_title(full_report("mybinder")).startswith("2017-02-24, Proxy")
    assert full_report("plain").form.index == ""
    assert file_path(made, template="{year}/{slug}.md") == "2017/proxy-eviction-strands-users.md"
    odd = full_report("datahub", title="{date} ../../x {0} 💥")
    assert file_path(odd) == "docs/incidents/2017-02-24-date-x-0.qmd"
    assert file_path(full_report("plain", title="💥")) == "2017-02-24-incident.md"


def test_a_private_incidents_items_and_dropped_ones_are_marked_in_lists_of_boxes() -> None:
    made = full_report("2i2c", items=[item(1, "a", state="done"), item(2, "b")])
    assert "- [x] a\n- [ ] b\n" in report_text(made)


def test_labels_and_assignees_of_the_form_are_added_to_the_configured_ones() -> None:
    made = full_report("2024")
    made = replace(made, form=replace(made.form, labels=("incident", "outage"), assignees=("ben",)))
    front = frontmatter.loads(text_of(made)).metadata
    assert (front["labels"], front["assignees"]) == (["incident", "outage"], "@ada, @ben")


@pytest.mark.parametrize(
    ("clock", "dates", "shown"),
    [
        ("24h", "iso", "2017-02-23 21:10:57"),
        ("12h", "iso", "2017-02-23 9:10:57 PM"),
        ("short", "iso", "2017-02-23 9:10:57p"),
        ("12h", "long", "February 23, 2017, 9:10:57 PM"),
    ],
)
@pytest.mark.parametrize("has_seconds", [True, False])
def test_times_of_every_style_are_read_back(
    clock: str, dates: str, shown: str, has_seconds: bool
) -> None:
    made = full_report("plain")
    style = replace(
        made.form.style,
        clock=Clock(clock),
        dates=Dates(dates),
        has_seconds=has_seconds,
        about="~",
        span=" - ",
    )
    made = replace(made, form=replace(made.form, style=style))
    text = report_text(made)
    assert (f"### {shown}\n" in text) is has_seconds
    read = read_report(text)
    assert not read.warnings
    wanted = [(moment.at, moment.until) for moment in made.moments]
    assert [(entry.at, entry.until) for entry in read.timeline] == [
        tuple(side and (side if has_seconds else side.replace(second=0)) for side in sides)
        for sides in wanted
    ]
