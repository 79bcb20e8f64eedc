"""Duplicate, late, lost and unacknowledged deliveries; closed and silent sockets."""

import json
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect as open_socket

from sandbox.clock import SandboxClock
from sandbox.faults import hours, late, missing, overtaken, seconds, unacknowledged
from sandbox.rules import on_event
from sandbox.slack import (
    Fault,
    SlackSandbox,
    drop_after,
    drop_before,
    on_delivery,
    twice,
)
from tests.support.waiting import wait_until


@pytest.fixture
def heard(slack: SlackSandbox, app: App, connect: Any) -> list[dict[str, Any]]:
    """The messages that a connected app received, in order."""
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
    slack.faults = [on_delivery("message", Fault(delay=1), numbers=(1,))]
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
    with open_socket(url, ping_interval=0.2, ping_timeout=2, close_timeout=0.2) as socket:
        assert json.loads(socket.recv(timeout=10))["type"] == "hello"
        slack.redeliver_after()
        slack.ack_seconds = 1.0
        slack.silence()
        slack.person("ana").say("hub-ops", "anybody?")
        slack.wait_for(lambda: len(slack.deliveries) == 1)
        assert (slack.deliveries[0].reached, slack.deliveries[0].acked) == (True, False)
        assert slack.socket_count == 1
        with pytest.raises(ConnectionClosedError, match="keepalive ping timeout"):
            socket.recv(timeout=10)


def test_a_socket_whose_connection_is_cut_ends_without_a_goodbye(slack: SlackSandbox) -> None:
    client = WebClient(base_url=slack.api_url)
    url = client.apps_connections_open(app_token=slack.app_token)["url"]
    with open_socket(url, close_timeout=0.2) as socket:
        socket.recv(timeout=10)
        slack.cut()
        with pytest.raises(ConnectionClosedError, match="no close frame received"):
            socket.recv(timeout=10)
    slack.wait_for(lambda: slack.socket_count == 0)


def test_an_event_that_is_missing_is_not_sent_again(
    slack: SlackSandbox, heard: list[dict[str, Any]]
) -> None:
    slack.redeliver_after(0.0)
    slack.faults = [on_event("message", missing(), times=1)]
    for text in ("first", "second"):
        slack.person("ana").say("hub-ops", text)
    wait_until(lambda: texts(heard) == ["second"], "the messages")
    slack.wait_for(lambda: len(slack.deliveries) == 2)
    assert [(d.attempt, d.reached) for d in slack.deliveries] == [(0, False), (0, True)]


def test_events_in_the_wrong_order(slack: SlackSandbox, heard: list[dict[str, Any]]) -> None:
    slack.faults = [on_event("message", overtaken(by=2), numbers=(1,))]
    for text in ("first", "second", "third", "fourth"):
        slack.person("ana").say("hub-ops", text)
    wait_until(lambda: len(heard) == 4, "the messages")
    assert texts(heard).index("first") >= 2


def test_what_is_held_comes_when_the_rule_goes(
    slack: SlackSandbox, heard: list[dict[str, Any]]
) -> None:
    slack.faults = [on_event("message", overtaken(by=5))]
    slack.person("ana").say("hub-ops", "held")
    wait_until(lambda: slack.faults.standing()[0].struck == 1, "the rule to strike")
    assert heard == []
    slack.faults.clear()
    wait_until(lambda: texts(heard) == ["held"], "the message")


def test_an_event_that_is_hours_late_says_when_it_was(
    moved: SandboxClock, slack: SlackSandbox, heard: list[dict[str, Any]]
) -> None:
    slack.faults = [on_event("message", late(hours(3)), numbers=(1,))]
    said_at = moved()
    ts = slack.person("ana").say("hub-ops", "early")
    slack.person("ana").say("hub-ops", "next")
    wait_until(lambda: texts(heard) == ["next"], "the message that is not late")
    moved.move_to(said_at + hours(3) + seconds(1))
    wait_until(lambda: texts(heard) == ["next", "early"], "the late one")
    assert heard[1]["event"]["ts"] == ts
    assert abs(heard[1]["event_time"] - said_at.timestamp()) < 60


def test_redeliveries_may_not_say_that_they_are_any(
    slack: SlackSandbox, heard: list[dict[str, Any]]
) -> None:
    slack.redeliver_after(0.0, 0.0)
    slack.faults = [
        on_event("message", unacknowledged(retry_attempt=0), numbers=(1,)),
        on_event("message", unacknowledged(), numbers=(2,)),
    ]
    slack.person("ana").say("hub-ops", "x")
    wait_until(lambda: texts(heard) == ["x"] * 3, "the messages")
    slack.wait_for(lambda: len(slack.deliveries) == 3)
    assert [(d.attempt, d.acked) for d in slack.deliveries] == [(0, False), (0, False), (0, True)]
