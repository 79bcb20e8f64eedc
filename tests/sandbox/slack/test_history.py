"""History after a bot was offline: pages, bounds, threads, edits and deletions."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import SlackSandbox


def texts(messages: Any) -> list[str]:
    return [message["text"] for message in messages]


def test_pages_run_from_the_newest_to_the_oldest(slack: SlackSandbox, client: WebClient) -> None:
    ana = slack.person("ana")
    for number in range(7):
        ana.say("hub-ops", str(number))
    channel = slack.channel("hub-ops").id
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = client.conversations_history(channel=channel, limit=3, cursor=cursor)
        assert isinstance(page.data, dict)
        seen += texts(page["messages"])
        cursor = page.data.get("response_metadata", {}).get("next_cursor")
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    assert not page["has_more"] and cursor is None
    with pytest.raises(SlackApiError, match="invalid_cursor"):
        client.conversations_history(channel=channel, cursor="nonsense")


def test_bounds_leave_their_own_moment_out_unless_asked(
    slack: SlackSandbox, client: WebClient
) -> None:
    ana = slack.person("ana")
    first, second, third = (ana.say("hub-ops", text) for text in ("a", "b", "c"))
    channel = slack.channel("hub-ops").id
    between = client.conversations_history(channel=channel, oldest=first, latest=third)
    assert texts(between["messages"]) == ["b"]
    around = client.conversations_history(
        channel=channel, oldest=first, latest=second, inclusive=True
    )
    assert texts(around["messages"]) == ["b", "a"]


def test_replies_stand_in_their_thread_only(slack: SlackSandbox, client: WebClient) -> None:
    ana = slack.person("ana")
    parent = ana.say("hub-ops", "parent")
    replies = [ana.say("hub-ops", f"reply {number}", thread_ts=parent) for number in range(3)]
    channel = slack.channel("hub-ops").id
    client.chat_postMessage(channel=channel, text="to all", thread_ts=parent, reply_broadcast=True)
    history = client.conversations_history(channel=channel)["messages"]
    assert texts(history) == ["to all", "parent"]
    assert history[0]["subtype"] == "thread_broadcast"
    assert history[1]["reply_count"] == 4

    page = client.conversations_replies(channel=channel, ts=parent, limit=2)
    assert texts(page["messages"]) == ["parent", "reply 0"]
    rest = client.conversations_replies(
        channel=channel, ts=parent, cursor=page["response_metadata"]["next_cursor"]
    )
    assert texts(rest["messages"]) == ["reply 1", "reply 2", "to all"]
    newer = client.conversations_replies(channel=channel, ts=parent, oldest=replies[1])
    assert texts(newer["messages"]) == ["parent", "reply 2", "to all"]
    with pytest.raises(SlackApiError, match="thread_not_found"):
        client.conversations_replies(channel=channel, ts="1.000001")


def test_edits_carry_their_time_and_deletions_are_absent(
    slack: SlackSandbox, client: WebClient
) -> None:
    ana = slack.person("ana")
    kept, gone = ana.say("hub-ops", "kept"), ana.say("hub-ops", "gone")
    ana.edit("hub-ops", kept, "changed")
    ana.delete("hub-ops", gone)
    [message] = client.conversations_history(channel=slack.channel("hub-ops").id)["messages"]
    assert message["text"] == "changed"
    assert message["edited"]["user"] == ana.id
    assert message["edited"]["ts"] > kept


def test_a_deleted_parent_leaves_a_tombstone_while_it_has_replies(
    slack: SlackSandbox, client: WebClient
) -> None:
    ana = slack.person("ana")
    parent = ana.say("hub-ops", "parent")
    reply = ana.say("hub-ops", "reply", thread_ts=parent)
    ana.delete("hub-ops", parent)
    channel = slack.channel("hub-ops").id
    [stone] = client.conversations_history(channel=channel)["messages"]
    assert (stone["subtype"], stone["ts"]) == ("tombstone", parent)
    ana.delete("hub-ops", reply)
    assert client.conversations_history(channel=channel)["messages"] == []


def test_metadata_comes_only_when_asked_for(slack: SlackSandbox, client: WebClient) -> None:
    channel = slack.channel("hub-ops").id
    metadata = {"event_type": "card", "event_payload": {"id": "7"}}
    client.chat_postMessage(channel=channel, text="x", metadata=metadata)
    [plain] = client.conversations_history(channel=channel)["messages"]
    [full] = client.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert "metadata" not in plain
    assert full["metadata"] == metadata


def test_a_parent_whose_last_reply_was_deleted_is_no_thread_any_more(
    slack: SlackSandbox, client: WebClient
) -> None:
    ana = slack.person("ana")
    parent = ana.say("hub-ops", "parent")
    reply = ana.say("hub-ops", "reply", thread_ts=parent)
    ana.delete("hub-ops", reply)
    [message] = client.conversations_history(channel=slack.channel("hub-ops").id)["messages"]
    assert not {"thread_ts", "reply_count", "latest_reply"} & set(message)
