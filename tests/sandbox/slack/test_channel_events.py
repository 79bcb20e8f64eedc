"""What an app is told of its channels when somebody removes it, or archives, renames or deletes them."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from sandbox.slack import Person, SlackSandbox
from tests.support.app_manifest import APP_MANIFEST

WHAT = ("archive", "deleted", "left", "rename", "unarchive")


@pytest.fixture
def slack() -> Any:
    manifest = copy.deepcopy(APP_MANIFEST)
    subscribed = manifest["settings"]["event_subscriptions"]
    about = [f"{stem}_{what}" for stem in ("channel", "group") for what in WHAT]
    subscribed["bot_events"] = [*subscribed["bot_events"], *about]
    with SlackSandbox(manifest=manifest) as made:
        yield made


@pytest.fixture
def ana(slack: SlackSandbox) -> Person:
    return slack.person("ana")


def made(slack: SlackSandbox, app: App, *, private: bool = False) -> str:
    channel = app.client.conversations_create(name="inc-1", is_private=private)["channel"]["id"]
    app.client.conversations_invite(channel=channel, users=slack.person("ana").id)
    return str(channel)


def heard(slack: SlackSandbox, name: str) -> dict[str, Any]:
    """The event of a name, once it is delivered."""
    slack.wait_for(lambda: name in [one.name for one in slack.deliveries], what=name)
    event = next(one for one in slack.deliveries if one.name == name).payload["event"]
    return dict(event)


def refused(call: Any, **values: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**values)
    return str(caught.value.response["error"])


def test_removed_from_a_public_channel(
    slack: SlackSandbox, app: App, connect: Any, ana: Person
) -> None:
    connect(app)
    channel = made(slack, app)
    ana.remove(channel, slack.bot_user_id)
    assert heard(slack, "channel_left")["channel"] == channel
    assert "member_left_channel" not in [one.name for one in slack.deliveries]
    assert refused(app.client.conversations_history, channel=channel) == "not_in_channel"
    assert app.client.chat_postMessage(channel=channel, text="chat:write.public")["ok"]
    assert not app.client.conversations_info(channel=channel)["channel"]["is_member"]
    app.client.conversations_join(channel=channel)
    assert app.client.conversations_history(channel=channel)["ok"]


def test_removed_from_a_private_channel(
    slack: SlackSandbox, app: App, connect: Any, ana: Person
) -> None:
    connect(app)
    channel = made(slack, app, private=True)
    ana.remove(channel, slack.bot_user_id)
    assert heard(slack, "group_left")["channel"] == channel
    for call in (app.client.conversations_info, app.client.conversations_history):
        assert refused(call, channel=channel) == "channel_not_found"


def test_archived_unarchived_renamed_and_deleted(
    slack: SlackSandbox, app: App, connect: Any, ana: Person
) -> None:
    connect(app)
    channel = made(slack, app)
    ana.archive(channel)
    heard(slack, "channel_archive")
    ana.change_channel(channel, "unarchive")
    heard(slack, "channel_unarchive")
    assert slack.bot_user_id not in slack.channel(channel).members
    ana.change_channel(channel, "rename", "inc-2")
    assert heard(slack, "channel_rename")["channel"] == {"id": channel, "name": "inc-2"}
    ana.change_channel(channel, "delete")
    heard(slack, "channel_deleted")
    assert refused(app.client.conversations_info, channel=channel) == "channel_not_found"


def test_made_private(slack: SlackSandbox, app: App, connect: Any, ana: Person) -> None:
    connect(app)
    channel = made(slack, app)
    ana.change_channel(channel, "make_private")
    assert app.client.conversations_info(channel=channel)["channel"]["is_private"]
    assert slack.messages(channel)[-1]["subtype"] == "channel_convert_to_private"
    assert slack.bot_user_id in slack.channel(channel).members
