"""Pins, bookmarks and user groups."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel, Post
from bot.services.filed import SIGN
from tests.contracts.slack.double import Double
from tests.contracts.slack.refusals import refused, told
from tests.contracts.slack.systems import DOUBLE, EVERY, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)
web_api = pytest.mark.parametrize("system", WEB_API)
HUB = "https://hub.example.org"


@pytest.fixture
def card(chat: SlackChat, channel: Channel) -> str:
    """A message by the bot."""
    return chat.post(channel.id, Post(text="card"), effect="e/card")


@every
@pytest.mark.contract("Slack", "a message is pinned; pinning it again changes nothing")
@pytest.mark.differs(LOCAL_SLACK, "it has no pins: unknown_method")
def test_pin(chat: SlackChat, client: WebClient, channel: Channel, card: str) -> None:
    chat.pin(channel.id, card)
    chat.pin(channel.id, card)
    again = refused(lambda: client.pins_add(channel=channel.id, timestamp=card))
    assert again == "already_pinned"
    listed = client.pins_list(channel=channel.id)["items"]
    assert [item["message"]["ts"] for item in listed] == [card]


@web_api
@pytest.mark.contract("Slack", "what cannot be pinned is refused, and why")
def test_refused_pins(client: WebClient, channel: Channel) -> None:
    def pin(ts: str) -> str:
        return refused(lambda: client.pins_add(channel=channel.id, timestamp=ts))

    assert pin("1000000000.000001") == "message_not_found"
    assert pin("yesterday") == "bad_timestamp"
    nothing = {"channel": channel.id}
    assert refused(lambda: client.api_call("pins.add", json=nothing)) == "no_item_specified"


@every
@pytest.mark.contract("Slack", "a bookmark is set once by its title, and its link is updated")
@pytest.mark.differs(LOCAL_SLACK, "it has no bookmarks: unknown_method")
def test_bookmark(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    for link in (HUB, HUB, f"{HUB}/hub"):
        chat.bookmark(channel.id, title="datahub", link=link)
    listed = client.bookmarks_list(channel_id=channel.id)["bookmarks"]
    assert [(raw["title"], raw["link"]) for raw in listed] == [("datahub", f"{HUB}/hub")]


@web_api
@pytest.mark.contract("Slack", "a bookmark that is no link is refused, and why")
def test_refused_bookmarks(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    bookmark = lambda: chat.bookmark(channel.id, title="x", link="javascript:alert(1)")  # noqa: E731
    assert told(bookmark) == "invalid_link"
    asked = {"channel_id": channel.id, "title": "x", "type": "file", "link": HUB}
    wrong = refused(lambda: client.api_call("bookmarks.add", json=asked))
    assert wrong == "invalid_bookmark_type"
    gone = refused(
        lambda: client.bookmarks_edit(channel_id=channel.id, bookmark_id="Bk0", title="y")
    )
    assert gone == "not_found"


@web_api
@pytest.mark.contract("Slack", "who left a channel pins and bookmarks nothing there")
def test_not_a_member(client: WebClient, shared: Channel, card: str) -> None:
    client.conversations_leave(channel=shared.id)
    pinned = refused(lambda: client.pins_add(channel=shared.id, timestamp=card))
    marked = refused(
        lambda: client.bookmarks_add(channel_id=shared.id, title="x", type="link", link=HUB)
    )
    assert (pinned, marked) == ("not_in_channel", "not_in_channel")


@pytest.mark.parametrize("system", [DOUBLE])
@pytest.mark.contract("Slack", "the members of a user group are told (ours alone has groups)")
def test_groups(slack: Slack, chat: SlackChat) -> None:
    assert isinstance(slack, Double)
    [group] = slack.sandbox.usergroups()
    assert slack.ana in chat.group_members(group.id)
    assert told(lambda: chat.group_members("S0NOTHERE")) == "no_such_subteam"


@every
@pytest.mark.contract(
    "Slack", "a reaction is added and removed once, and doing it again changes nothing"
)
@pytest.mark.differs(LOCAL_SLACK, "it accepts a reaction that is there already")
def test_reactions(chat: SlackChat, client: WebClient, channel: Channel, card: str) -> None:
    def names() -> list[str]:
        messages = client.conversations_history(channel=channel.id)["messages"]
        [message] = [each for each in messages if each["ts"] == card]
        return [each["name"] for each in message.get("reactions", ())]

    for _ in range(2):
        chat.react(channel.id, card, SIGN)
    assert names() == [SIGN]
    again = refused(lambda: client.reactions_add(channel=channel.id, timestamp=card, name=SIGN))
    assert again == "already_reacted"
    for _ in range(2):
        chat.unreact(channel.id, card, SIGN)
    assert names() == []
    gone = refused(lambda: client.reactions_remove(channel=channel.id, timestamp=card, name=SIGN))
    assert gone == "no_reaction"
    unknown = "1000000000.000001"
    missing = refused(
        lambda: client.reactions_add(channel=channel.id, timestamp=unknown, name=SIGN)
    )
    assert missing == "message_not_found"
