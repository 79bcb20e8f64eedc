"""A report's line in the index of reports."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.render.report_index import with_report

QMD = "docs/incidents/index.qmd"
NEW = "docs/incidents/2026-11-28-proxy-gone.qmd"
QUARTO = """---
title: "Incidents"
# newest last
listing:
  type: table
  contents:
    - 2017-02-09-db.qmd   # the first
    - 2024-10-10-core.qmd
  # the table's order
  sort: "date desc"
---

Our reports.
"""


def added(text: str, path: str = NEW, index: str = QMD, title: str = "Proxy [gone]") -> str | None:
    return with_report(text, index=index, path=path, title=title)


def test_a_quarto_listing_gets_an_entry_and_keeps_its_comments() -> None:
    expected = QUARTO.replace(
        "    - 2024-10-10-core.qmd\n",
        "    - 2024-10-10-core.qmd\n    - 2026-11-28-proxy-gone.qmd\n",
    )
    assert added(QUARTO) == expected
    assert added(expected) is None


def test_a_listing_with_the_newest_first_keeps_its_order() -> None:
    text = QUARTO.replace("2017-02-09-db.qmd", "2025-01-01-x.qmd")
    found = added(text)
    assert found is not None
    assert found.index("proxy-gone") < found.index("2025-01-01-x.qmd")


def test_a_listing_of_several_gets_it_in_the_first_and_crlf_stays() -> None:
    text = "---\r\nlisting:\r\n- id: a\r\n  contents:\r\n  - a.qmd\r\n- id: b\r\n---\r\nText\r\n"
    found = added(text)
    assert found == text.replace("  - a.qmd\r\n", "  - a.qmd\r\n  - 2026-11-28-proxy-gone.qmd\r\n")


@pytest.mark.parametrize("contents", ['"*.qmd"', "\n    - '*.qmd'"])
def test_a_pattern_finds_it_by_itself(contents: str) -> None:
    assert added(f"---\nlisting:\n  contents: {contents}\n---\n") is None


def test_a_markdown_list_gets_an_item_after_its_last_one() -> None:
    text = "# Reports\n\n* [One](one.md)\n* [Two](two.md)\n  more of it\n\nThe end.\n"
    found = added(text, path="reports/2026-11-28-x (1).md", index="README.md", title="A [b]_c")
    assert found == text.replace(
        "  more of it\n",
        "  more of it\n* [A \\[b\\]\\_c](reports/2026-11-28-x%20%281%29.md)\n",
    )


def test_a_file_without_a_list_gets_one() -> None:
    assert added("# Reports\n", index="docs/incidents/README.md") == (
        "# Reports\n\n- [Proxy \\[gone\\]](2026-11-28-proxy-gone.qmd)\n"
    )


@pytest.mark.parametrize(
    "front", ["listing:\n  contents: [a.qmd]", "listing:\n  contents: []", "a: [", "\tx: 1"]
)
def test_what_cannot_be_changed_safely_is_said(front: str) -> None:
    with pytest.raises(UserError, match=r"report\.targets\[\]\.index"):
        added(f"---\n{front}\n---\n")
