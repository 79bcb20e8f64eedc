"""Typed text is escaped once wherever it is quoted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.mrkdwn import typed
from bot.domain.timeline import Entry, EntryKind
from bot.render.posts import entry_post, entry_spec


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (typed("R&D: a<b, ask <@U0123456>"), ">R&amp;D: a&lt;b, ask <@U0123456>"),
        ("<!channel> look", ">&lt;!channel&gt; look"),
        ("see <https://example.org/a?b=1&amp;c=2>", ">see <https://example.org/a?b=1&amp;c=2>"),
    ],
)
def test_an_update_is_escaped_once(text: str, shown: str) -> None:
    now = datetime(2017, 2, 24, 5, 14, tzinfo=UTC)
    entry = Entry(
        id=1,
        incident_id="i",
        at=now,
        recorded_at=now,
        kind=EntryKind.UPDATE,
        author="U1",
        data={"text": text, "status": "fixing"},
        source="s",
    )
    assert shown in entry_post(entry_spec(entry)).text
