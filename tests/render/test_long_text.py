"""A long text is split into inputs that Slack accepts, and joined again without a loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.render.long_text import INPUT_LIMIT, MOST_INPUTS, LongText

PIECES = st.sampled_from(["a" * 700, "b" * 2999, "c" * 3001, "\n", "\n\n", " ", "word ", "\n \n"])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_nothing_is_lost(text: str) -> None:
    split = LongText.of(text)
    assert split.whole == text
    assert len(split.texts) == len(split.joints) + 1 <= MOST_INPUTS
    assert all(len(one) <= INPUT_LIMIT for one in split.texts)
    shown = {block["block_id"]: block["element"] for block in split.blocks("text", "Text")}
    again = LongText.entered(
        "text", split.joints, lambda name: shown[name].get("initial_value", "")
    )
    assert again == split


@pytest.mark.parametrize("text", ["\n" + "x" * 2999, "x\n" * 20_000, "y" * 42_000])
def test_as_much_as_fits_is_shown(text: str) -> None:
    assert LongText.of(text).whole == text


def test_what_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(UserError):
        LongText.of("x" * (MOST_INPUTS * INPUT_LIMIT + 1))
