"""The lint finds what is wrong in a report, with its line and a remedy, and nothing else."""

from __future__ import annotations

import pytest

from bot.forms.loading import presets
from bot.render.report import report_text
from bot.reports import Rule, lint, read_report
from tests.support.evening import Record, report
from tests.support.reports import CASES

CLEAN = """\
# 2024-03-05 - The hub is slow

## Summary

It was slow, as [issue 7](https://github.com/example/hub/issues/7) says. Write to help@example.edu.

<!-- {{ summary }} TODO @channel -->

## Timeline

All times in PST

### 12:10

`@channel {{ summary }} TODO` was in the code:

```
@everyone {{ hh:mm }} [a](https://b c)
```

### 12:20 everything is well

## Action items

### Ours

1. Measure it. [Issue](https://github.com/example/hub/issues/8)
2. Tell people. (Done!)
3. Ask the vendor (OPS-12)
4. Watch example/hub#9

### Theirs

None.
"""


def found(text: str, path: str = "") -> list[tuple[int, Rule]]:
    return [(finding.line, finding.rule) for finding in lint(text, path=path)]


def test_a_good_report_has_no_findings() -> None:
    assert lint(CLEAN) == ()


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_are_counted_with_any_line_end(end: str) -> None:
    text = CLEAN.replace("It was slow", "{{ summary }} It was slow")
    assert found(text.replace("\n", end)) == [(5, Rule.PLACEHOLDER)]


ADDED = {
    "{{ summary }} [link to github issue]": [Rule.PLACEHOLDER, Rule.PLACEHOLDER],
    "[link to github issue](https://github.com/example/hub/issues/7)": [],
    "{{ It was slow }}": [Rule.PLACEHOLDER],
    "TODO": [Rule.PLACEHOLDER],
    "A to-do list is kept.": [],
    "(Ana to fill in the details)": [Rule.PLACEHOLDER],
    "These are good things that happened to us but not because\nwe had planned.": [
        Rule.PLACEHOLDER
    ],
    "Ask @example-person": [Rule.PING],
    "@channel please look": [Rule.PING],
    "<!channel> and <@U0123456>": [Rule.PING, Rule.PING],
    "@example/operators": [Rule.PING],
    "Mail ana@example.edu, or see https://example.org/@ana?at=@ben.": [],
    "An @ alone, and a@b": [],
    "[text](https://example.org/a b)": [Rule.LINK],
    "[text](https://example.org/a": [Rule.LINK],
    "[text] (https://example.org/a)": [Rule.LINK],
    "[text](\nhttps://example.org/a_(b))": [],
    '[text](https://example.org/a "title")': [],
    "- [x] To be done by Ana": [Rule.TICK],
    "- [x] It is not yet finished": [Rule.TICK],
    "- [x] It is over": [],
    "- [ ] It is over": [],
    "- [ ] Routes are kept (done)": [Rule.TICK],
}


@pytest.mark.parametrize("text", ADDED)
def test_what_is_found_in_a_paragraph(text: str) -> None:
    whole = CLEAN.replace("It was slow, as", f"{text}\n\nIt was slow, as")
    findings = lint(whole)
    assert [finding.rule for finding in findings] == ADDED[text]
    assert {finding.line for finding in findings} <= {5, 6}
    assert all(finding.remedy for finding in findings)


TIMES = {
    ("All times in PST\n", ""): [(9, Rule.ZONE)],
    ("### 12:20", "### 12:05"): [(21, Rule.TIME)],
    ("### 12:20", "### 12:70"): [(21, Rule.TIME)],
    ("### 12:20", "### 12:20 - 12:15"): [(21, Rule.TIME)],
    ("### 12:10", "### 2024-01-05 12:10"): [(13, Rule.TIME)],
    ("All times in PST", "All times in PDT"): [(13, Rule.ZONE)],
    ("2024-03-05 - The", "The"): [(0, Rule.DATE)],
    ("It was slow,", "It was slow on March 4,"): [(3, Rule.DATE)],
    ("None.", ""): [(32, Rule.EMPTY)],
    ("None.", "-"): [(32, Rule.EMPTY)],
    (" (Done!)", ""): [(28, Rule.ISSUE)],
    (" (OPS-12)", ""): [(29, Rule.ISSUE)],
}


@pytest.mark.parametrize("change", TIMES)
def test_what_is_found_in_times_sections_and_items(change: tuple[str, str]) -> None:
    assert change[0] in CLEAN
    findings = found(CLEAN.replace(*change))
    assert findings == TIMES[change]


def test_boxes_that_speak_of_the_report() -> None:
    boxes = (
        "\n## Actions\n\n- [x] Sections above are filled out\n"
        "- [x] All actionable items above have linked GitHub Issues\n"
    )
    assert lint(CLEAN + boxes) == ()
    changed = CLEAN.replace("(OPS-12)", "").replace("None.", "") + boxes
    assert found(changed) == [
        (29, Rule.ISSUE),
        (32, Rule.EMPTY),
        (38, Rule.TICK),
        (39, Rule.TICK),
    ]


def test_boxes_under_what_is_done() -> None:
    assert found(CLEAN + "\n## Done\n\n- [ ] Tell people\n") == [(38, Rule.TICK)]


def test_a_timeline_of_another_year() -> None:
    text = (CASES / "issue-form.md").read_text(encoding="utf-8").replace("2023-05-02", "2021-05-02")
    assert (0, Rule.DATE) in found(text)


def test_the_cases() -> None:
    """The report of the issue form has braces; in the others only items have no issue."""
    for path in CASES.iterdir():
        rules = {finding.rule for finding in lint(path.read_text(encoding="utf-8"), path=path.name)}
        expected = {
            "issue-form.md": {Rule.PLACEHOLDER, Rule.TICK},
            "disk-full.qmd": {Rule.ZONE},
        }
        assert rules <= expected.get(path.name, {Rule.ISSUE}), path.name


def test_a_report_without_line_ends() -> None:
    findings = lint(" ".join(CLEAN.replace("```", "").split()))
    assert {finding.line for finding in findings} == {1}
    assert Rule.SHAPE in {finding.rule for finding in findings}


@pytest.mark.parametrize("form", presets())
def test_reports_of_mayday_itself(form: str) -> None:
    """They are read with the day of their first entry, and only items are found that have no issue yet."""
    text = report_text(report(form=form))
    assert {finding.rule for finding in lint(text)} == {Rule.ISSUE}
    assert [entry.at and entry.at.isoformat() for entry in read_report(text).timeline][:2] == [
        "2017-02-23T21:10:57-08:00",
        "2017-02-23T21:11:04-08:00",
    ]


ISSUE_WITHOUT_A_DAY = """\
---
name: Hub is slow
about: It was slow.
title: "[Incident] Hub is slow"
labels: ["incident"]
assignees: ""
---

# Summary

It was slow.

## Timeline (if relevant)

All times in PST

### 02:05

It was slow.
"""


def test_the_day_of_an_issue_is_that_of_its_creation() -> None:
    assert not [one for one in lint(ISSUE_WITHOUT_A_DAY) if one.rule is Rule.TIME]
    dated = ISSUE_WITHOUT_A_DAY.replace("name: Hub", "date: 2024-03-05\nname: Hub")
    assert not [one for one in lint(dated) if one.rule is Rule.TIME]
    page = ISSUE_WITHOUT_A_DAY.partition("# Summary")[2]
    assert [one.rule for one in lint(f"# Hub is slow\n\n## Summary{page}")] == [Rule.DATE]


@pytest.mark.parametrize("form", presets())
def test_a_report_of_one_day_says_which(form: str) -> None:
    record = Record()
    record.note("02:05", "The hub is slow.")
    made = report(record, form=form, items=())
    assert not [one for one in lint(report_text(made, draft=True)) if one.rule is Rule.TIME]
    day = "February 23, 2017" if form == "2i2c" else "2017-02-23"
    assert day in report_text(made)


def test_what_is_left_of_a_template_to_remove_is_no_unfilled_section() -> None:
    found = lint(
        "# 2020-01-01 - X\n\n## Timeline\n\n_If it makes sense to include a timeline for this incident,"
        " then do so below._\n\n### {{ 2020-01-01 10:05 UTC }}\n\na\n\n"
        "## Hub\n\n{{ INSERT HUB URL HERE }}\n\n# Actions\n\n- [x] Sections above are filled out\n"
    )
    assert [(each.line, each.rule) for each in found] == [
        (5, Rule.PLACEHOLDER),
        (7, Rule.PLACEHOLDER),
        (13, Rule.PLACEHOLDER),
        (17, Rule.TICK),
    ]
    assert (
        found[3].message == "The box says that all sections are filled out. These are not: line 13."
    )


def test_references_of_quarto_are_no_mentions_and_words_say_done() -> None:
    text = "# 2020-01-01 - X\n\nSee @fig-cpu, @ada.\n\n## Action items\n\n1. Alert. _done in the charts_.\n"
    assert [(each.rule, each.line) for each in lint(text)] == [(Rule.PING, 3)]
