"""What a real Bolt app gets over Socket Mode: messages, commands, forms, buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel, Post
from tests.contracts.slack.heard import Heard, listening
from tests.contracts.slack.systems import LOCAL_SLACK, SOCKETS, Slack

pytestmark = [
    pytest.mark.xdist_group("contracts of slack"),
    pytest.mark.parametrize("system", SOCKETS, scope="module"),
]

BUTTON = {
    "type": "button",
    "action_id": "resync",
    "value": "run-7",
    "text": {"type": "plain_text", "text": "Resync"},
}
PLAN = Post(text="plan", blocks=({"type": "actions", "block_id": "plan/7", "elements": [BUTTON]},))


@pytest.fixture(scope="module")
def heard(slacks: Callable[[str], Slack], system: str) -> Iterator[Heard]:
    """One app per module."""
    with listening(slacks(system)) as app:
        yield app


@pytest.mark.contract("Slack", "a message is told with its author, text, key and channel")
def test_message(slack: Slack, heard: Heard, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "the proxy is gone")
    event = heard.event(type="message", ts=ts)
    assert (event["user"], event["channel"]) == (slack.ana, shared.id)
    assert (event["text"], event["channel_type"]) == ("the proxy is gone", "channel")
    reply = slack.say(slack.ana, shared.id, "evicted", thread_ts=ts)
    assert heard.event(type="message", ts=reply)["thread_ts"] == ts


@pytest.mark.contract("Slack", "every event has an id and a team")
def test_envelope(slack: Slack, heard: Heard, chat: SlackChat, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "one")
    body = heard.wait_for(lambda body: body.get("event", {}).get("ts") == ts)
    assert body["event_id"].startswith("Ev")
    assert body["team_id"] == chat.identity().team_id
    assert isinstance(body["event_time"], int)


@pytest.mark.contract("Slack", "an edit is told as message_changed, with both versions")
def test_edit(slack: Slack, heard: Heard, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "teh")
    slack.edit(slack.ana, shared.id, ts, "the")
    body = heard.wait_for(
        lambda body: (
            body.get("event", {}).get("subtype") == "message_changed"
            and body["event"]["message"]["ts"] == ts
        )
    )
    event = body["event"]
    assert event["channel"] == shared.id
    assert (event["message"]["text"], event["previous_message"]["text"]) == ("the", "teh")
    assert event["message"]["edited"]["user"] == slack.ana


@pytest.mark.contract("Slack", "a deletion is told as message_deleted, with the key")
def test_deletion(slack: Slack, heard: Heard, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "oops")
    slack.delete(slack.ana, shared.id, ts)
    event = heard.event(subtype="message_deleted", deleted_ts=ts)
    assert (event["channel"], event["previous_message"]["text"]) == (shared.id, "oops")


@pytest.mark.contract("Slack", "the end of a tombstone is told too")
@pytest.mark.differs(LOCAL_SLACK, "it has no tombstones; Slack's users report this event")
def test_end_of_a_tombstone(slack: Slack, heard: Heard, client: WebClient, shared: Channel) -> None:
    parent = slack.say(slack.ana, shared.id, "parent")
    reply = slack.say(slack.ana, shared.id, "reply", thread_ts=parent)
    slack.delete(slack.ana, shared.id, parent)
    thread = client.conversations_replies(channel=shared.id, ts=parent)["messages"]
    assert thread[0].get("subtype") == "tombstone"
    body = heard.wait_for(
        lambda body: body.get("event", {}).get("message", {}).get("subtype") == "tombstone"
    )
    assert body["event"]["subtype"] == "message_changed"
    slack.delete(slack.ana, shared.id, reply)
    gone = heard.event(subtype="message_deleted", deleted_ts=parent)
    assert gone["previous_message"]["subtype"] == "tombstone"


@pytest.mark.contract("Slack", "a reaction is told when given and when taken back")
def test_reactions(slack: Slack, heard: Heard, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "line")
    slack.react(slack.ana, shared.id, ts, "pushpin")
    slack.unreact(slack.ana, shared.id, ts, "pushpin")
    for kind in ("reaction_added", "reaction_removed"):
        body = heard.wait_for(
            lambda body, kind=kind: (
                body.get("event", {}).get("type") == kind  # type: ignore[misc]
                and body["event"]["item"]["ts"] == ts
            )
        )
        event = body["event"]
        assert (event["reaction"], event["user"]) == ("pushpin", slack.ana)
        assert event["item"] == {"type": "message", "channel": shared.id, "ts": ts}


@pytest.mark.contract("Slack", "a command comes with its text, person, channel and trigger")
def test_command(slack: Slack, heard: Heard, shared: Channel) -> None:
    slack.command(slack.ana, shared.id, "/incident declare Proxy was evicted")
    body = heard.wait_for(lambda body: body.get("text") == "declare Proxy was evicted")
    assert (body["command"], body["user_id"]) == ("/incident", slack.ana)
    assert body["channel_id"] == shared.id
    assert body["trigger_id"] and body["response_url"].startswith("http")


@pytest.mark.contract("Slack", "a form opened by a command is submitted with what was put in")
def test_form(slack: Slack, heard: Heard, client: WebClient, shared: Channel) -> None:
    view = heard.opened(slack, shared.id)
    assert view["id"].startswith("V") and view["callback_id"] == "form"
    typed = {"type": "plain_text_input", "value": "students see 503"}
    topic = {"type": "plain_text_input", "value": "hub"}
    slack.submit(slack.ana, view["id"], {"impact": {"impact": typed}, "topic": {"topic": topic}})
    body = heard.wait_for(lambda body: body.get("view", {}).get("id") == view["id"])
    assert (body["type"], body["user"]["id"]) == ("view_submission", slack.ana)
    values = body["view"]["state"]["values"]
    assert values["impact"]["impact"] == typed and values["topic"]["topic"] == topic
    assert body["view"]["private_metadata"] == "kept"


@pytest.mark.contract("Slack", "what stood in a form from the start is submitted with it")
@pytest.mark.differs(LOCAL_SLACK, "it submits null for what nobody touched")
def test_untouched_inputs(slack: Slack, heard: Heard, shared: Channel) -> None:
    view = heard.opened(slack, shared.id)
    typed = {"type": "plain_text_input", "value": "none"}
    slack.submit(slack.ana, view["id"], {"impact": {"impact": typed}})
    body = heard.wait_for(lambda body: body.get("view", {}).get("id") == view["id"])
    assert body["view"]["state"]["values"]["topic"]["topic"]["value"] == "proxy"


@pytest.mark.contract("Slack", "a form whose submission is answered with errors stays open")
def test_errors(slack: Slack, heard: Heard, client: WebClient, shared: Channel) -> None:
    view = heard.opened(slack, shared.id)
    for value in ("wrong", "right"):
        typed = {"type": "plain_text_input", "value": value}
        slack.submit(slack.ana, view["id"], {"impact": {"impact": typed}})
        heard.wait_for(
            lambda body, typed=typed: (
                body.get("view", {}).get("id") == view["id"]  # type: ignore[misc]
                and body["view"]["state"]["values"]["impact"]["impact"] == typed
            )
        )


@pytest.mark.contract("Slack", "a pressed button tells its value, its message and who pressed it")
def test_button(slack: Slack, heard: Heard, chat: SlackChat, shared: Channel) -> None:
    ts = chat.post(shared.id, PLAN, effect="e/plan")
    slack.press(slack.ana, shared.id, ts, {**BUTTON, "block_id": "plan/7"})
    body = heard.wait_for(lambda body: body.get("container", {}).get("message_ts") == ts)
    [action] = body["actions"]
    assert (action["action_id"], action["value"]) == ("resync", "run-7")
    assert (action["block_id"], body["user"]["id"]) == ("plan/7", slack.ana)
    assert (body["channel"]["id"], body["message"]["ts"]) == (shared.id, ts)
    assert body["trigger_id"]


@pytest.mark.contract("Slack", "a response_url replaces the message it belongs to")
def test_response_url(
    slack: Slack, heard: Heard, chat: SlackChat, client: WebClient, shared: Channel
) -> None:
    ts = chat.post(shared.id, PLAN, effect="e/plan")
    slack.press(slack.ana, shared.id, ts, {**BUTTON, "block_id": "plan/7"})
    body = heard.wait_for(lambda body: body.get("container", {}).get("message_ts") == ts)
    answered = WebhookClient(body["response_url"]).send(text="done", replace_original=True)
    assert answered.status_code == 200
    listed = client.conversations_history(channel=shared.id)["messages"]
    assert [raw["text"] for raw in listed if raw["ts"] == ts] == ["done"]
