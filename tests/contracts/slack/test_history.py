"""History: contents, order, bounds, threads and deletions."""

from __future__ import annotations

from functools import partial
from itertools import chain

import pytest
from slack_sdk import WebClient

from bot.adapters import slack_pages
from bot.adapters.slack import SlackChat
from bot.ports import Channel, Post
from tests.contracts.slack.refusals import refused
from tests.contracts.slack.systems import DOUBLE, EMULATE, EVERY, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)
web_api = pytest.mark.parametrize("system", WEB_API)
NO_BOUNDS = "its history ignores oldest, latest and inclusive"
NO_PAGES = "its history is one page"
DAWN = "1000000000.000000"
joined = chain.from_iterable


def said(chat: SlackChat, channel: Channel, *, oldest: str = DAWN, latest: str = "") -> list[str]:
    """The texts in history, newest first, without join messages."""
    return [
        seen.message.text
        for seen in joined(chat.history(channel.id, oldest=oldest, latest=latest))
        if not seen.message.subtype.startswith("channel_")
    ]


@every
@pytest.mark.contract("Slack", "history is newest first, by who said it, without replies")
def test_order(slack: Slack, chat: SlackChat, shared: Channel) -> None:
    first = slack.say(slack.ana, shared.id, "one")
    chat.post(shared.id, Post(text="two"), effect="e/two")
    slack.say(slack.ana, shared.id, "a reply", thread_ts=first)
    assert said(chat, shared) == ["two", "one"]
    seen = {each.message.ts: each for each in joined(chat.history(shared.id, oldest=DAWN))}
    assert seen[first].message.author == slack.ana
    assert seen[first].message.posted_at.timestamp() == pytest.approx(float(first), abs=0.001)


@every
@pytest.mark.contract("Slack", "history is read page by page, each message once")
@pytest.mark.differs(LOCAL_SLACK, NO_PAGES)
def test_pages(slack: Slack, client: WebClient, shared: Channel) -> None:
    texts = [f"line {number}" for number in range(7)]
    for text in texts:
        slack.say(slack.ana, shared.id, text)
    read: list[str] = []
    cursor = ""
    pages = 0
    while pages == 0 or cursor:
        page = client.conversations_history(channel=shared.id, limit=2, cursor=cursor or None)
        assert len(page["messages"]) <= 2
        read += [raw["text"] for raw in page["messages"]]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        assert bool(page["has_more"]) == bool(cursor)
        pages += 1
    assert [text for text in read if text in texts] == texts[::-1]
    assert pages >= 4


@every
@pytest.mark.contract("Slack", "oldest and latest bound history, and are in it only when asked")
@pytest.mark.differs(EMULATE, NO_BOUNDS)
@pytest.mark.differs(LOCAL_SLACK, NO_BOUNDS)
def test_bounds(slack: Slack, chat: SlackChat, client: WebClient, shared: Channel) -> None:
    one, two, three = (slack.say(slack.ana, shared.id, text) for text in ("one", "two", "three"))
    assert said(chat, shared, oldest=two) == ["three", "two"]
    assert said(chat, shared, oldest=one, latest=two) == ["two", "one"]
    bounded = client.conversations_history(channel=shared.id, oldest=one, latest=three)
    assert [raw["text"] for raw in bounded["messages"]] == ["two"]


@every
@pytest.mark.contract("Slack", "a parent tells how many replies it has")
def test_reply_count(slack: Slack, chat: SlackChat, shared: Channel) -> None:
    parent = slack.say(slack.ana, shared.id, "parent")
    for text in ("first", "second"):
        slack.say(slack.ana, shared.id, text, thread_ts=parent)
    [seen] = [
        each for each in joined(chat.history(shared.id, oldest=DAWN)) if each.message.ts == parent
    ]
    assert seen.reply_count == 2
    replies = list(joined(chat.replies(shared.id, parent)))
    assert [each.message.text for each in replies] == ["first", "second"]
    assert {each.message.thread_ts for each in replies} == {parent}


@every
@pytest.mark.contract("Slack", "a parent names its latest reply, by which new ones are noticed")
@pytest.mark.differs(EMULATE, "its parents name no latest_reply")
def test_latest_reply(slack: Slack, chat: SlackChat, shared: Channel) -> None:
    parent = slack.say(slack.ana, shared.id, "parent")
    reply = slack.say(slack.ana, shared.id, "reply", thread_ts=parent)
    [seen] = [
        each for each in joined(chat.history(shared.id, oldest=DAWN)) if each.message.ts == parent
    ]
    assert seen.latest_reply == reply


@web_api
@pytest.mark.contract("Slack", "a thread is read page by page, each reply once")
@pytest.mark.differs(EMULATE, "its threads are one page")
def test_pages_of_a_thread(slack: Slack, client: WebClient, shared: Channel) -> None:
    parent = slack.say(slack.ana, shared.id, "parent")
    texts = [f"reply {number}" for number in range(5)]
    for text in texts:
        slack.say(slack.ana, shared.id, text, thread_ts=parent)
    read = [
        [raw["text"] for raw in page["messages"] if raw["ts"] != parent]
        for page in client.conversations_replies(channel=shared.id, ts=parent, limit=2)
    ]
    assert [text for page in read for text in page] == texts
    assert len(read) >= 3


@web_api
@pytest.mark.contract("Slack", "mayday reads every page of a channel and of a thread")
def test_every_page(
    slack: Slack, chat: SlackChat, shared: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_pages, "PAGE", 2)
    parent = slack.say(slack.ana, shared.id, "parent")
    texts = [f"line {number}" for number in range(5)]
    for text in texts:
        slack.say(slack.ana, shared.id, text)
        slack.say(slack.ana, shared.id, text, thread_ts=parent)
    assert said(chat, shared) == [*texts[::-1], "parent"]
    assert [seen.message.text for seen in joined(chat.replies(shared.id, parent))] == texts


@web_api
@pytest.mark.contract("Slack", "oldest bounds a thread, whose parent comes all the same")
@pytest.mark.differs(EMULATE, "its threads ignore oldest and latest")
def test_bounds_of_a_thread(slack: Slack, client: WebClient, shared: Channel) -> None:
    parent = slack.say(slack.ana, shared.id, "parent")
    one, _two = (slack.say(slack.ana, shared.id, text, thread_ts=parent) for text in ("one", "two"))
    later = client.conversations_replies(channel=shared.id, ts=parent, oldest=one)["messages"]
    assert [raw["text"] for raw in later] == ["parent", "two"]


@web_api
@pytest.mark.contract("Slack", "a thread that is not there is thread_not_found")
@pytest.mark.differs(EMULATE, "it shows an empty thread")
def test_no_thread(client: WebClient, channel: Channel) -> None:
    missing = refused(
        lambda: client.conversations_replies(channel=channel.id, ts="1000000000.000001")
    )
    assert missing == "thread_not_found"


@every
@pytest.mark.contract("Slack", "a reply shown in the channel as well is in its history")
@pytest.mark.differs(EMULATE, "its history has no broadcast replies")
@pytest.mark.differs(LOCAL_SLACK, "its history has no broadcast replies")
def test_broadcast(client: WebClient, chat: SlackChat, channel: Channel) -> None:
    parent = chat.post(channel.id, Post(text="card"), effect="e/card")
    client.chat_postMessage(channel=channel.id, text="out", thread_ts=parent, reply_broadcast=True)
    assert said(chat, channel) == ["out", "card"]
    assert [each.message.text for each in joined(chat.replies(channel.id, parent))] == ["out"]


@every
@pytest.mark.contract("Slack", "history shows what an edit left, and when it was made")
def test_edited(slack: Slack, chat: SlackChat, client: WebClient, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "teh")
    slack.edit(slack.ana, shared.id, ts, "the")
    assert said(chat, shared) == ["the"]
    [raw] = [
        m for m in client.conversations_history(channel=shared.id)["messages"] if m["ts"] == ts
    ]
    assert raw["edited"]["user"] == slack.ana and raw["edited"]["ts"]


@every
@pytest.mark.contract("Slack", "history shows who reacted with what")
def test_reactions(slack: Slack, chat: SlackChat, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "line")
    slack.react(slack.ana, shared.id, ts, "fire")
    slack.react(slack.ana, shared.id, ts, "pushpin")
    slack.unreact(slack.ana, shared.id, ts, "fire")
    [seen] = [
        each for each in joined(chat.history(shared.id, oldest=DAWN)) if each.message.ts == ts
    ]
    assert dict(seen.reactions) == {"pushpin": (slack.ana,)}


@every
@pytest.mark.contract("Slack", "a deleted message is absent from history")
def test_deleted(slack: Slack, chat: SlackChat, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "oops")
    slack.say(slack.ana, shared.id, "stays")
    slack.delete(slack.ana, shared.id, ts)
    assert said(chat, shared) == ["stays"]


@every
@pytest.mark.contract("Slack", "a deleted parent leaves a tombstone while it has replies")
@pytest.mark.differs(EMULATE, "it leaves nothing; Slack's users report tombstones")
@pytest.mark.differs(LOCAL_SLACK, "it leaves nothing; Slack's users report tombstones")
def test_tombstone(slack: Slack, client: WebClient, shared: Channel) -> None:
    parent = slack.say(slack.ana, shared.id, "parent")
    reply = slack.say(slack.ana, shared.id, "reply", thread_ts=parent)
    slack.delete(slack.ana, shared.id, parent)
    thread = client.conversations_replies(channel=shared.id, ts=parent)["messages"]
    stone = thread[0]
    assert (stone["subtype"], stone["user"], stone["hidden"]) == ("tombstone", "USLACKBOT", True)
    assert (stone["parent_user_id"], stone["reply_count"]) == ("USLACKBOT", 1)
    slack.delete(slack.ana, shared.id, reply)
    listed = client.conversations_history(channel=shared.id)["messages"]
    assert parent not in [raw["ts"] for raw in listed]


@pytest.mark.parametrize("system", [DOUBLE, EMULATE])
@pytest.mark.contract("Slack", "history of a public channel is read only by its members")
@pytest.mark.differs(EMULATE, "it lets a bot read every public channel; Slack says not_in_channel")
def test_members_only(client: WebClient, shared: Channel) -> None:
    client.conversations_leave(channel=shared.id)
    assert refused(lambda: client.conversations_history(channel=shared.id)) == "not_in_channel"


@pytest.mark.parametrize("system", [DOUBLE])
@pytest.mark.contract(
    "Slack", "bounds and cursors that mean nothing are refused (ours alone checks)"
)
def test_nonsense(client: WebClient, channel: Channel) -> None:
    for asked, error in (
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "tomorrow"}, "invalid_ts_latest"),
        ({"cursor": "bm9uc2Vuc2U="}, "invalid_cursor"),
        ({"limit": "1000"}, "invalid_limit"),
    ):
        call = partial(
            client.api_call, "conversations.history", data={"channel": channel.id} | asked
        )
        assert refused(call) == error
