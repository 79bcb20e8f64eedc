"""Messages: post content, lookup, updates, ephemeral messages and deletion."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.adapters.slack import SlackChat
from bot.domain.slack_message import permalink
from bot.ports import Channel, Post
from tests.contracts.slack.refusals import refused, told
from tests.contracts.slack.systems import DOUBLE, EMULATE, EVERY, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)
web_api = pytest.mark.parametrize("system", WEB_API)
NO_RULES = "it refuses nothing that is posted"
NO_METADATA = "it drops metadata"

SECTION = {"type": "section", "block_id": "b", "text": {"type": "mrkdwn", "text": "*card*"}}
CARD = Post(text="card", blocks=(SECTION,))


def shown(client: WebClient, channel: str, ts: str, **more: Any) -> dict[str, Any]:
    """A message from history."""
    listed = client.conversations_history(channel=channel, **more)["messages"]
    found: list[dict[str, Any]] = [raw for raw in listed if raw["ts"] == ts]
    assert len(found) == 1, listed
    return found[0]


@every
@pytest.mark.contract("Slack", "a post's key is a string of seconds, a point and six digits")
def test_post(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    assert re.fullmatch(r"\d{10}\.\d{6}", ts)
    message = shown(client, channel.id, ts)
    assert (message["text"], message["user"]) == ("card", chat.identity().user_id)
    assert message["blocks"][0]["text"]["text"] == "*card*"


@every
@pytest.mark.contract("Slack", "a bot's message names the bot")
@pytest.mark.differs(EMULATE, "its bots' messages carry no bot_id")
def test_bot_id(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    assert shown(client, channel.id, ts)["bot_id"] == chat.identity().bot_id


@every
@pytest.mark.contract("Slack", "a post is found again by the effect in its metadata")
@pytest.mark.differs(LOCAL_SLACK, NO_METADATA)
def test_found_by_effect(chat: SlackChat, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    chat.post(channel.id, CARD, effect="e/other")
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert chat.find_post(channel.id, "e/card", since=since) == ts
    assert chat.find_post(channel.id, "e/none", since=since) is None


@every
@pytest.mark.contract("Slack", "a reply is found again by its effect, in its thread")
@pytest.mark.differs(LOCAL_SLACK, NO_METADATA)
def test_reply_found_by_effect(chat: SlackChat, channel: Channel) -> None:
    parent = chat.post(channel.id, CARD, effect="e/card")
    ts = chat.post(channel.id, CARD, effect="e/step", thread_ts=parent)
    since = datetime.now(UTC) - timedelta(minutes=1)
    assert chat.find_post(channel.id, "e/step", since=since, thread_ts=parent) == ts
    assert chat.find_post(channel.id, "e/step", since=since) is None


@web_api
@pytest.mark.contract("Slack", "history shows metadata only when asked to")
@pytest.mark.differs(
    EMULATE, "it always shows metadata; Slack's include_all_metadata is off at first"
)
def test_metadata_is_asked_for(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    asked = shown(client, channel.id, ts, include_all_metadata=True)
    assert asked["metadata"]["event_payload"] == {"effect": "e/card"}
    assert "metadata" not in shown(client, channel.id, ts)


@web_api
@pytest.mark.contract("Slack", "metadata outlives a change, and an empty object takes it away")
def test_metadata_and_changes(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    chat.change(channel.id, ts, Post(text="changed"))
    asked = shown(client, channel.id, ts, include_all_metadata=True)
    assert asked["metadata"]["event_payload"] == {"effect": "e/card"}
    client.chat_update(channel=channel.id, ts=ts, text="again", metadata={})
    assert not shown(client, channel.id, ts, include_all_metadata=True).get("metadata")


@every
@pytest.mark.contract(
    "Slack", "a change replaces text and blocks; Slack may not say that it happened"
)
def test_change(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    assert "edited" not in shown(client, channel.id, ts)
    section = {**SECTION, "text": {"type": "mrkdwn", "text": "*new*"}}
    chat.change(channel.id, ts, Post(text="new", blocks=(section,)))
    message = shown(client, channel.id, ts)
    assert (message["text"], message["blocks"][0]["text"]["text"]) == ("new", "*new*")
    assert float(message.get("edited", message)["ts"]) >= float(ts)


@every
@pytest.mark.contract("Slack", "a change without blocks leaves those that are there")
@pytest.mark.differs(EMULATE, "it takes them away; Slack documents that they are retained")
@pytest.mark.differs(LOCAL_SLACK, "it takes them away; Slack documents that they are retained")
def test_blocks_stay(client: WebClient, channel: Channel) -> None:
    ts = client.chat_postMessage(channel=channel.id, text="card", blocks=[SECTION])["ts"]
    client.chat_update(channel=channel.id, ts=ts, text="new")
    assert shown(client, channel.id, ts)["blocks"][0]["text"]["text"] == "*card*"


@every
@pytest.mark.contract("Slack", "what another wrote is neither changed nor deleted")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_not_ours(slack: Slack, chat: SlackChat, client: WebClient, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "mine")
    assert told(lambda: chat.change(shared.id, ts, CARD)) == "unchangeable"
    assert refused(lambda: client.chat_update(channel=shared.id, ts=ts, text="x")) == (
        "cant_update_message"
    )
    deleted = refused(lambda: client.chat_delete(channel=shared.id, ts=ts))
    assert deleted == "cant_delete_message"


@every
@pytest.mark.contract("Slack", "a message that is gone is message_not_found")
def test_gone(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    client.chat_delete(channel=channel.id, ts=ts)
    assert refused(lambda: client.chat_update(channel=channel.id, ts=ts, text="x")) == (
        "message_not_found"
    )
    assert told(lambda: chat.change(channel.id, ts, CARD)) == "gone"


@web_api
@pytest.mark.contract("Slack", "a message of an archived channel is not changed: is_inactive")
@pytest.mark.differs(EMULATE, "it changes it all the same")
def test_change_in_an_archived_channel(
    chat: SlackChat, client: WebClient, channel: Channel
) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    client.conversations_archive(channel=channel.id)
    assert told(lambda: chat.change(channel.id, ts, CARD)) == "is_inactive"


@every
@pytest.mark.contract("Slack", "an empty message is refused")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_empty(client: WebClient, channel: Channel) -> None:
    empty = {"channel": channel.id, "text": ""}
    assert refused(lambda: client.api_call("chat.postMessage", json=empty)) == "no_text"


@every
@pytest.mark.contract("Slack", "a post to a channel that is not there is channel_not_found")
def test_no_channel(chat: SlackChat) -> None:
    assert told(lambda: chat.post("C0NOTHERE00", CARD, effect="e")) == "channel_not_found"


@every
@pytest.mark.contract("Slack", "a text over 40,000 characters is cut, and the answer says so")
@pytest.mark.differs(LOCAL_SLACK, "it knows no limits")
def test_long_text(client: WebClient, channel: Channel) -> None:
    posted = client.chat_postMessage(channel=channel.id, text="x" * 40_001)
    assert len(shown(client, channel.id, posted["ts"])["text"]) == 40_000
    assert posted["response_metadata"]["warnings"] == ["message_truncated"]


@web_api
@pytest.mark.contract("Slack", "a changed text over 4,000 characters is refused")
@pytest.mark.differs(EMULATE, "it cuts it at 40,000; Slack publishes msg_too_long")
def test_long_change(client: WebClient, channel: Channel) -> None:
    ts = client.chat_postMessage(channel=channel.id, text="x")["ts"]
    long = "x" * 4001
    assert refused(lambda: client.chat_update(channel=channel.id, ts=ts, text=long)) == (
        "msg_too_long"
    )


@every
@pytest.mark.contract("Slack", "what is shown to one person is in no history")
@pytest.mark.differs(LOCAL_SLACK, "its history shows everybody's ephemeral messages")
def test_whisper(slack: Slack, chat: SlackChat, client: WebClient, shared: Channel) -> None:
    chat.post_ephemeral(shared.id, slack.ana, Post(text="only you"))
    listed = client.conversations_history(channel=shared.id)["messages"]
    assert all(raw["text"] != "only you" for raw in listed)


@web_api
@pytest.mark.contract("Slack", "nothing is whispered to who is not in the channel")
def test_whisper_to_an_absent_one(slack: Slack, chat: SlackChat, channel: Channel) -> None:
    whisper = Post(text="only you")
    assert (
        told(lambda: chat.post_ephemeral(channel.id, slack.ben, whisper)) == "user_not_in_channel"
    )


@every
@pytest.mark.contract(
    "Slack", "a permalink is what mayday makes of the key, a reply's with its thread"
)
def test_permalink(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    parent = chat.post(channel.id, CARD, effect="e/card")
    reply = chat.post(channel.id, CARD, effect="e/step", thread_ts=parent)
    for ts, thread_ts in ((parent, ""), (reply, parent)):
        slacks = client.chat_getPermalink(channel=channel.id, message_ts=ts)["permalink"]
        ours = permalink("https://practice.slack.com/", channel.id, ts, thread_ts)
        # The others return a different host; ours returns its page's.
        assert _after_the_host(slacks) == _after_the_host(ours)


@pytest.mark.parametrize("system", [DOUBLE])
@pytest.mark.contract("Slack", "a permalink begins with the team's url (the others name two hosts)")
def test_permalink_host(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    ts = chat.post(channel.id, CARD, effect="e/card")
    slacks = client.chat_getPermalink(channel=channel.id, message_ts=ts)["permalink"]
    assert permalink(chat.identity().url, channel.id, ts) == slacks


def _after_the_host(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.path, parts.query


@pytest.mark.parametrize("system", [DOUBLE])
@pytest.mark.contract(
    "Slack", "blocks against the rules are refused, with the place (ours alone checks)"
)
def test_blocks_are_checked(client: WebClient, channel: Channel) -> None:
    def post(*blocks: dict[str, Any]) -> str:
        return refused(
            lambda: client.chat_postMessage(channel=channel.id, text="x", blocks=list(blocks))
        )

    assert post({**SECTION, "text": {"type": "mrkdwn", "text": "x" * 3001}}) == "invalid_blocks"
    assert post(*({**SECTION, "block_id": f"b{n}"} for n in range(51))) == "invalid_blocks"
    assert post({"type": "shout", "text": "x"}) == "invalid_blocks"
    assert post({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}) == (
        "invalid_blocks"
    )


@pytest.mark.parametrize("system", [DOUBLE])
@pytest.mark.contract(
    "Slack", "blocks against the rules are refused, with the place (ours alone checks)"
)
def test_where_blocks_are_wrong(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    bad = {**SECTION, "text": {"type": "mrkdwn", "text": "x" * 3001}}
    with pytest.raises(SlackApiError, match="invalid_blocks") as caught:
        client.chat_postMessage(
            channel=channel.id, text="x", blocks=[SECTION | {"block_id": "a"}, bad]
        )
    [detail] = caught.value.response["response_metadata"]["messages"]
    assert "[json-pointer:/blocks/1]" in detail
    assert told(lambda: chat.post(channel.id, Post(text="x", blocks=(bad,)), effect="e")) == (
        "invalid_blocks"
    )
