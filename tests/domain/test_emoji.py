"""One reaction under several names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.emoji import first_name
from bot.domain.timeline import Heading
from tests.support.rows import settings


@pytest.mark.parametrize(
    ("configured", "sent"),
    [
        ("+1", "thumbsup"),
        ("thumbsup", "+1"),
        ("thumbsup", "+1::skin-tone-4"),
        ("thumbsup::skin-tone-2", "thumbsup"),
        (":memo:", "pencil"),
        ("raised_hand", "hand::skin-tone-6"),
        ("team_alias", "team_alias"),
    ],
)
def test_a_reaction_counts_by_any_of_its_names(configured: str, sent: str) -> None:
    found = settings(reactions={"fire": Heading.WRONG, configured: Heading.TIMELINE})
    assert found.heading(sent) is Heading.TIMELINE
    assert found.heading("wave") is None


def test_several_emoji_may_have_one_heading() -> None:
    both = {"pushpin": Heading.TIMELINE, "round_pushpin": Heading.TIMELINE}
    found = replace(settings(reactions={}), reactions=both)
    assert [found.heading(name) for name in both] == [Heading.TIMELINE] * 2


def test_no_name_belongs_to_two_emoji() -> None:
    assert first_name("pencil2") == "pencil2" != first_name("pencil") == "memo"
