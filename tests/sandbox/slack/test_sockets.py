"""Socket Mode without Bolt: tickets, hello, connection limit, lost envelopes."""

import contextlib
import json
from typing import Any

import pytest
from slack_sdk import WebClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as open_socket

from sandbox.slack import SlackSandbox


@pytest.fixture
def address(slack: SlackSandbox) -> Any:
    """Returns URLs for new connections."""
    client = WebClient(token=slack.app_token, base_url=slack.api_url)
    return lambda: client.apps_connections_open(app_token=slack.app_token)["url"]


def read(socket: ClientConnection) -> Any:
    return json.loads(socket.recv(timeout=10))


def test_a_ticket_is_good_for_one_connection(address: Any) -> None:
    url = address()
    with open_socket(url) as socket:
        hello = read(socket)
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    with pytest.raises(InvalidStatus):
        open_socket(url)


def test_the_eleventh_connection_is_turned_away(address: Any) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            assert read(stack.enter_context(open_socket(address())))["type"] == "hello"
        refused = read(stack.enter_context(open_socket(address())))
    assert (refused["type"], refused["reason"]) == ("disconnect", "too_many_websockets")


def test_an_envelope_lost_with_its_socket_goes_to_another(
    slack: SlackSandbox, address: Any
) -> None:
    slack.redeliver_after(0.0)
    with open_socket(address()) as first:
        read(first)
        slack.person("ana").say("hub-ops", "x")
        lost = read(first)
        with open_socket(address()) as second:
            read(second)
            first.close()
            again = read(second)
            second.send(json.dumps({"envelope_id": again["envelope_id"]}))
            slack.wait_for(lambda: any(delivered.acked for delivered in slack.deliveries))
    assert again["envelope_id"] != lost["envelope_id"]
    assert again["payload"]["event_id"] == lost["payload"]["event_id"]
    assert (lost["retry_attempt"], again["retry_attempt"]) == (0, 1)
    assert again["retry_reason"] == "connection_failed"


def test_an_app_is_told_before_its_socket_closes(slack: SlackSandbox, address: Any) -> None:
    with open_socket(address()) as socket:
        read(socket)
        slack.disconnect("warning")
        farewell = read(socket)
    assert (farewell["type"], farewell["reason"]) == ("disconnect", "warning")


def test_a_socket_that_is_warned_is_used_some_seconds_more(
    slack: SlackSandbox, address: Any
) -> None:
    with open_socket(address()) as socket:
        read(socket)
        slack.disconnect("warning")
        read(socket)
        slack.person("ana").say("hub-ops", "x")
        assert read(socket)["payload"]["event"]["text"] == "x"
