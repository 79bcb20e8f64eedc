"""Reports of each house are read: titles, dates, zones, entries, items, warnings."""

from __future__ import annotations

from typing import Any

import pytest

from bot.reports import as_json, decoded, export, read_report
from tests.support.reports import CASES


def read(name: str) -> dict[str, Any]:
    return as_json(read_report((CASES / name).read_text(encoding="utf-8"), path=name))


def times(made: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["raw"], each["at"]) for each in made["timeline"]]


HEADS = {
    "2017-04-12-routes-lost.md": (
        "Routes are lost after an upgrade", "2017-04-12", "PDT", "datahub-2017"
    ),
    "disk-full.qmd": ("The disk of the hub: full", "2021-09-14", None, "datahub-quarto"),
    "issue-form.md": ("[Incident] Image without a kernel", "2023-05-02", "PDT", "datahub-2024"),
    "2024-06-03-nodes-unready.md": ("Nodes are not ready", "2024-06-03", "UTC", "2i2c"),
    "2019-11-05-builds.md": ("Builds fail", "2019-11-05", "CET", "mybinder"),
    "break-week.md": ("Servers vanish over the break", "2022-03-28", "Pacific time", "plain"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADS)
def test_the_head_of_each_form(name: str) -> None:
    made = read(name)
    assert (made["title"], made["date"], made["zone"], made["format"]) == HEADS[name]
    assert made["path"] == name


def test_headings_that_slipped_days_that_carry_over_and_midnight() -> None:
    made = read("2017-04-12-routes-lost.md")
    assert times(made) == [
        ("April 12, 11:48a", "2017-04-12T11:48:00-07:00"),
        ("12:02p", "2017-04-12T12:02:00-07:00"),
        ("12:05 - 12:20", "2017-04-12T12:05:00-07:00"),
        ("around 1:10p", "2017-04-12T13:10:00-07:00"),
        ("23:50", "2017-04-12T23:50:00-07:00"),
        ("0:15", "2017-04-13T00:15:00-07:00"),
    ]
    assert made["timeline"][2]["until"] == "2017-04-12T12:20:00-07:00"
    assert made["timeline"][1]["text"].endswith("```\n12:03 PM this is no entry\n```")
    assert made["timeline"][3]["text"] == "on the next hub\nThe same happens there."
    assert list(made["sections"]) == ["Summary", "Timeline", "Conclusion", "Action items"]
    assert made["warnings"] == [
        "line 38: “0:15” is read as the next day, since it is earlier than the entry above."
    ]


def test_items_with_groups_and_a_link_over_two_lines() -> None:
    items = read("2017-04-12-routes-lost.md")["action_items"]
    assert [(each["group"], each["links"]) for each in items] == [
        ("Upstream", ["https://github.com/example/proxy/issues/3"]),
        ("Ours", []),
        ("Ours", ["https://github.com/example/alerts/pull/4"]),
    ]
    assert items[2]["text"] == (
        "Alert on missing routes, as in [the example](https://github.com/example/alerts/pull/4), "
        "and say who is called."
    )


def test_front_matter_attributes_of_headings_and_comments() -> None:
    made = read("disk-full.qmd")
    assert times(made) == [
        ("2021-09-14 08:15", "2021-09-14T08:15:00"),
        ("08:40", "2021-09-14T08:40:00"),
    ]
    assert made["timeline"][1]["text"] == "The volume grows."
    assert made["action_items"] == []
    assert made["warnings"] == ["line 10: The report names no time zone."]


def test_braces_of_the_issue_form() -> None:
    made = read("issue-form.md")
    assert times(made) == [
        ("{{ 2023-05-02 Between 09:00 and 09.30 AM }}", "2023-05-02T09:00:00-07:00"),
        ("{{ 10:10 }}", "2023-05-02T10:10:00-07:00"),
        ("{{ 10:40 }}", "2023-05-02T10:40:00-07:00"),
    ]
    assert made["timeline"][2]["text"] == "The image was rolled back."
    assert [each["group"] for each in made["action_items"]] == ["Process/Policy improvements"]
    assert "Actions" in made["sections"]
    assert made["sections"]["User Impact"] == "- Nobody could work for an hour."
    assert made["summary"] == "The image had no kernel."


def test_tables_of_times_and_of_items() -> None:
    made = read("2024-06-03-nodes-unready.md")
    assert times(made) == [
        ("Jun 3, 2024 14:02", "2024-06-03T14:02:00+00:00"),
        ("14:10", "2024-06-03T14:10:00+00:00"),
        ("15:00–15:04", "2024-06-03T15:00:00+00:00"),
    ]
    assert "It fires again." in made["timeline"][1]["text"]
    assert made["summary"] == "Ten nodes were not ready."
    assert made["action_items"][-1]["links"] == ["https://github.com/example/infra/issues/31"]
    assert made["warnings"] == []


def test_lists_with_bold_times_and_text_below_them() -> None:
    made = read("2019-11-05-builds.md")
    assert times(made) == [
        ("Nov 4, 23:30", "2019-11-04T23:30:00+01:00"),
        ("23:45", "2019-11-04T23:45:00+01:00"),
        ("00:20 - 00:35", "2019-11-05T00:20:00+01:00"),
        ("2019-11-06", "2019-11-06"),
        ("~07:00 UTC", "2019-11-06T07:00:00+00:00"),
    ]
    assert made["timeline"][0]["text"] == (
        "builds fail\n- the registry answers `500`\n\nThe status page says nothing yet."
    )
    assert [(each["group"], each["text"]) for each in made["action_items"]] == [
        (
            "Process improvements",
            "Watch the registry. (https://github.com/example/builds/issues/8)",
        ),
        ("Retries", "retry pulls ([#9](https://github.com/example/builds/issues/9))"),
        ("Retries", "retry pushes"),
    ]


def test_a_heading_for_each_day_and_lines_that_begin_with_a_time() -> None:
    made = read("break-week.md")
    assert times(made) == [
        ("Over spring break week", None),
        ("9:58 AM", "2022-03-28T09:58:00-07:00"),
        ("10:03 AM", "2022-03-28T10:03:00-07:00"),
        ("1:15", "2022-03-28T13:15:00-07:00"),
        ("8:30 AM", "2022-03-29T08:30:00-07:00"),
    ]
    assert made["timeline"][2]["text"] == "second message,\nwhich goes on."


def test_wrong_times_are_kept_in_their_order_and_warned_about() -> None:
    made = as_json(
        read_report(
            "# 2020-01-10 - X\n\n## Timeline\n\nAll times in UTC\n\n### 2019-06-01 23:21\n\na\n\n"
            "### 21:31\n\nb\n\n### 25:99\n\nc\n\n### 22:00 - 21:50\n\nd\n"
        )
    )
    assert times(made) == [
        ("2019-06-01 23:21", "2019-06-01T23:21:00+00:00"),
        ("21:31", "2019-06-01T21:31:00+00:00"),
        ("25:99", None),
        ("22:00 - 21:50", "2019-06-01T22:00:00+00:00"),
    ]
    assert made["warnings"] == [
        "line 7: “2019-06-01 23:21” is 223 days from the date of the report, 2020-01-10.",
        "line 11: “21:31” is earlier than the entry above.",
        "line 15: “25:99” isn't a possible time.",
        "line 19: “22:00 - 21:50” ends before it begins.",
    ]


def test_a_report_that_lost_its_line_ends() -> None:
    text = (CASES / "2017-04-12-routes-lost.md").read_text(encoding="utf-8")
    text = text.replace("### 23:50\n", "### 23:50 ###\n").replace("### 0:15\n", "### 0:15 ###\n")
    text = text.replace("```\n12:03 PM this is no entry\n```\n", "")
    text = text.replace("## 12:02p ##", "### 12:02p ###").replace("11:48a ##", "11:48a ###")
    one_line = "  ".join(text.split())
    whole, folded = read_report(text), read_report(one_line)
    assert export(folded) == one_line
    assert [entry.at for entry in folded.timeline] == [entry.at for entry in whole.timeline]
    assert [item.links for item in folded.items] == [item.links for item in whole.items]
    assert [section.title for section in folded.sections] == [
        section.title for section in whole.sections
    ]
    assert folded.is_one_line


def test_a_summary_that_names_another_evening() -> None:
    made = read_report(
        "# 2020-01-10 - X\n\n## Summary\n\nOn the evening of Jan 9 it broke.\n\n"
        "## Timeline\n\nAll times in PST\n\n### 21:10\n\na\n"
    )
    assert [str(warning) for warning in made.warnings] == [
        "line 3: The summary names 2020-01-09, but no entry names its day, so the times are read on "
        "2020-01-10."
    ]


def test_a_zone_that_was_not_in_use() -> None:
    made = read_report("# 2020-07-10 - X\n\n## Timeline\n\nAll times in PST\n\n### 21:10\n\na\n")
    (warning,) = made.warnings
    assert warning.text == "PST isn't in use on 2020-07-10: it is PDT."
    assert as_json(made)["timeline"][0]["at"] == "2020-07-10T21:10:00-08:00"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("# Grüße".encode(), "utf-8"),
        ("\ufeff# Grüße".encode(), "utf-8"),
        ("# Grüße".encode("latin-1"), "windows-1252"),
        ("\ufeff# Grüße".encode("utf-16-le"), "utf-16-le"),
        (b"# Gr\xfc\xdfe \x81", "latin-1"),
    ],
)
def test_encodings(content: bytes, encoding: str) -> None:
    text, named = decoded(content)
    assert (text.removesuffix(" \x81"), named) == ("# Grüße", encoding)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_change_nothing(end: str) -> None:
    text = (CASES / "2019-11-05-builds.md").read_text(encoding="utf-8")
    made = as_json(read_report(text.replace("\n", end)))
    assert made["timeline"] == as_json(read_report(text))["timeline"]


SLIPPED = """\
# Incident report: Hub outage - 2023-05-01

All times in this report are in Central European Time.

| **Impact Time** | May 1 at 10:05 |
| --- | --- |
| **Duration** | 1d |

## Timeline

- May 1: 10:05 - it breaks
- 10:15-ish: somebody looks
- May 2
  - 09:00 the fix
  - 09:30am PDT / 16:30 UTC: **done**

### Detection

- 18:00 somebody writes it down

## Action items ##

## Upstream ##

1. One
2. Two

## Ours ##

1. Three
"""


def test_days_in_lists_phases_of_a_timeline_and_groups_that_slipped() -> None:
    made = as_json(read_report(SLIPPED))
    assert (made["title"], made["date"]) == ("Hub outage", "2023-05-01")
    assert (made["zone"], made["format"]) == ("Central European Time", "2i2c")
    assert times(made) == [
        ("May 1: 10:05", "2023-05-01T10:05:00+02:00"),
        ("10:15-ish", "2023-05-01T10:15:00+02:00"),
        ("09:00", "2023-05-02T09:00:00+02:00"),
        ("09:30am PDT / 16:30 UTC", "2023-05-02T09:30:00-07:00"),
        ("18:00", "2023-05-02T18:00:00+02:00"),
    ]
    assert [(each["group"], each["text"]) for each in made["action_items"]] == [
        ("Upstream", "One"),
        ("Upstream", "Two"),
        ("Ours", "Three"),
    ]


BOLD = """\
### Summary

Nobody could log in.

### Timeline

May 5, 2023

**10:05 AM PDT**
The hub is down.

More of it.

**10:30 AM PDT** The hub is up.

### Follow-ups

- [ ] Write it down: #12
* Tell people
"""


def test_bold_times_below_a_day_and_the_sections_of_an_issue_form() -> None:
    made = as_json(read_report(BOLD, path="incidents/2023-05-05-no-logins.md"))
    assert (made["title"], made["date"], made["zone"]) == ("no logins", "2023-05-05", "PDT")
    assert times(made) == [
        ("10:05 AM PDT", "2023-05-05T10:05:00-07:00"),
        ("10:30 AM PDT", "2023-05-05T10:30:00-07:00"),
    ]
    assert made["timeline"][0]["text"] == "The hub is down.\n\nMore of it."
    assert [each["text"] for each in made["action_items"]] == ["Write it down: #12", "Tell people"]


@pytest.mark.parametrize(
    ("heading", "title", "date"),
    [
        ("2020-01-02 - Title", "Title", "2020-01-02"),
        ("2020-01-02, Title", "Title", "2020-01-02"),
        ("2020-01-02 4:23PM PST, Title", "Title", "2020-01-02"),
        ("January 2, 2020: Title", "Title", "2020-01-02"),
        ("Title (January 2, 2020)", "Title", "2020-01-02"),
        ("Title - 2020-01-02", "Title", "2020-01-02"),
        ("Incident report January 2 2020 - Title", "Title", "2020-01-02"),
        ("Title of 2020-01-02 and more", "Title of 2020-01-02 and more", "2020-01-02"),
        ("Title", "Title", None),
    ],
)
def test_titles(heading: str, title: str, date: str | None) -> None:
    made = as_json(read_report(f"# {heading}\n\n## Summary\n\nX.\n"))
    assert (made["title"], made["date"]) == (title, date)


@pytest.mark.parametrize(
    ("said", "zone"),
    [
        ("All times in PST", "PST"),
        ("_All times in EEST_", "EEST"),
        ("Times are US/Pacific.", "US/Pacific"),
        ("All times in PST (UTC-7)", "PST (UTC-7)"),
        ("**All times are Pacific**", "Pacific"),
        ("Time zone: UTC+2", "UTC+2"),
        ("All times in British Summer Time", "British Summer Time"),
        ("The pods were restarted five times.", None),
    ],
)
def test_zones_that_are_stated(said: str, zone: str | None) -> None:
    text = f"# 2020-01-02 - X\n\n## Timeline\n\n{said}\n\n### 10:05\n\na\n"
    assert as_json(read_report(text))["zone"] == zone


def test_a_title_below_the_first_level_and_boxes_of_the_issue_form() -> None:
    made = as_json(
        read_report(
            "### 2020-01-02 - X\n\n#### Timeline\n\n- 2020-01-02T10:05:00Z: a\n\n#### Actions\n\n"
            "- [x] Incident has been dealt with or is over\n- [x] Sections above are filled out\n"
        )
    )
    assert (made["title"], made["zone"], made["action_items"]) == ("X", "UTC", [])
    assert times(made) == [("2020-01-02T10:05:00Z", "2020-01-02T10:05:00+00:00")]


def test_an_unfilled_template_with_two_titles() -> None:
    made = as_json(
        read_report(
            "# How to write reports\n\n# {{ incident date }}, {{ incident name }}\n\n## Timeline\n\n"
            "All times in {{ zone }}\n\n### {{ hh:mm }}\n\nIt begins.\n"
        )
    )
    assert made["title"] == "{{ incident name }}"
    assert next(iter(made["sections"])) == "How to write reports"
    assert (times(made), made["zone"]) == ([("{{ hh:mm }}", None)], None)
