"""Days without a time, lost headings, groups of items and wrong dates are read as reports mean them."""

from __future__ import annotations

import pytest

from bot.reports import as_json, export, read_report


def test_names_of_sections_that_lost_their_marks() -> None:
    text = (
        "# 2020-01-01 - X\n\n##Summary\n\nIt broke.\n\n## Timeline\n\n### 10:05 UTC\n\nWe know.\nConclusion\n"
        "A command.\n\nAction items\n------------\n\n- one\n\n```\nConclusion\n```\n"
    )
    made = read_report(text)
    assert [(each.title, each.text) for each in made.sections] == [
        ("Summary", "It broke."),
        ("Timeline", "### 10:05 UTC\n\nWe know."),
        ("Conclusion", "A command."),
        ("Action items", "- one\n\n```\nConclusion\n```"),
    ]
    assert export(made) == text


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2018-05-19, 11:00", "2018-05-19T11:00:00+00:00"),
        ("19. May, 11:00", "2018-05-19T11:00:00+00:00"),
        ("two days later", "2018-05-20"),
        ("The following morning, 9:30", "2018-05-19T09:30:00+00:00"),
        ("24:00", "2018-05-19T00:00:00+00:00"),
        ("May 19 - 21", "2018-05-19"),
        ("Over the break", None),
        ("Since the fix of May 20", None),
    ],
)
def test_days_of_entries(written: str, at: str | None) -> None:
    made = read_report(
        f"# 2018-05-18, X\n\n## Timeline (UTC)\n\n### 08:00\n\na\n\n### {written}\n\nb\n"
    )
    entry = as_json(made)["timeline"][1]
    assert (entry["raw"], entry["at"]) == (written, at)


def test_an_item_names_a_group_only_of_the_items_in_it() -> None:
    text = (
        "# 2020-01-01 - X\n\n## Action items\n\n### Code\n\n1. Take turns:\n\n   ![q](q.png)\n\n"
        "2. Alerts:\n   - a full queue\n   - a slow deploy\n3. A page\n"
    )
    assert [(each.group, each.text.split("\n")[0]) for each in read_report(text).items] == [
        ("Code", "Take turns:"),
        ("Alerts", "a full queue"),
        ("Alerts", "a slow deploy"),
        ("Code", "A page"),
    ]


def test_a_wrong_date_in_the_title_gives_way_to_the_file_and_the_first_entry() -> None:
    text = "# 2022-01-28, X\n\n## Timeline\n\n### 2022-06-03 10:00 UTC\n\na\n"
    assert str(read_report(text, path="2022-06-03-x.md").date) == "2022-06-03"
    assert str(read_report(text, path="2022-01-28-x.md").date) == "2022-01-28"
    assert str(read_report(text, path="2022-06-04-x.md").date) == "2022-01-28"
