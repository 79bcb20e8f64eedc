"""Deliveries that go wrong: twice, late, lost, unacknowledged; sockets that end, or die in silence."""

import json
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect as open_socket

from bot.sandbox.slack import (
    Fault,
    SlackSandbox,
    drop_after,
    drop_before,
    on_delivery,
    twice,
)
from tests.support.bot import wait_until


@pytest.fixture
def heard(slack: SlackSandbox, app: App, connect: Any) -> list[dict[str, Any]]:
    """The messages that a connected app was told, in the order in which they came."""
    bodies: list[dict[str, Any]] = []
    app.event("message")(lambda body: bodies.append(body))
    connect(app)
    return bodies


def texts(heard: list[dict[str, Any]]) -> list[str]:
    return [body["event"]["text"] for body in heard]


def test_an_event_comes_twice(slack: SlackSandbox, heard: list[dict[str, Any]]) -> None:
    slack.faults = [on_delivery("message", twice())]
    slack.person("ana").say("hub-ops", "x")
    slack.wait_for(lambda: len(slack.deliveries) == 2)
    first, second = slack.deliveries
    assert first.payload["event_id"] == second.payload["event_id"]
    assert (first.attempt, second.attempt) == (0, 0)
    wait_until(lambda: texts(heard) == ["x", "x"], "the messages")


def test_an_acknowledgement_that_is_lost_is_followed_by_the_event_again(
    slack: SlackSandbox, heard: list[dict[str, Any]]
) -> None:
    slack.redeliver_after(0.0, 0.0)
    slack.faults = [on_delivery("message", drop_after(), numbers=(1, 2))]
    slack.person("ana").say("hub-ops", "x")
    slack.wait_for(lambda: any(delivered.acked for delivered in slack.deliveries))
    wait_until(lambda: texts(heard) == ["x"] * 3, "the messages")
    assert [(d.attempt, d.acked) for d in slack.deliveries] == [(0, False), (1, False), (2, True)]
    assert len({body["event_id"] for body in heard}) == 1


def test_a_late_event_is_overtaken(slack: SlackSandbox, heard: list[dict[str, Any]]) -> None:
    slack.faults = [on_delivery("message", Fault(delay=0.4), numbers=(1,))]
    for text in ("first", "second"):
        slack.person("ana").say("hub-ops", text)
    slack.wait_for(lambda: len(slack.deliveries) == 2)
    wait_until(lambda: texts(heard) == ["second", "first"], "the messages")


def test_an_event_that_never_comes(slack: SlackSandbox, heard: list[dict[str, Any]]) -> None:
    slack.redeliver_after()
    slack.faults = [on_delivery("message", drop_before(), numbers=(1,))]
    for text in ("first", "second"):
        slack.person("ana").say("hub-ops", text)
    wait_until(lambda: texts(heard) == ["second"], "the messages")


@pytest.mark.parametrize(
    "reason", ["warning", "refresh_requested", "link_disabled", "too_many_websockets"]
)
def test_an_app_comes_back_after_a_disconnect(
    slack: SlackSandbox, heard: list[dict[str, Any]], reason: str
) -> None:
    slack.disconnect(reason)
    slack.wait_for(lambda: slack.socket_count == 1)
    slack.person("ana").say("hub-ops", "still there?")
    wait_until(lambda: texts(heard) == ["still there?"], "the messages")


def test_a_socket_that_died_in_silence(slack: SlackSandbox) -> None:
    client = WebClient(base_url=slack.api_url)
    url = client.apps_connections_open(app_token=slack.app_token)["url"]
    with open_socket(url, ping_interval=0.2, ping_timeout=0.4, close_timeout=0.2) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
        slack.redeliver_after()
        slack.silence()
        slack.person("ana").say("hub-ops", "anybody?")
        slack.wait_for(lambda: len(slack.deliveries) == 1)
        assert (slack.deliveries[0].reached, slack.deliveries[0].acked) == (True, False)
        assert slack.socket_count == 1
        with pytest.raises(ConnectionClosedError, match="keepalive ping timeout"):
            socket.recv(timeout=10)
