"""The Slack connection stops on request and keeps receiving events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from bot.errors import RetryLater
from bot.slack.connection import Connection
from bot.slack.socket import Socket
from sandbox.faults import Fault, hangs, says
from sandbox.rules import on_call
from sandbox.slack import SlackSandbox
from tests.support.faults import CALLS
from tests.support.waiting import wait_until

SECONDS = 30


@pytest.fixture
def heard() -> list[str]:
    """The messages that reached a listener."""
    return []


@pytest.fixture
def hellos() -> list[str]:
    """One item for each hello from Slack."""
    return []


@pytest.fixture
def socket(slack: SlackSandbox, heard: list[str], hellos: list[str]) -> Iterator[Socket]:
    """A connection that is not open yet."""
    app = App(
        client=WebClient(
            token=slack.bot_token, base_url=slack.api_url, retry_handlers=[], timeout=2
        ),
        signing_secret="unused",
        token_verification_enabled=False,
    )
    app.event("message")(lambda event: heard.append(event["text"]))
    made = Socket(
        app, slack.app_token, connected=lambda gap: hellos.append("gap" if gap else "no gap")
    )
    yield made
    ends(made.stop)


def ends(what: Callable[[], Any]) -> None:
    """Assert that a call returns in time; it runs on a daemon thread."""
    thread = threading.Thread(target=what, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), f"{what} did not end within {SECONDS} s"


def test_it_ends_when_it_is_stopped_just_as_it_begins_to_receive(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection ends between its opening and the first read."""
    begins, closed = threading.Event(), threading.Event()
    messages, end = Connection._messages, Connection.end

    def slowly(connection: Connection) -> Iterator[dict[str, Any]]:
        begins.set()
        closed.wait(SECONDS)
        yield from messages(connection)

    def closes(connection: Connection) -> None:
        end(connection)
        closed.set()

    monkeypatch.setattr(Connection, "_messages", slowly)
    monkeypatch.setattr(Connection, "end", closes)
    socket.start()
    assert begins.wait(SECONDS)
    ends(socket.stop)


def test_it_ends_while_slack_does_not_answer(
    slack: SlackSandbox, socket: Socket, hellos: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.socket.STOP_SECONDS", 0.5)
    socket.start()
    wait_until(lambda: hellos, "a connection")
    slack.faults = [on_call("apps.connections.open", hangs())]
    slack.disconnect()
    wait_until(socket.problem, "the end")
    ends(socket.stop)


def test_it_is_not_deaf_after_a_reconnection(
    slack: SlackSandbox, socket: Socket, heard: list[str], hellos: list[str]
) -> None:
    socket.start()
    wait_until(lambda: len(hellos) == 1, "a connection")
    slack.disconnect()
    wait_until(lambda: len(hellos) == 2, "another one")
    slack.wait_for(lambda: slack.socket_count == 1, what="one socket, the new one")
    slack.person("ana").say("hub-ops", "still there?")
    wait_until(lambda: heard == ["still there?"], "what was said")
    assert hellos == ["gap", "gap"], "the sandbox closes the old one at once"


def test_a_refresh_leaves_no_gap(
    slack: SlackSandbox, socket: Socket, heard: list[str], hellos: list[str]
) -> None:
    """Slack warns some seconds before it closes a socket, and delivers to both until then."""
    socket.start()
    wait_until(lambda: hellos == ["gap"], "a connection")
    slack.disconnect("warning")
    wait_until(lambda: hellos == ["gap", "no gap"], "another one")
    said = [f"line {number}" for number in range(4)]
    for text in said:
        slack.person("ana").say("hub-ops", text)
    wait_until(lambda: sorted(heard) == said, "what was said")
    assert slack.socket_count == 2


def test_one_that_died_in_silence_is_a_problem_and_is_replaced(
    slack: SlackSandbox,
    socket: Socket,
    heard: list[str],
    hellos: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No data or pong arrives, but the connection still looks open."""
    monkeypatch.setattr("bot.slack.connection.PING_SECONDS", 0.5)
    monkeypatch.setattr("bot.slack.socket.SILENT", 3.0)
    # Slack also sends it on the dead socket and gets no ack.
    slack.ack_seconds = 3.0
    socket.start()
    wait_until(lambda: len(hellos) == 1, "a connection")
    socket.watch()
    assert slack.socket_count == 1, "one that is well stays"
    slack.silence()
    wait_until(lambda: socket.problem() != "", "the silence is noticed", timeout=30)
    socket.watch()
    wait_until(lambda: len(hellos) == 2, "another one")
    assert socket.problem() == ""
    slack.person("ana").say("hub-ops", "anybody?")
    wait_until(lambda: heard[-1:] == ["anybody?"], "what was said", timeout=30)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tries again sooner."""
    monkeypatch.setattr("bot.slack.socket.PAUSES", (0.0, 0.3))
    monkeypatch.setattr("bot.slack.connection.LONGEST_WAIT", 0.5)


NONSENSE = ("soon", "999999")
ANSWERS = CALLS | {f"429, {asked}": says(429, after=asked) for asked in NONSENSE}


@pytest.mark.parametrize("fault", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.usefixtures("hurried")
def test_no_answer_of_slacks_makes_it_deaf(
    slack: SlackSandbox, socket: Socket, heard: list[str], hellos: list[str], fault: Fault
) -> None:
    """The client retries until it gets a new address, and never waits for days."""
    # Redeliver messages sent between connections sooner than Slack's minute.
    slack.redeliver_after(*[0.5] * 60)
    socket.start()
    wait_until(lambda: hellos, "a connection")
    slack.faults = [on_call("apps.connections.open", fault, times=2)]
    before = len(hellos)
    slack.disconnect()
    wait_until(lambda: len(hellos) > before, "a new connection", timeout=30)
    slack.person("ana").say("hub-ops", "still there?")
    # If the connection ends before the acknowledgement, Slack redelivers it.
    wait_until(lambda: set(heard) == {"still there?"}, "what was said", timeout=30)


@pytest.mark.parametrize("asked", NONSENSE)
def test_a_start_that_slack_puts_off_says_so(
    slack: SlackSandbox, socket: Socket, asked: str
) -> None:
    slack.faults = [on_call("apps.connections.open", says(429, after=asked))]
    with pytest.raises(RetryLater):
        socket.start()
