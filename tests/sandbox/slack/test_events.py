"""Channel, reaction, pin, thread and Home tab events in a real Bolt app."""

import threading
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack import SlackSandbox


def heard(slack: SlackSandbox) -> dict[str, dict[str, Any]]:
    """Returns the last delivered event of each type."""
    return {delivered.name: delivered.payload["event"] for delivered in slack.deliveries}


def test_the_life_of_a_channel(slack: SlackSandbox, app: App, connect: Any) -> None:
    connect(app)
    client = app.client
    channel = client.conversations_create(name="inc-1")["channel"]["id"]
    ana = slack.person("ana")
    client.conversations_invite(channel=channel, users=ana.id)
    client.conversations_archive(channel=channel)
    slack.wait_for(lambda: len(slack.deliveries) == 5)

    joined = {
        delivered.payload["event"]["user"]: delivered.payload["event"].get("inviter")
        for delivered in slack.deliveries
        if delivered.name == "member_joined_channel"
    }
    assert joined == {slack.bot_user_id: None, ana.id: slack.bot_user_id}
    subtypes = [message.get("subtype") for message in slack.messages(channel)]
    assert subtypes == ["channel_join", "channel_join", "channel_archive"]


def test_a_private_channel_speaks_of_itself_as_a_group(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    connect(app)
    channel = app.client.conversations_create(name="quiet", is_private=True)["channel"]["id"]
    app.client.conversations_archive(channel=channel)
    slack.wait_for(lambda: len(slack.deliveries) == 3)
    assert heard(slack)["message"]["channel_type"] == "group"


def test_reactions(slack: SlackSandbox, app: App, connect: Any) -> None:
    connect(app)
    ana, ben = slack.person("ana"), slack.person("ben")
    ts = ana.say("hub-ops", "the proxy is back")
    ben.react("hub-ops", ts, "four_leaf_clover")
    ben.unreact("hub-ops", ts, "four_leaf_clover")
    slack.wait_for(lambda: "reaction_removed" in heard(slack))

    channel = slack.channel("hub-ops").id
    added = heard(slack)["reaction_added"]
    assert (added["user"], added["item_user"], added["reaction"]) == (
        ben.id,
        ana.id,
        "four_leaf_clover",
    )
    assert added["item"] == {"type": "message", "channel": channel, "ts": ts}
    assert heard(slack)["reaction_removed"]["user"] == ben.id


def test_a_reply_names_its_parent(slack: SlackSandbox, app: App, connect: Any) -> None:
    connect(app)
    ts = slack.person("ana").say("hub-ops", "parent")
    slack.person("ben").say("hub-ops", "reply", thread_ts=ts)
    slack.wait_for(lambda: len(slack.deliveries) == 2)
    events = [delivered.payload["event"] for delivered in slack.deliveries]  # in any order
    (reply,) = [event for event in events if event["text"] == "reply"]
    assert (reply["thread_ts"], reply["parent_user_id"]) == (ts, slack.person("ana").id)


def test_the_home_tab(slack: SlackSandbox, app: App, connect: Any) -> None:
    @app.event("app_home_opened")
    def opened(event: dict[str, Any], client: WebClient) -> None:
        text = {"type": "mrkdwn", "text": "Nothing is on fire."}
        blocks = [{"type": "section", "text": text}]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    connect(app)
    ana = slack.person("ana")
    ana.open_home()
    slack.wait_for(ana.home)
    home = ana.home()
    assert home is not None
    assert home["blocks"][0]["text"]["text"] == "Nothing is on fire."

    ana.open_home("messages")
    slack.wait_for(lambda: len(slack.deliveries) == 2)
    first, second = (delivered.payload["event"] for delivered in slack.deliveries)
    assert (first["tab"], second["tab"]) == ("home", "messages")
    assert "view" not in second


def test_an_app_hears_its_own_messages_which_bolt_leaves_aside(
    slack: SlackSandbox, app: App, connect: Any
) -> None:
    texts: list[str] = []
    arrived = threading.Event()

    @app.event("message")
    def note(event: dict[str, Any]) -> None:
        texts.append(event["text"])
        arrived.set()

    connect(app)
    app.client.chat_postMessage(channel="#hub-ops", text="my own")
    slack.person("ana").say("hub-ops", "not mine")
    assert arrived.wait(10)
    slack.wait_for(lambda: len(slack.deliveries) >= 2, what="both deliveries on record")
    own = slack.deliveries[0].payload["event"]
    assert own["bot_id"] == app.client.auth_test()["bot_id"]
    assert texts == ["not mine"]
