"""Posts about a change in the channel and announcement thread."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.timeline import EntryKind, PostedEntry
from bot.render.card import ACTION_CLOSE
from bot.render.posts import (
    EntrySpec,
    announced_update,
    announced_update_spec,
    entry_post,
    entry_spec,
    news,
)
from tests.support.evening import DECLARED, INCIDENT


def entry(kind: EntryKind, data: dict[str, Any], author: str = "UADA") -> PostedEntry:
    return PostedEntry(1, kind, author, data, False, DECLARED)


@pytest.mark.parametrize(
    ("author", "before", "said"),
    [
        ("UADA", None, "🧑‍🚒 <@UADA> is *commander* now."),
        ("UBEN", None, "🧑‍🚒 <@UADA> is *commander* now, given by <@UBEN>."),
        ("UADA", "UBEN", "🧑‍🚒 <@UADA> is *commander* now, after <@UBEN>."),
    ],
)
def test_whoever_takes_a_role_is_named_once(author: str, before: str | None, said: str) -> None:
    data = {"role": "commander", "user": "UADA", "before": before}
    assert entry_post(entry_spec(entry(EntryKind.ROLE, data, author))).text == said


def test_an_action_item_shows_whose_it_is_and_where_it_is_tracked() -> None:
    data = {
        "text": "Alert on <routes>",
        "group": "Technical",
        "owner": "UBEN",
        "link": "https://example.org/7?a&b",
    }
    assert entry_post(entry_spec(entry(EntryKind.ACTION_ITEM, data))).text == (
        "🔧 Action item by <@UADA>, for <@UBEN>, under _Technical_:\n"
        ">Alert on &lt;routes&gt;\n>https://example.org/7?a&amp;b"
    )


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (EntryKind.UPDATE, {"text": "found it", "status": "fixing"}, "📣 *T* · fixing\n>found it"),
        (
            EntryKind.STATUS,
            {"from": "investigating", "to": "fixing", "text": "found it"},
            "📣 *T* · fixing\n>found it",
        ),
        (EntryKind.RESOLVED, {"from": "fixing", "to": "resolved", "text": ""}, "✅ *T* · resolved"),
        (EntryKind.REOPENED, {"from": "closed", "to": "fixing"}, "🚨 *T* · fixing"),
        (
            EntryKind.SEVERITY,
            {"from": "sev2", "to": "sev1", "text": "all hubs"},
            "📶 *T* · sev1\n>all hubs",
        ),
    ],
)
def test_people_outside_the_channel_are_told_the_turns(
    kind: EntryKind, data: dict[str, Any], said: str
) -> None:
    told = entry(kind, data)
    assert news([told]) == [told]
    assert announced_update(announced_update_spec(INCIDENT, told)).text == said.replace(
        "T", INCIDENT.title, 1
    )


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (EntryKind.STATUS, {"from": "investigating", "to": "fixing", "text": ""}),
        (EntryKind.SEVERITY, {"from": "sev2", "to": "sev1"}),
        (EntryKind.NOTE, {"text": "the node is full"}),
    ],
)
def test_they_are_spared_the_rest(kind: EntryKind, data: dict[str, Any]) -> None:
    assert news([entry(kind, data)]) == []


def test_an_incident_that_is_reopened_again_and_again_is_announced_once() -> None:
    resolved = entry(EntryKind.RESOLVED, {"from": "fixing", "to": "resolved", "text": ""})
    reopened = entry(EntryKind.REOPENED, {"from": "resolved", "to": "investigating"})
    why = entry(EntryKind.RESOLVED, {"from": "fixing", "to": "resolved", "text": "for good"})
    turns = [resolved, reopened, resolved, reopened, resolved, reopened, why]
    assert news(turns) == [resolved, reopened, resolved, why]


def test_whoever_resolves_can_close_from_there() -> None:
    resolved = entry(EntryKind.RESOLVED, {"from": "fixing", "to": "resolved", "text": ""})
    post = entry_post(entry_spec(resolved))
    assert [block["type"] for block in post.blocks] == ["section", "actions"]
    [button] = post.blocks[1]["elements"]
    assert button["action_id"] == ACTION_CLOSE


def test_a_published_report_names_its_places_and_who_cannot_be_assigned() -> None:
    data = {
        "url": "https://github.com/o/r/issues/1",
        "others": ["https://github.com/o/r/pull/2"],
        "path": "reports/x.md",
        "unassigned": ["gone"],
    }
    text = entry_post(EntrySpec(kind=EntryKind.PUBLISHED, author="", data=data)).text
    assert (
        "<https://github.com/o/r/issues/1>, <https://github.com/o/r/pull/2>, `reports/x.md`" in text
    )
    assert "can't assign its issues to gone" in text
