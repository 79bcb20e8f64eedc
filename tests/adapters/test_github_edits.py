"""What the edit history of an issue says of a text that was written over."""

from __future__ import annotations

import pytest

from bot.adapters.github_edits import lost_between


@pytest.mark.parametrize(
    ("history", "lost"),
    [
        (["ours", "theirs", "read"], "theirs"),
        (["ours", "theirs", "earlier theirs", "read", "first"], "theirs"),
        (["ours\r\n", "theirs", "read\n"], "theirs"),
        (["ours", "read"], None),
        (["ours", "read", "first"], None),
        ([], None),
        (["ours"], None),
        (["later", "ours", "read"], None),
        (["ours", "first"], None),
        (["ours", "first", "none of these"], None),
        (["ours", None, "read"], None),
        ([None, "theirs", "read"], None),
        (["@@ -1 +1 @@", "@@ -2 +2 @@", "@@ -3 +3 @@"], None),
    ],
)
def test_only_a_complete_history_shows_a_lost_text(
    history: list[str | None], lost: str | None
) -> None:
    assert lost_between(history, read="read", wrote="ours") == lost
