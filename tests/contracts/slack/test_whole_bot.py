"""A complete mayday on a Slack: declares an incident and reports missing methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.bootstrap import Bot
from bot.config import load
from tests.contracts.slack.systems import LOCAL_SLACK, SOCKETS, Slack
from tests.support.clusters import HUB, unreachable
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.xdist_group("contracts of slack"),
    pytest.mark.parametrize("system", SOCKETS),
]
TITLE = "Proxy was evicted"
LACKS = ("conversations.setTopic", "pins.add", "bookmarks.list")
"""Methods used by declaring that local-slack rejects (``unknown_method``), beside inviting."""


@pytest.fixture
def mayday(slack: Slack, tmp_path: Path) -> Iterator[Bot]:
    """A mayday in this process, connected by Socket Mode."""
    told = {
        "slack": {
            "bot_token": slack.bot_token,
            "app_token": slack.app_token,
            "signing_secret": "unused",
            "api_url": slack.api_url,
            "announce_channel": "#incidents",
        },
        "database": {"url": f"sqlite:///{tmp_path / 'mayday.db'}"},
        "http": {"port": 0},
        "report": {"directory": str(tmp_path / "reports"), "timezone": "UTC"},
        "hubs": [HUB],
        "clusters": [unreachable(tmp_path)],
    }
    bot = Bot(load(overrides=told))
    bot.start()
    yield bot
    bot.stop()


def untouched(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The state of an untouched form; local-slack omits initial values."""
    state: dict[str, dict[str, Any]] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            key = {
                "static_select": "selected_option",
                "multi_static_select": "selected_options",
                "checkboxes": "selected_options",
            }.get(element["type"], "value")
            initial = element.get("initial_" + key.removeprefix("selected_"))
            value = [] if initial is None and key.endswith("s") else initial
            state[block["block_id"]] = {element["action_id"]: {"type": element["type"], key: value}}
    return state


def said(client: WebClient, channel: str) -> list[str]:
    """The bot's texts in a channel, oldest first."""
    listed = client.conversations_history(channel=channel)["messages"]
    return [raw["text"] for raw in reversed(listed) if not raw.get("subtype")]


@pytest.mark.contract(
    "Slack", "mayday declares: channel, card, announcement; what is not had is said"
)
def test_declare(slack: Slack, mayday: Bot, client: WebClient) -> None:
    slack.command(slack.ana, slack.general, f"/incident declare {TITLE}")
    # Another test's form may still be open.
    wait_until(lambda: TITLE in str(slack.form(slack.ana)), "the form")
    view = slack.form(slack.ana)
    assert view is not None
    slack.submit(slack.ana, view["id"], untouched(view))

    def channels(name: str) -> list[str]:
        listed = client.conversations_list(limit=999)["channels"]
        return [raw["id"] for raw in listed if name in raw["name"]]

    wait_until(lambda: channels("proxy-was-evicted"), "the incident's channel")
    [channel] = channels("proxy-was-evicted")
    wait_until(
        lambda: any(channel in str(raw) for raw in announced(client, *channels("incidents"))),
        "the announcement",
    )
    if slack.name == LOCAL_SLACK:
        # The declarer could not be invited, so the bot sends a DM.
        direct = client.conversations_open(users=slack.ana)["channel"]["id"]
        wait_until(lambda: said(client, direct), "the notice")
        [card], [notice] = said(client, channel), said(client, direct)
        for what in (*LACKS, f"mayday could not invite <@{slack.ana}>"):
            assert f"{what}: this Slack doesn't support that" in notice
    else:
        wait_until(lambda: client.pins_list(channel=channel)["items"], "the pin")
        [card] = said(client, channel)
        info = client.conversations_info(channel=channel)["channel"]
        assert info["topic"]["value"]
        assert slack.ana in client.conversations_members(channel=channel)["members"]
    assert card.startswith(TITLE)


def announced(client: WebClient, channel: str) -> list[dict[str, Any]]:
    """The announcement channel's messages."""
    listed: list[dict[str, Any]] = client.conversations_history(channel=channel)["messages"]
    return listed
