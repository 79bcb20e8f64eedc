"""The Web API through slack_sdk: tokens, scopes, channels, messages, errors."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack import SlackSandbox, answers, drop_after, drop_before, on_call, rate_limited


def refused(call: Callable[[], Any]) -> str:
    """Returns the Slack error of this call."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def test_the_token_decides_who_one_is(slack: SlackSandbox, client: WebClient) -> None:
    answer = client.auth_test()
    assert (answer["user_id"], answer["team_id"]) == (slack.bot_user_id, slack.team_id)
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")

    def with_token(token: str | None) -> WebClient:
        return WebClient(token=token, base_url=slack.api_url)

    assert refused(with_token("xoxb-wrong").auth_test) == "invalid_auth"
    assert refused(with_token(None).auth_test) == "not_authed"
    assert refused(with_token(slack.app_token).auth_test) == "not_allowed_token_type"
    slack.revoke_bot_token()
    assert refused(client.auth_test) == "token_revoked"


def test_a_missing_scope_is_named(slack: SlackSandbox, client: WebClient) -> None:
    slack.scopes = slack.scopes - {"channels:manage", "pins:write"}
    with pytest.raises(SlackApiError) as caught:
        client.conversations_create(name="inc-1")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "channels:manage"
    assert "pins:write" not in caught.value.response["provided"]
    client.conversations_create(name="inc-1", is_private=True)


def test_an_unknown_method(client: WebClient) -> None:
    assert refused(lambda: client.api_call("chat.shout")) == "unknown_method"


def test_the_names_of_channels(client: WebClient) -> None:
    def named(name: str) -> str:
        return refused(lambda: client.conversations_create(name=name))

    assert named("") == "invalid_name_required"
    assert named("x" * 81) == "invalid_name_maxlength"
    assert named("Has Spaces") == "invalid_name_specials"
    assert named("--_") == "invalid_name_punctuation"
    made = client.conversations_create(name="inc-2017-02-23")["channel"]
    assert not made["is_private"]
    client.conversations_archive(channel=made["id"])
    assert named("inc-2017-02-23") == "name_taken"
    assert named("general") == "name_taken"


def test_inviting(slack: SlackSandbox, client: WebClient) -> None:
    channel = client.conversations_create(name="inc")["channel"]["id"]
    ana = slack.person("ana").id

    def invited(users: str) -> str:
        return refused(lambda: client.conversations_invite(channel=channel, users=users))

    assert invited("UNOBODY") == "user_not_found"
    assert invited(slack.bot_user_id) == "cant_invite_self"
    assert invited(f"{ana},UNOBODY") == "user_not_found"
    assert slack.channel("inc").members == [slack.bot_user_id]
    client.conversations_invite(channel=channel, users=ana)
    assert invited(ana) == "already_in_channel"
    assert client.conversations_members(channel=channel)["members"] == [slack.bot_user_id, ana]


def test_where_the_bot_may_not_go(slack: SlackSandbox, client: WebClient) -> None:
    ana = slack.person("ana")
    secret = ana.create_channel("secret", private=True)
    public = ana.create_channel("public")
    assert refused(lambda: client.conversations_info(channel=secret)) == "channel_not_found"
    assert refused(lambda: client.chat_postMessage(channel=secret, text="x")) == "channel_not_found"
    assert refused(lambda: client.conversations_history(channel=public)) == "not_in_channel"
    assert refused(lambda: client.conversations_setTopic(channel=public, topic="x")) == (
        "not_in_channel"
    )
    slack.scopes = slack.scopes - {"chat:write.public"}
    assert refused(lambda: client.chat_postMessage(channel=public, text="x")) == "not_in_channel"
    client.conversations_join(channel=public)
    client.chat_postMessage(channel=public, text="x")
    ana.archive(public)
    assert refused(lambda: client.chat_postMessage(channel=public, text="x")) == "is_archived"


def test_the_topic(slack: SlackSandbox, client: WebClient) -> None:
    channel = slack.channel("hub-ops").id
    client.conversations_setTopic(channel=channel, topic="sev1")
    seen = client.conversations_info(channel=channel)["channel"]
    assert seen["topic"]["value"] == "sev1"
    assert refused(lambda: client.conversations_setTopic(channel=channel, topic="x" * 251)) == (
        "too_long"
    )


def test_posting_changing_and_deleting(slack: SlackSandbox, client: WebClient) -> None:
    channel = slack.channel("hub-ops").id
    empty = refused(lambda: client.api_call("chat.postMessage", json={"channel": channel}))
    assert empty == "no_text"
    posted = client.chat_postMessage(
        channel=channel,
        text="one",
        metadata={"event_type": "card", "event_payload": {"id": "7"}},
    )
    ts = posted["ts"]
    assert refused(lambda: client.chat_update(channel=channel, ts=ts, text="x" * 4001)) == (
        "msg_too_long"
    )
    parts = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2400}}] * 5
    for refusing in (
        lambda: client.chat_postMessage(channel=channel, text="x", blocks=parts),
        lambda: client.chat_update(channel=channel, ts=ts, text="x", blocks=parts),
    ):
        assert refused(refusing) == "msg_blocks_too_long"
    client.chat_postMessage(channel=slack.channel("general").id, text="x", blocks=parts[:4])
    client.chat_update(channel=channel, ts=ts, text="two")
    [message] = slack.messages("hub-ops")
    assert (message["text"], message["metadata"]["event_payload"]) == ("two", {"id": "7"})
    assert "edited" in message
    theirs = slack.person("ana").say("hub-ops", "mine")
    assert refused(lambda: client.chat_update(channel=channel, ts=theirs, text="x")) == (
        "cant_update_message"
    )
    assert refused(lambda: client.chat_delete(channel=channel, ts=theirs)) == "cant_delete_message"
    client.chat_delete(channel=channel, ts=ts)
    assert refused(lambda: client.chat_update(channel=channel, ts=ts, text="x")) == (
        "message_not_found"
    )
    assert refused(lambda: client.chat_postMessage(channel=channel, text="x", thread_ts=ts)) == (
        "thread_not_found"
    )


def test_metadata_of_another_shape_is_not_kept(slack: SlackSandbox, client: WebClient) -> None:
    channel = slack.channel("hub-ops").id
    client.chat_postMessage(channel=channel, text="x", metadata={"event_type": "card"})
    assert "metadata" not in slack.messages("hub-ops")[0]


def test_pins_and_bookmarks(slack: SlackSandbox, client: WebClient) -> None:
    channel = slack.channel("hub-ops").id
    ts = slack.person("ana").say("hub-ops", "x")
    client.pins_add(channel=channel, timestamp=ts)
    assert refused(lambda: client.pins_add(channel=channel, timestamp=ts)) == "already_pinned"
    assert client.pins_list(channel=channel)["items"][0]["message"]["ts"] == ts

    kept = client.bookmarks_add(
        channel_id=channel, title="Hub", type="link", link="https://hub.example.org"
    )["bookmark"]
    client.bookmarks_edit(channel_id=channel, bookmark_id=kept["id"], title="The hub")
    assert client.bookmarks_list(channel_id=channel)["bookmarks"][0]["title"] == "The hub"


def test_people_and_groups(slack: SlackSandbox, client: WebClient) -> None:
    dora = slack.person("dora").id
    user = client.users_info(user=dora)["user"]
    assert user["tz"] == "Europe/Berlin"
    assert refused(lambda: client.users_info(user="UNOBODY")) == "user_not_found"
    assert client.users_info(user=slack.person("gus").id)["user"]["is_restricted"]
    [group] = slack.usergroups()
    assert slack.person("ana").id in client.usergroups_users_list(usergroup=group.id)["users"]
    direct = client.conversations_open(users=[dora])["channel"]["id"]
    client.chat_postMessage(channel=dora, text="psst")
    assert slack.messages(direct)[0]["text"] == "psst"


def test_a_file_in_three_steps(slack: SlackSandbox, client: WebClient) -> None:
    channel = slack.channel("hub-ops").id
    done = client.files_upload_v2(
        channel=channel, filename="report.md", content="# Report", initial_comment="Here"
    )
    [message] = slack.messages("hub-ops")
    assert (message["subtype"], message["text"]) == ("file_share", "Here")
    assert message["files"][0]["name"] == "report.md"
    assert (done["file"]["id"], message["files"][0]["size"]) == (message["files"][0]["id"], 8)


def test_connections_that_break_before_or_after_the_effect(
    slack: SlackSandbox, client: WebClient
) -> None:
    slack.faults += [
        on_call("chat.postMessage", drop_before(), numbers=(1,)),
        on_call("chat.postMessage", drop_after(), numbers=(2,)),
        on_call("chat.postMessage", rate_limited(7), numbers=(3,)),
        on_call("chat.postMessage", answers("internal_error"), numbers=(4,)),
    ]
    channel = slack.channel("hub-ops").id

    def post() -> None:
        client.chat_postMessage(channel=channel, text="x")

    with pytest.raises(OSError):
        post()
    assert len(slack.messages("hub-ops")) == 0
    with pytest.raises(OSError):
        post()
    assert len(slack.messages("hub-ops")) == 1
    with pytest.raises(SlackApiError) as limited:
        post()
    assert (limited.value.response.status_code, limited.value.response.headers["Retry-After"]) == (
        429,
        "7",
    )
    assert refused(post) == "internal_error"
    post()
    assert len(slack.messages("hub-ops")) == 2
    assert [call.status for call in slack.calls] == [0, 0, 429, 200, 200]


def test_published_limits_hold_when_asked_for(slack: SlackSandbox, client: WebClient) -> None:
    slack.enforce_rate_limits()
    for number in range(20):
        client.conversations_create(name=f"inc-{number}")
    assert refused(lambda: client.conversations_create(name="inc-x")) == "ratelimited"
