"""Canvases of channels, as apps use them."""

import pytest

from sandbox.slack.canvases import change, containing, new_canvas, sections
from sandbox.slack.values import SlackError


def test_sections_are_blocks_and_found_by_what_people_read() -> None:
    canvas = new_canvas("Notes", "**State** is _known_  \nand more\n\n## Notes\n\nEverybody.")
    assert len(canvas["sections"]) == 3
    (found,) = containing(canvas, "State is known")
    assert found["markdown"].startswith("**State**")
    assert containing(canvas, "nowhere") == []


def test_a_section_is_replaced_under_a_new_id() -> None:
    canvas = new_canvas("Notes", "One\n\nTwo")
    first = canvas["sections"][0]["id"]
    change(canvas, "replace", first, "First")
    assert [one["markdown"] for one in canvas["sections"]] == ["First", "Two"]
    with pytest.raises(SlackError, match="section_not_found"):
        change(canvas, "replace", first, "Again")


def test_text_is_inserted_where_it_belongs_and_deleted() -> None:
    canvas = new_canvas("Notes", "Two")
    change(canvas, "insert_at_start", "", "One")
    change(canvas, "insert_at_end", "", "Four")
    two = canvas["sections"][1]["id"]
    change(canvas, "insert_after", two, "Three")
    change(canvas, "delete", two, "")
    assert [one["markdown"] for one in canvas["sections"]] == ["One", "Three", "Four"]
    with pytest.raises(SlackError, match="invalid_arguments"):
        change(canvas, "rewrite", canvas["sections"][0]["id"], "x")


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        sections("x" * (1024 * 1024 + 1))
