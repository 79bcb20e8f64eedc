"""Any text is imported and linted without an exception, in a time that is linear in its length."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.reports import as_json, decoded, export, lint, read_report
from bot.reports.times import read_time
from tests.support.reports import CASES

PIECES = (
    *("# ", "## Timeline", "### 10:05 ###", "- ", "1. ", "| ", "|-|-|", "```", "<!--", "-->", "> "),
    *(
        "10:05",
        "25:99",
        "Feb 30",
        "2017-02-29",
        "12:29p",
        "~",
        " - ",
        "{{",
        "}}",
        "[a](",
        ")",
        "**",
    ),
    *(
        "All times in PST",
        "## Action items",
        "- [x] ",
        "---",
        "title: [",
        "date: 2024-13-45",
        "&a",
        "*a",
    ),
    *(
        "\n",
        "\n\n",
        "\r\n",
        "\r",
        "\t",
        "    ",
        "\x00",
        "\x85",
        "\u2028",
        "@a",
        "9999-12-31 23:59",
        " ",
    ),
    *("0001-01-01 00:00", "UTC+14", "Pacific/Nowhere", "İ", "٣", "²:30"),
)
TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=9)), max_size=25).map("\n".join),
)
MEGABYTE = 1_000_000
SECONDS = 2.0
"""CPU seconds for a file of a megabyte. A machine that is busy may take longer on the clock."""

REPEATED = [
    *(
        "\n",
        "## Timeline\n### 10:05\n\na\n",
        "- 10:05 a\n",
        "- a\n  - b\n",
        "1. ",
        "| 10:05 | b |\n",
        "|",
    ),
    *(
        "> ",
        "*",
        "`",
        "<!--",
        "[a](https://b",
        "[a]: b\n",
        "@a",
        "{{",
        "10:05 - ",
        "March ",
        "a ",
        "\r",
    ),
]


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_any_text_is_imported_and_kept(text: str) -> None:
    report = read_report(text, path="a.md")
    assert export(report) == text.removeprefix("\ufeff")
    as_json(report)
    lint(text)


@settings(max_examples=50, deadline=None)
@given(st.binary())
def test_any_bytes_are_decoded(content: bytes) -> None:
    text, _encoding = decoded(content)
    assert export(read_report(text)) == text.removeprefix("\ufeff")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_a_time_and_what_follows_are_in_the_text(text: str) -> None:
    typed = read_time(text)
    if typed:
        assert typed.raw in text
        assert len(typed.raw) + len(typed.rest) <= len(text) + 4


def seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.parametrize("piece", REPEATED, ids=repr)
def test_a_megabyte_of_anything_is_read_in_two_seconds(piece: str) -> None:
    text = piece * (MEGABYTE // len(piece))
    assert seconds(lambda: read_report(f"# 2020-01-01 - a\n\n## Timeline\n\n{text}")) < SECONDS


@pytest.mark.parametrize("piece", REPEATED, ids=repr)
def test_the_lint_is_linear(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert seconds(lambda: lint(f"# 2020-01-01 - a\n\n## Action items\n\n{text}")) < SECONDS


def test_a_megabyte_of_reports_is_read_in_two_seconds() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(CASES.iterdir()))
    text *= MEGABYTE // len(text)
    report = read_report(text)
    assert export(report) == text
    assert seconds(lambda: read_report(text)) < SECONDS
