"""Splitting of long texts, and the marks that identify them."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from bot.ports import Origin
from bot.render.markdown import fenced
from bot.render.parts import LIMIT, carries, marked, marker, split

ORIGIN = Origin(incident="i1", item="a1")


def test_a_mark_names_what_the_text_was_made_from() -> None:
    assert marker(ORIGIN) == "<!-- mayday:incident=i1;item=a1 -->"
    assert marker(Origin(incident="i1"), part=2) == "<!-- mayday:incident=i1;part=2 -->"


def test_the_last_mark_of_a_text_counts_whatever_people_write_below_it() -> None:
    mark = marker(ORIGIN)
    assert carries(marked("text", mark), mark)
    assert carries(marked("text", mark).replace("\n", "\r\n"), mark)
    assert carries(f"{mark}\n\nwritten below", mark)
    assert not carries(marked(f"{mark}\n\ntext", marker(Origin(incident="i1"))), mark)
    assert not carries(f"`{mark}`", mark)
    assert not carries(f"> {mark}", mark)
    assert not carries(marked("text", mark), marker(Origin(incident="i1")))


def test_a_short_text_is_one_part() -> None:
    assert split("one\n\ntwo\n", 100) == ["one\n\ntwo"]
    assert split("", 100) == [""]


@pytest.mark.parametrize("limit", [40, 57, 100])
def test_parts_are_within_the_limit_and_lose_nothing(limit: int) -> None:
    text = "\n\n".join(f"paragraph {n} of some words" for n in range(20)) + "\n\n" + "y" * 250
    parts = split(text, limit)
    assert all(len(part) <= limit for part in parts)
    assert "".join(parts).replace("\n", "") == text.replace("\n", "")
    assert all(f"paragraph {n} of some words" in "\n".join(parts) for n in range(20))


def test_a_code_block_that_is_cut_stays_code_in_every_part() -> None:
    code = "\n".join(f"# line {n}" for n in range(30))
    parts = split(f"before\n\n````\n{code}\n\n```\n````\n\nafter", 120)
    assert len(parts) > 2
    kinds = {token.type for part in parts for token in MarkdownIt().parse(part)}
    assert "heading_open" not in kinds
    assert "fence" in kinds


def test_fences_longer_than_a_part_end() -> None:
    for text in ("`" * 300 + "\nx\n" + "`" * 300, "``` " * 300):
        assert "".join(split(text, 100)).count("`") == text.count("`")


def test_a_code_block_of_backticks_fits_into_a_part() -> None:
    parts = split(fenced("`" * 100_000))
    assert all(len(part) <= LIMIT for part in parts)
    assert all(part.split("\n")[0] == part.split("\n")[-1] for part in parts), "all are closed"
