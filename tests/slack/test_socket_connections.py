"""One connection after the other: the next one opens first, and a time without any is reported."""

from __future__ import annotations

import socket as sockets
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from slack_bolt import App, BoltResponse
from slack_sdk import WebClient

from bot.slack.socket import NO_PONG, NOT_CONNECTED, Socket
from tests.support.scripted_socket import ScriptedSocket, ServedSocket, said, scripted_socket
from tests.support.stub import Answer
from tests.support.waiting import wait_until

SECONDS = 30


class Client:
    """A connection whose app takes every event; ``gaps`` has an item for each report."""

    def __init__(self, slack: ScriptedSocket, **options: str) -> None:
        self.taken: list[str] = []
        self.gaps: list[bool] = []
        web = WebClient(token="xoxb", base_url=slack.api_url, retry_handlers=[], **options)
        app = App(client=web, signing_secret="unused", token_verification_enabled=False)

        @app.use
        def take(body: dict[str, dict[str, str]]) -> BoltResponse:
            self.taken.append(body["event"]["text"])
            return BoltResponse(status=200)

        self.socket = Socket(app, "xapp", connected=self.gaps.append)

    def is_told(self, *gaps: bool) -> None:
        """Wait for exactly these reports, each True where there was a gap."""
        wait_until(lambda: self.gaps == list(gaps), f"the reports {gaps}", timeout=SECONDS)

    def takes(self, by: ServedSocket, number: int) -> None:
        """An event by this connection is taken and acknowledged there."""
        by.send(*said([number]))
        wait_until(lambda: by.acked[-1:] == [f"e{number}"], "an event", timeout=SECONDS)
        assert self.taken[-1] == f"né {number}"


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedSocket]:
    monkeypatch.setattr("bot.slack.socket.PAUSES", (0.0,))
    with scripted_socket() as made:
        yield made


@pytest.fixture
def client(slack: ScriptedSocket) -> Iterator[Client]:
    made = Client(slack)
    made.socket.start()
    slack.socket().hello()
    made.is_told(True)
    yield made
    made.socket.stop()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_the_next_one_opens_before_the_last_one_closes(
    slack: ScriptedSocket, client: Client, reason: str
) -> None:
    """Events come by both meanwhile, and nothing has to be read again."""
    old = slack.socket(1)
    old.disconnect(reason)
    new = slack.socket(2)
    client.takes(old, 1)
    new.hello()
    client.is_told(True, False)
    client.takes(old, 2)
    client.takes(new, 3)
    assert not old.ended.is_set()
    old.disconnect("refresh_requested")  # Slack says it twice
    old.close()
    client.takes(new, 4)
    assert (client.gaps, len(slack.sockets)) == ([True, False], 2)
    assert client.socket.problem() == ""


@pytest.mark.parametrize("how", ["close", "cut"])
def test_a_connection_that_ends_unannounced_leaves_a_gap(
    slack: ScriptedSocket, client: Client, how: str
) -> None:
    getattr(slack.socket(1), how)()
    new = slack.socket(2)
    assert client.socket.problem() == NOT_CONNECTED
    new.hello()
    client.is_told(True, True)
    client.takes(new, 1)


def test_one_that_ends_before_the_next_one_is_greeted_leaves_a_gap(
    slack: ScriptedSocket, client: Client
) -> None:
    slack.socket(1).disconnect("warning")
    new = slack.socket(2)
    slack.socket(1).close()
    new.hello()
    client.is_told(True, True)


def test_one_that_answers_nothing_after_the_greeting_is_a_gap(
    slack: ScriptedSocket, client: Client
) -> None:
    """It looks open, but Slack may have closed it before the greeting."""
    old = slack.socket(1)
    old.disconnect("warning")
    new = slack.socket(2)
    old.stop_reading()
    new.hello()
    client.takes(new, 1)
    assert client.gaps == [True]
    old.cut()
    client.is_told(True, True)


def test_one_that_slack_never_closes_is_closed(
    slack: ScriptedSocket, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.socket(1).disconnect("warning")
    slack.socket(2).hello()
    client.is_told(True, False)
    client.socket.watch()
    client.takes(slack.socket(1), 1)
    monkeypatch.setattr("bot.slack.connection.LINGERS", 0.0)
    client.socket.watch()
    assert slack.socket(1).ended.wait(SECONDS)
    client.takes(slack.socket(2), 2)


def test_a_refused_one_is_given_up_and_tried_again(slack: ScriptedSocket, client: Client) -> None:
    slack.socket(1).cut()
    slack.socket(2).disconnect("too_many_websockets")
    assert slack.socket(2).ended.wait(SECONDS)
    slack.socket(3).hello()
    client.is_told(True, True)


def test_one_without_a_greeting_is_given_up(
    slack: ScriptedSocket, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.socket.HELLO_SECONDS", 0.2)
    slack.socket(1).disconnect("warning")
    assert slack.socket(2).ended.wait(SECONDS)
    client.takes(slack.socket(1), 1)
    wait_until(lambda: slack.sockets[-1].hello() or len(client.gaps) == 2, "a greeted one")
    assert client.gaps == [True, False]


def test_what_hears_of_a_connection_does_not_hold_up_events(
    slack: ScriptedSocket, client: Client
) -> None:
    goes_on = threading.Event()
    client.socket._connected = lambda _gap: goes_on.wait(SECONDS)  # type: ignore[assignment]
    slack.socket(1).cut()
    slack.socket(2).hello()
    client.takes(slack.socket(2), 1)
    goes_on.set()


def test_one_that_is_idle_is_kept_by_pings(
    slack: ScriptedSocket, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.connection.PING_SECONDS", 0.05)
    slack.socket(1).cut()
    slack.socket(2).hello()
    client.is_told(True, True)
    (connection,) = client.socket._connections
    began = connection.heard
    wait_until(lambda: connection.heard > began + 0.3, "answers to pings")
    monkeypatch.setattr("bot.slack.socket.SILENT", 0.5)
    slack.socket(2).stop_reading()
    wait_until(lambda: client.socket.problem() == NO_PONG, "the silence")
    client.socket.watch()
    slack.socket(3).hello()
    client.is_told(True, True, True)
    wait_until(lambda: client.socket.problem() == "", "a connection that is well")


def test_the_number_of_connections_is_known(slack: ScriptedSocket, client: Client) -> None:
    assert client.socket.count is not None
    assert client.socket.count.others == 0
    slack.socket(1).disconnect("warning")
    slack.socket(2).hello(7)
    client.is_told(True, False)
    assert client.socket.count.others == 7 - 2  # the old one is still open


@pytest.mark.parametrize(
    "url", ["", "nonsense", "http://127.0.0.1:1", "ws://127.0.0.1:1/", 7, None]
)
def test_an_address_that_leads_nowhere_is_not_the_end(
    slack: ScriptedSocket, client: Client, url: object
) -> None:
    slack.answers = [Answer(body={"ok": True, "url": url})] * 2
    slack.socket(1).cut()
    slack.socket(2).hello()
    client.is_told(True, True)


def test_a_proxy_is_used(slack: ScriptedSocket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with proxy() as (url, asked):
        client = Client(slack, proxy=url)
        client.socket.start()
        slack.socket().hello()
        client.is_told(True)
        client.takes(slack.socket(), 1)
        client.socket.stop()
    connects = [line for line in asked if line.startswith("CONNECT 127.0.0.1:")]
    assert len(connects) == 1


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy for CONNECT and for plain HTTP on 127.0.0.1, with the first line of each request."""
    asked: list[str] = []
    with ExitStack() as stack:
        listening = stack.enter_context(sockets.create_server(("127.0.0.1", 0)))

        def pump(source: sockets.socket, target: sockets.socket) -> None:
            try:
                while data := source.recv(65536):
                    target.sendall(data)
            except OSError:
                pass
            finally:
                for each in (source, target):
                    each.close()

        def serve(one: sockets.socket) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                head += one.recv(65536)
            line = head.split(b"\r\n", 1)[0].decode()
            asked.append(line)
            host = line.split()[1].removeprefix("http://").split("/")[0]
            name, port = host.split(":")
            other = sockets.create_connection((name, int(port)))
            if line.startswith("CONNECT"):
                one.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                other.sendall(head)
            threading.Thread(target=pump, args=(one, other), daemon=True).start()
            pump(other, one)

        def accept() -> None:
            while True:
                try:
                    one, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(one,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
