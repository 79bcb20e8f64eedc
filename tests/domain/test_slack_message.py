"""Extraction of a link from escaped message text."""

from __future__ import annotations

import pytest

from bot.domain.mrkdwn import link_in


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("add an alert", ("add an alert", "")),
        ("add an alert https://x.y/1", ("add an alert", "https://x.y/1")),
        ("see <https://x.y/?a=1&amp;b=2|x.y> first", ("see  first", "https://x.y/?a=1&b=2")),
        ("see https://x.y/?a=1&amp;b=2", ("see", "https://x.y/?a=1&b=2")),
        ("add an alert &lt;https://x.y/1&gt;", ("add an alert", "https://x.y/1")),
        ("add an alert &lt;<https://x.y/1>&gt;", ("add an alert", "https://x.y/1")),
        ("one https://x.y/1 two https://x.y/2", ("one https://x.y/1 two", "https://x.y/2")),
    ],
)
def test_the_last_link_is_told_apart_from_the_words(text: str, split: tuple[str, str]) -> None:
    assert link_in(text) == split
