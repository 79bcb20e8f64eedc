"""What arrives over the socket: all of a burst, events in order, and commands before waiting events."""

from __future__ import annotations

import logging
import socket as sockets
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from slack_bolt import App, BoltResponse
from slack_sdk import WebClient

from bot.slack.socket import Socket
from tests.support.certificates import issued
from tests.support.scripted_socket import ScriptedSocket, command, said, scripted_socket
from tests.support.waiting import wait_until

SECONDS = 30
Take = Callable[[dict[str, Any]], None]


class Bolt:
    """A Bolt app as mayday's: a middleware takes events, and commands have a listener."""

    def __init__(self, client: WebClient) -> None:
        self.app = App(client=client, signing_secret="unused", token_verification_enabled=False)
        self.taken: list[str] = []
        self.commands: list[str] = []
        self.answer = "Done."
        self.before: Take = lambda _body: None
        """Called before an event is taken."""

        @self.app.use
        def take(body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002
            if "event" not in body:
                return next()
            self.before(body)
            self.taken.append(body["event"]["text"])
            return BoltResponse(status=200)

        @self.app.command("/incident")
        def serve(body: dict[str, Any], ack: Callable[..., None]) -> None:
            self.commands.append(body["text"])
            ack(self.answer)


@contextmanager
def connected(slack: ScriptedSocket, **options: Any) -> Iterator[tuple[Socket, Bolt, list[str]]]:
    """A connection that Slack has greeted, its app, and a line for each report of a connection."""
    bolt = Bolt(WebClient(token="xoxb", base_url=slack.api_url, retry_handlers=[], **options))
    reports: list[str] = []
    made = Socket(bolt.app, "xapp", connected=lambda gap=True: reports.append(str(gap)))
    made.start()
    try:
        slack.socket().hello()
        wait_until(lambda: reports, "a connection", timeout=SECONDS)
        yield made, bolt, reports
    finally:
        made.stop()


@pytest.fixture
def slack() -> Iterator[ScriptedSocket]:
    with scripted_socket() as made:
        yield made


def texts(count: int) -> list[str]:
    return [f"né {number}" for number in range(count)]


def ids(count: int) -> list[str]:
    return [f"e{number}" for number in range(count)]


@pytest.mark.parametrize("count", [1200, 5000])
def test_a_burst_is_received_in_order(
    slack: ScriptedSocket, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    """After a pause of the network, everything that was sent meanwhile arrives at once."""
    with caplog.at_level(logging.WARNING), connected(slack) as (_, bolt, reports):
        slack.socket().send(*said(range(count)))
        wait_until(lambda: len(slack.socket().acked) == count, "all acknowledgements")
        assert bolt.taken == texts(count)
        assert slack.socket().acked == ids(count)
        assert (len(slack.sockets), reports) == (1, ["True"])
    assert [record.message for record in caplog.records] == []


def test_a_burst_over_tls(tmp_path: Path) -> None:
    """Acknowledgements are written while the burst is read."""
    served = issued(tmp_path)
    with scripted_socket(served.context) as slack:
        trusting = ssl.create_default_context(cafile=str(served.authority))
        with connected(slack, ssl=trusting) as (_, bolt, _reports):
            slack.socket().send(*said(range(3000)))
            wait_until(lambda: len(slack.socket().acked) == 3000, "all acknowledgements")
            assert bolt.taken == texts(3000)
            assert len(slack.sockets) == 1


def test_a_certificate_of_another_host_is_refused(tmp_path: Path) -> None:
    served = issued(tmp_path, address="127.0.0.2")
    with scripted_socket(served.context) as slack:
        trusting = ssl.create_default_context(cafile=str(served.authority))
        with pytest.raises(Exception, match="cannot reach Slack"), connected(slack, ssl=trusting):
            pass


def test_a_command_overtakes_waiting_events(slack: ScriptedSocket) -> None:
    with connected(slack) as (_, bolt, _reports):
        goes_on = threading.Event()
        bolt.before = lambda _body: _wait(goes_on)
        slack.socket().send(*said(range(1200)), command())
        try:
            wait_until(lambda: slack.socket().acked == ["note x"], "the command")
            assert slack.socket().acked_with == {"note x": {"text": "Done."}}
            assert bolt.taken == []
        finally:
            goes_on.set()
        wait_until(lambda: len(bolt.taken) == 1200, "the events")
        assert bolt.taken == texts(1200)


def test_an_event_that_fails_is_not_acknowledged_and_the_next_one_is(slack: ScriptedSocket) -> None:
    def fails(body: dict[str, Any]) -> None:
        if body["event_id"] == "Ev1":
            raise OSError("no space left")

    with connected(slack) as (_, bolt, _reports):
        bolt.before = fails
        slack.socket().send(*said(range(3)))
        wait_until(lambda: slack.socket().acked == ["e0", "e2"], "the others")
        bolt.before = lambda _body: None
        slack.socket().send(*said([1], copy=" again"))
        wait_until(lambda: slack.socket().acked[2:] == ["e1 again"], "when Slack repeats it")
        assert bolt.taken == ["né 0", "né 2", "né 1"]


def test_a_copy_of_a_waiting_event_is_acknowledged_with_it(slack: ScriptedSocket) -> None:
    with connected(slack) as (_, bolt, _reports):
        goes_on = threading.Event()
        bolt.before = lambda _body: _wait(goes_on)
        slack.socket().send(*said([0, 1]), *said([0, 1], copy=" again"), command())
        wait_until(lambda: slack.socket().acked, "everything has been read")
        goes_on.set()
        wait_until(lambda: len(slack.socket().acked) == 5, "all acknowledgements")
        assert bolt.taken == texts(2)
        assert slack.socket().acked[1:] == ["e0", "e0 again", "e1", "e1 again"]


def test_a_stop_finishes_the_event_in_hand_and_leaves_the_others_to_slack(
    slack: ScriptedSocket,
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def slowly(_body: dict[str, Any]) -> None:
        begun.set()
        _wait(goes_on)

    with connected(slack) as (made, bolt, _reports):
        bolt.before = slowly
        slack.socket().send(*said(range(3)))
        assert begun.wait(SECONDS)
        stopping = threading.Thread(target=made.stop)
        stopping.start()
        wait_until(made._stopping.is_set, "the stop has begun")
        goes_on.set()
        stopping.join(SECONDS)
        assert not stopping.is_alive()
    assert slack.socket().ended.wait(SECONDS)
    assert (bolt.taken, slack.socket().acked) == (texts(1), ids(1))


def test_what_exceeds_the_queue_is_left_to_slack(
    slack: ScriptedSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.event_queue.MOST", 2)
    with connected(slack) as (_, bolt, _reports):
        goes_on = threading.Event()
        bolt.before = lambda _body: _wait(goes_on)
        slack.socket().send(*said(range(3)), command())
        wait_until(lambda: slack.socket().acked, "everything has been read")
        goes_on.set()
        wait_until(lambda: slack.socket().acked[1:] == ids(2), "the first two")
        slack.socket().send(*said([2], copy=" again"))
        wait_until(lambda: slack.socket().acked[3:] == ["e2 again"], "when Slack repeats it")
        assert bolt.taken == texts(3)


def test_small_answers_are_sent_at_once(slack: ScriptedSocket) -> None:
    """Otherwise TCP may hold an acknowledgement back for 40 ms."""
    with connected(slack) as (made, _bolt, _reports):
        (connection,) = made._connections
        sock = connection._socket.sock
        assert sock is not None
        assert sock.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY) != 0


def test_a_frame_that_cannot_be_read_is_skipped(slack: ScriptedSocket) -> None:
    with connected(slack) as (_, bolt, _reports):
        odd: list[dict[str, Any]] = [
            {"type": "events_api", "envelope_id": "odd", "payload": []},
            {"type": "events_api", "payload": {}},
            {"type": "hello", "num_connections": "many"},
        ]
        slack.socket().send(*odd, *said([0]))
        wait_until(lambda: bolt.taken == texts(1), "what follows")
        assert len(slack.sockets) == 1


def _wait(event: threading.Event) -> None:
    assert event.wait(SECONDS)
