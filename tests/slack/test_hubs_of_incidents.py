"""``/incident hubs`` and action items as they are typed: names, addresses, headings and links."""

from __future__ import annotations

import pytest

from bot.domain.actions import ActionItem
from bot.store import incidents as incident_rows
from tests.support.desk import Desk

ISSUE = "https://github.com/x/y/issues/6"
PULL = "https://github.com/x/y/pull/7"


def items(desk: Desk) -> list[ActionItem]:
    with desk.store.read() as tx:
        return incident_rows.items(tx, desk.incident.id)


def test_hubs_are_added_with_an_address_and_removed(desk: Desk) -> None:
    assert "No hub is named yet." in desk.command("hubs").text
    desk.command("hubs add [Data 8](<https://data8.example.edu>)")
    desk.command("hubs add Data  100: <https://data100.example.edu|data100.example.edu>")
    answer = desk.command("hubs add DataHub").text
    assert desk.incident.hubs == ("Data 8", "Data 100", "datahub")
    assert dict(desk.incident.report_options.hub_urls) == {
        "Data 8": "https://data8.example.edu",
        "Data 100": "https://data100.example.edu",
    }
    assert "• <https://data8.example.edu|Data 8>" in answer and "• datahub\n" in answer
    desk.command("hubs remove data 8")
    assert desk.incident.hubs == ("Data 100", "datahub")
    assert list(desk.incident.report_options.hub_urls) == ["Data 100"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("hubs add", "Write /incident hubs add and a hub"),
        ("hubs drop x", "Write /incident hubs add and a hub"),
        ("hubs remove Data 8", "“Data 8” is not among the hubs: datahub."),
        ("hubs add datahub", "already among the hubs"),
        (f"hubs add {'x' * 101}", "Shorten the name"),
    ],
)
def test_what_cannot_be_done_changes_nothing(desk: Desk, line: str, said: str) -> None:
    desk.command("hubs add datahub")
    assert said in desk.command(line).text
    assert desk.incident.hubs == ("datahub",)


@pytest.mark.parametrize(
    ("line", "group", "title", "link"),
    [
        (
            f"tech: speed up the [inodes issue](<{ISSUE}>), which began it",
            "Technical improvements",
            f"speed up the [inodes issue]({ISSUE}), which began it",
            ISSUE,
        ),
        (f"[Upstream hub] fix it [Issue](<{ISSUE}>)", "Upstream hub", "fix it", ISSUE),
        (f"[fix it](<{ISSUE}>) soon", "Technical improvements", f"[fix it]({ISSUE}) soon", ISSUE),
    ],
)
def test_items_keep_their_links(desk: Desk, line: str, group: str, title: str, link: str) -> None:
    assert desk.command(f"action {line}").text == ""
    [item] = items(desk)
    assert (item.group, item.title, item.link) == (group, title, link)
    assert item.is_tracked and not item.needs_issue


def test_only_an_item_that_nobody_tracks_is_filed(desk: Desk) -> None:
    for line in (f"one <{ISSUE}|Issue>", "two", f"three [PR](<{PULL}>)", "four https://x.y/1"):
        desk.command(f"action {line}")
    filed = desk.context.reports.settle_items(desk.incident.id)
    assert [item.title for item in items(desk) if item.id in filed] == ["two", "four"]


def test_a_heading_of_the_incident_is_known_afterwards(desk: Desk) -> None:
    desk.command("action [Upstream hub] fix it")
    desk.command("action upstream: fix that, too")
    desk.command("action")
    desk.submit({"title": f"see [that]({ISSUE}) & <this>", "new_group": "Chart"})
    desk.command("action")
    shown = str(desk.slack.views[-1]["blocks"])
    assert "'Upstream hub'" in shown and "'Chart'" in shown
    assert [item.group for item in items(desk)] == ["Upstream hub", "Upstream hub", "Chart"]
    assert items(desk)[-1].title == f"see [that]({ISSUE}) & <this>"
