"""Raw Socket Mode: the hello envelope, each envelope type, and acknowledgement payloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.adapters.slack import SlackChat
from bot.ports import Channel, Post
from tests.contracts.slack.double import Double
from tests.contracts.slack.ear import Ear, listening
from tests.contracts.slack.systems import DOUBLE, LOCAL_SLACK, SOCKETS, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
sockets = pytest.mark.parametrize("system", SOCKETS)
ours = pytest.mark.parametrize("system", [DOUBLE])

BUTTON = {
    "type": "button",
    "action_id": "resync",
    "value": "run-7",
    "text": {"type": "plain_text", "text": "Resync"},
}
PLAN = Post(text="plan", blocks=({"type": "actions", "block_id": "plan/7", "elements": [BUTTON]},))


@pytest.fixture
def ear(slack: Slack) -> Iterator[Ear]:
    """A new connection for each test."""
    with listening(slack.api_url, slack.app_token) as made:
        yield made


@sockets
@pytest.mark.contract("Slack", "a connection is greeted with its app and how many there are")
def test_hello(ear: Ear) -> None:
    assert ear.hello["type"] == "hello"
    assert ear.hello["num_connections"] >= 1
    assert ear.hello["connection_info"]["app_id"].startswith("A")


@sockets
@pytest.mark.contract("Slack", "an event, a command and a button come in envelopes of their kind")
def test_kinds(slack: Slack, chat: SlackChat, ear: Ear, shared: Channel) -> None:
    ts = chat.post(shared.id, PLAN, effect="e/plan")
    deeds: tuple[tuple[str, Callable[[], object], str, bool], ...] = (
        ("events_api", lambda: slack.say(slack.ana, shared.id, "one"), "event_callback", False),
        ("slash_commands", lambda: slack.command(slack.ana, shared.id, "/incident"), "", True),
        (
            "interactive",
            lambda: slack.press(slack.ana, shared.id, ts, {**BUTTON, "block_id": "plan/7"}),
            "block_actions",
            True,
        ),
    )
    seen = set()
    for kind, deed, inner, takes_an_answer in deeds:
        envelope = ear.during(deed, kind)
        assert envelope["accepts_response_payload"] is takes_an_answer
        assert envelope["payload"].get("type", "") == inner
        seen.add(envelope["envelope_id"])
    assert len(seen) == len(deeds)


@sockets
@pytest.mark.contract("Slack", "what acknowledges a command answers it, for the one person")
def test_answer(slack: Slack, ear: Ear, shared: Channel) -> None:
    ear.during(
        lambda: slack.command(slack.ana, shared.id, "/incident"),
        "slash_commands",
        {"text": "which one?", "response_type": "ephemeral"},
    )
    assert "which one?" in slack.seen(slack.ana, shared.id)
    assert "which one?" not in slack.seen(slack.ben, shared.id)


@sockets
@pytest.mark.contract("Slack", "an envelope with an event tells which attempt it is")
@pytest.mark.differs(LOCAL_SLACK, "it tries once and does not count")
def test_attempt(slack: Slack, ear: Ear, shared: Channel) -> None:
    envelope = ear.during(lambda: slack.say(slack.ana, shared.id, "one"), "events_api")
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")


@ours
@pytest.mark.contract(
    "Slack", "an event lost with its socket comes again by another (ours alone has it)"
)
def test_again(slack: Slack, ear: Ear, shared: Channel) -> None:
    slack.say(slack.ana, shared.id, "one")
    lost = of_message(ear, "one")
    with listening(slack.api_url, slack.app_token) as other:
        ear.hang_up()
        again = of_message(other, "one")
        other.acknowledge(again)
    assert again["payload"]["event_id"] == lost["payload"]["event_id"]
    assert again["envelope_id"] != lost["envelope_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "connection_failed")


@ours
@pytest.mark.contract("Slack", "a socket is told before it is closed, and why (ours alone does)")
def test_farewell(slack: Slack, ear: Ear) -> None:
    assert isinstance(slack, Double)
    slack.sandbox.disconnect("refresh_requested")
    assert ear.next("disconnect")["reason"] == "refresh_requested"


def of_message(ear: Ear, text: str) -> dict[str, Any]:
    """The envelope with this message."""
    while True:
        envelope = ear.next("events_api")
        if envelope["payload"]["event"].get("text") == text:
            return envelope
        ear.acknowledge(envelope)
