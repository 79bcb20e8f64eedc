"""Shortcuts and buttons in forms, which only our double implements."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel
from sandbox.slack.person import Person
from tests.contracts.slack.double import Double
from tests.contracts.slack.heard import Heard, form, listening
from tests.contracts.slack.systems import DOUBLE, Slack

pytestmark = [
    pytest.mark.xdist_group("contracts of slack"),
    pytest.mark.parametrize("system", [DOUBLE], scope="module"),
]
MORE = {
    "type": "actions",
    "block_id": "more",
    "elements": [
        {"type": "button", "action_id": "add", "text": {"type": "plain_text", "text": "More"}}
    ],
}


@pytest.fixture(scope="module")
def heard(slacks: Callable[[str], Slack], system: str) -> Iterator[Heard]:
    """One app per module."""
    with listening(slacks(system)) as app:
        yield app


@pytest.fixture
def ana(slack: Slack) -> Person:
    """Ana's user."""
    assert isinstance(slack, Double)
    return slack.sandbox.person(slack.ana)


@pytest.mark.contract("Slack", "a global shortcut comes with its trigger (ours alone has them)")
def test_global(ana: Person, heard: Heard, chat: SlackChat) -> None:
    ana.shortcut("declare")
    body = heard.wait_for(lambda body: body.get("callback_id") == "declare")
    assert (body["type"], body["user"]["id"]) == ("shortcut", ana.id)
    assert "channel" not in body
    assert chat.open_view(body["trigger_id"], form())


@pytest.mark.contract("Slack", "a message shortcut carries its message (ours alone has them)")
def test_of_message(slack: Slack, ana: Person, heard: Heard, shared: Channel) -> None:
    ts = slack.say(slack.ana, shared.id, "the proxy is gone")
    ana.shortcut("add_to_timeline", shared.id, ts)
    body = heard.wait_for(lambda body: body.get("message_ts") == ts)
    assert (body["type"], body["callback_id"]) == ("message_action", "add_to_timeline")
    assert (body["message"]["ts"], body["message"]["text"]) == (ts, "the proxy is gone")
    assert (body["message"]["user"], body["channel"]["id"]) == (slack.ana, shared.id)
    assert body["trigger_id"] and body["response_url"].startswith("http")


@pytest.mark.contract(
    "Slack", "a button in a form tells the form and what is in it (ours alone has them)"
)
def test_button_in_a_form(
    slack: Slack, ana: Person, heard: Heard, client: WebClient, shared: Channel
) -> None:
    blocks = [*form()["blocks"], MORE]
    view_id = heard.opened(slack, shared.id, blocks=blocks)["id"]
    ana.view_press(view_id, "add", values={"impact": "students see 503"})
    body = heard.wait_for(lambda body: body.get("container", {}).get("view_id") == view_id)
    assert (body["type"], body["actions"][0]["action_id"]) == ("block_actions", "add")
    assert body["view"]["state"]["values"]["impact"]["impact"]["value"] == "students see 503"
    changed = client.views_update(
        view_id=view_id, hash=body["view"]["hash"], view=form("With more", blocks=blocks)
    )["view"]
    # Retained inputs keep their values.
    assert changed["state"]["values"]["impact"]["impact"]["value"] == "students see 503"
