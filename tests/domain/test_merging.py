"""Changes of both sides are kept, and what both changed differently is a conflict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.merging import Draft, merge, merge_drafts

BASE = """# Report

Summary of it.

### 21:10

The proxy is gone.

- [ ] All is over
- [ ] Items have issues

<!-- mayday:incident=i1 -->
"""


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_changes_of_both_sides_are_kept() -> None:
    ours = changed(BASE, ("The proxy is gone.", "The proxy is gone.\n\n### 21:34\n\nAll is well."))
    theirs = changed(BASE, ("Summary of it.", "A better summary.")) + "\nBelow the marker.\n"
    merged = merge(BASE, ours, theirs)
    assert not merged.conflicts
    assert merged.text.strip() == (
        changed(ours, ("Summary of it.", "A better summary.")) + "\nBelow the marker."
    )


def test_what_both_changed_differently_is_a_conflict_with_both_texts() -> None:
    merged = merge(
        BASE,
        changed(BASE, ("Summary of it.", "Ours.")),
        changed(BASE, ("Summary of it.", "Theirs.")),
    )
    [conflict] = merged.conflicts
    assert (conflict.ours, conflict.theirs) == ("Ours.", "Theirs.")


def test_what_one_side_removed_and_the_other_changed_is_a_conflict() -> None:
    merged = merge(
        BASE,
        changed(BASE, ("The proxy is gone.\n\n", "")),
        changed(BASE, ("The proxy is gone.", "The proxy was evicted.")),
    )
    assert [each.theirs.strip() for each in merged.conflicts] == ["The proxy was evicted."]


@pytest.mark.parametrize(
    ("ours", "kept"),
    [
        (changed(BASE, ("Items have issues", "All items have issues")), "- [x] All items have"),
        (changed(BASE, ("- [ ] Items have issues", "- [x] Items have issues")), "- [x] Items have"),
        (changed(BASE, ("- [ ] Items", "- [ ] A new one\n- [ ] Items")), "- [x] Items have"),
        (changed(BASE, ("- [ ] All is over\n", "")), "- [x] Items have"),
        (changed(BASE, ("The proxy is gone.", "Nothing.")), "- [x] Items have"),
    ],
)
def test_a_hand_tick_survives(ours: str, kept: str) -> None:
    theirs = changed(BASE, ("- [ ] Items", "- [x] Items"))
    merged = merge(BASE, ours, theirs)
    assert not merged.conflicts
    assert kept in merged.text


def test_a_box_that_a_hand_cleared_stays_clear() -> None:
    base = changed(BASE, ("- [ ] All is over", "- [x] All is over"))
    merged = merge(base, changed(base, ("Summary", "The summary")), BASE)
    assert "- [ ] All is over" in merged.text and "The summary" in merged.text


def test_a_ticked_line_is_not_removed() -> None:
    theirs = changed(BASE, ("- [ ] Items", "- [x] Items"))
    [conflict] = merge(BASE, changed(BASE, ("- [ ] Items have issues\n", "")), theirs).conflicts
    assert "- [x] Items have issues" in conflict.theirs


def test_changes_beside_each_other_are_both_kept() -> None:
    merged = merge("a\nb\nc", "a1\nb\nc", "a\nb2\nc")
    assert (merged.text, merged.conflicts) == ("a1\nb2\nc\n", ())
    merged = merge("a\nb", "a\nnew\nb", "a2\nb")
    assert (merged.text, merged.conflicts) == ("a2\nnew\nb\n", ())


def test_who_says_the_same_and_more_is_no_conflict() -> None:
    for more, less in (("new\n\nmore", "new"), ("more\nnew", "new")):
        assert merge("a\nold\nb", f"a\n{more}\nb", f"a\n{less}\nb").text == f"a\n{more}\nb\n"
        assert merge("a\nold\nb", f"a\n{less}\nb", f"a\n{more}\nb").text == f"a\n{more}\nb\n"
    assert merge("old\nold two", "new\nanother", "new").conflicts, "who removed old two?"


def test_both_inserting_at_one_place_is_a_conflict_unless_it_is_the_same() -> None:
    assert merge("a\nb", "a\nours\nb", "a\ntheirs\nb").conflicts
    assert not merge("a\nb", "a\nsame\nb", "a\nsame\nb").conflicts


def test_line_ends_and_blanks_at_the_ends_are_no_changes() -> None:
    merged = merge(BASE, changed(BASE, ("Summary", "The summary")), BASE.replace("\n", "\r\n"))
    assert not merged.conflicts and "The summary" in merged.text and "\r" not in merged.text


def test_without_a_base_any_difference_is_a_conflict() -> None:
    one, other = Draft(title="T", parts=("a",)), Draft(title="T", parts=("b",))
    assert merge_drafts(None, one, other).conflicts
    assert not merge_drafts(None, one, one).conflicts


def test_titles_and_parts_are_merged_one_by_one() -> None:
    merged = merge_drafts(
        Draft(title="T", parts=("a", "b")),
        Draft(title="T", parts=("a", "b2", "c")),
        Draft(title="Better", parts=("a", "b")),
    )
    assert merged.draft.title == "Better"
    assert [part.strip() for part in merged.draft.parts] == ["a", "b2", "c"]


LINES = st.lists(
    st.sampled_from(["a", "b", "", "- [ ] do", "- [x] do", "- [ ] more", "c"]), max_size=8
).map("\n".join)


@settings(max_examples=150, deadline=None)
@given(base=LINES, ours=LINES, theirs=LINES)
def test_every_line_that_a_side_added_is_in_the_merged_text(
    base: str, ours: str, theirs: str
) -> None:
    merged = merge(base, ours, theirs)
    if merged.conflicts:
        return
    result = merged.text.split("\n")
    for side in (theirs, ours):
        for line in {*side.split("\n")} - {*base.split("\n")} - {""}:
            boxes = {line, line.replace("[x]", "[ ]"), line.replace("[ ]", "[x]")}
            assert boxes & {*result}


@settings(max_examples=80, deadline=None)
@given(base=LINES, side=LINES)
def test_a_change_of_one_side_alone_is_never_a_conflict(base: str, side: str) -> None:
    assert merge(base, side, base).text.strip() == side.strip()
    assert merge(base, base, side).text.strip() == side.strip()
    assert merge(base, side, side).text.strip() == side.strip()
