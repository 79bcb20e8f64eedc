"""Slack's own time, and the connections to Slack."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from slack_sdk import WebClient
from structlog.testing import capture_logs

from bot.adapters import bounded
from bot.adapters.slack import SlackChat
from bot.adapters.slack_time import SlackTime
from bot.errors import RetryLater, UserError
from bot.ports import Clock, Post
from sandbox.clock import SandboxClock
from sandbox.slack import Fault, SlackSandbox, drop_after, drop_before, on_call
from tests.support.app_manifest import APP_MANIFEST
from tests.support.certificates import issued
from tests.support.stub import Answer, Asked, nobody_there, stub

POST = Post(text="x")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
FAST = timedelta(minutes=10)


def chat_at(url: str, clock: Clock = lambda: datetime.now(UTC)) -> SlackChat:
    return SlackChat(WebClient("xoxb-x", base_url=f"{url}/"), clock=clock, timeout=3)


# Slack's time.


@pytest.fixture(params=[FAST, -FAST], ids=["ahead", "behind"])
def offset(request: pytest.FixtureRequest) -> timedelta:
    """How far our clock is ahead of Slack's."""
    found: timedelta = request.param
    return found


@pytest.fixture
def skewed(offset: timedelta) -> Iterator[tuple[SlackSandbox, SlackChat, str]]:
    """A Slack, a chat whose clock differs from Slack's, and a channel."""
    with SlackSandbox(manifest=APP_MANIFEST) as slack:
        chat = SlackChat(
            WebClient(slack.bot_token, base_url=slack.api_url),
            clock=lambda: datetime.now(UTC) + offset,
        )
        yield slack, chat, chat.open_channel("inc", private=False).id


def test_a_post_is_found_whatever_our_clock_says(
    skewed: tuple[SlackSandbox, SlackChat, str],
) -> None:
    slack, chat, channel = skewed
    chat.post(channel, POST, effect="an earlier one")
    since = chat.time()
    slack.faults = [on_call("chat.postMessage", drop_after(), times=1)]
    with pytest.raises(RetryLater) as lost:
        chat.post(channel, POST, effect="e")
    assert lost.value.maybe_done
    found = chat.find_post(channel, "e", since=since)
    assert found is not None
    assert [m["ts"] for m in slack.messages(channel) if m["text"] == "x"][-1] == found


def test_a_reply_is_found_whatever_our_clock_says(
    skewed: tuple[SlackSandbox, SlackChat, str],
) -> None:
    slack, chat, channel = skewed
    parent = chat.post(channel, POST, effect="parent")
    since = chat.time()
    slack.faults = [on_call("chat.postMessage", drop_after(), times=1)]
    with pytest.raises(RetryLater):
        chat.post(channel, POST, effect="e", thread_ts=parent)
    assert chat.find_post(channel, "e", since=since, thread_ts=parent)


def test_without_a_time_the_whole_history_is_searched(
    skewed: tuple[SlackSandbox, SlackChat, str],
) -> None:
    _, chat, channel = skewed
    ts = chat.post(channel, POST, effect="e")
    assert chat.find_post(channel, "e", since=chat.time() + timedelta(hours=1)) is None
    assert chat.find_post(channel, "e", since=None) == ts


def test_the_skew_is_measured(
    skewed: tuple[SlackSandbox, SlackChat, str], offset: timedelta
) -> None:
    _, chat, _ = skewed
    skew = chat.skew()
    assert skew is not None
    assert abs(skew - offset) < timedelta(seconds=5)
    assert abs(chat.time() - datetime.now(UTC)) < timedelta(seconds=5)


def test_slacks_clock_may_be_the_one_that_is_moved(tmp_path: Path) -> None:
    clock = SandboxClock(tmp_path / "clock.json")
    with SlackSandbox(manifest=APP_MANIFEST, clock=clock) as slack:
        chat = SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))
        assert chat.skew() is None
        clock.move_on(FAST)
        chat.identity()
        skew = chat.skew()
        assert skew is not None
        assert abs(skew + FAST) < timedelta(seconds=5)


def test_before_an_answer_the_time_is_ours() -> None:
    with nobody_there() as url:
        chat = chat_at(url, lambda: NOW)
        with pytest.raises(RetryLater) as refused:
            chat.identity()
        assert not refused.value.maybe_done
        assert chat.time() == NOW
        assert chat.skew() is None


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Nov 2026 12:00:00 GMT"])
def test_a_header_that_is_no_date_is_ignored(date: str) -> None:
    slack = SlackTime(lambda: NOW)
    slack.answered(date)
    assert slack.skew is None


def test_the_time_runs_on_from_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    slack = SlackTime(lambda: NOW)
    real = time.monotonic
    slack.answered(format_datetime(NOW, usegmt=True))
    monkeypatch.setattr(time, "monotonic", lambda: real() + 90)
    assert timedelta(seconds=90) <= slack.now() - NOW < timedelta(seconds=95)


def test_a_skew_is_logged_once_per_change() -> None:
    ours = [NOW]
    slack = SlackTime(lambda: ours[0])
    with capture_logs() as logged:
        for seconds in (0, 59, 61, 62, 100, 600, 601, 0, 1):
            ours[0] = NOW + timedelta(seconds=seconds)
            slack.answered(format_datetime(NOW, usegmt=True))
    assert [(line["event"], line["log_level"], line["seconds"]) for line in logged] == [
        ("slack.clock_skew", "warning", 61),
        ("slack.clock_skew", "warning", 600),
        ("slack.clock_skew", "info", 0),
    ]


# Connections.


class Wire:
    """A server that keeps connections and counts them."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self.connections = 0
        self.requests = 0
        self.hang_up = False
        """Whether the next request is read and its connection closed without an answer."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._tls.wrap_socket(client, server_side=True) if self._tls else client as held:
            stream = held.makefile("rb")
            while line := stream.readline():
                length = 0
                while (line := stream.readline()).strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                stream.read(length)
                self.requests += 1
                if self.hang_up:
                    self.hang_up = False
                    return
                body = b'{"ok": true, "ts": "1.000001", "channel": {"id": "C0123456"}}'
                held.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


@contextmanager
def wired(tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    wire = Wire(tls)
    try:
        yield wire
    finally:
        wire.close()


def test_a_connection_is_kept() -> None:
    with wired() as wire:
        chat = chat_at(wire.url)
        for _ in range(5):
            chat.post("C0123456", POST, effect="e")
        assert (wire.requests, wire.connections) == (5, 1)


def test_a_connection_is_kept_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = issued(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(served.authority))
    with wired(served.context) as wire:
        chat = chat_at(wire.url)
        for _ in range(5):
            chat.post("C0123456", POST, effect="e")
        assert (wire.requests, wire.connections) == (5, 1)


def test_a_call_on_a_kept_connection_is_not_sent_again() -> None:
    """The server may have done it before it closed the connection."""
    with wired() as wire:
        chat = chat_at(wire.url)
        chat.post("C0123456", POST, effect="e")
        wire.hang_up = True
        with pytest.raises(RetryLater) as lost:
            chat.post("C0123456", POST, effect="e")
        assert lost.value.maybe_done
        assert wire.requests == 2
        chat.post("C0123456", POST, effect="e")
        assert (wire.requests, wire.connections) == (3, 2)


def test_an_idle_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall may have forgotten it, and would drop the request silently."""
    with wired() as wire:
        chat = chat_at(wire.url)
        chat.post("C0123456", POST, effect="e")
        monkeypatch.setattr(bounded, "LONGEST_IDLE", 0.0)
        chat.post("C0123456", POST, effect="e")
        assert (wire.requests, wire.connections) == (2, 2)


def test_threads_call_at_once() -> None:
    with wired() as wire:
        chat = chat_at(wire.url)
        with ThreadPoolExecutor(8) as threads:
            calls = [threads.submit(chat.channel, "C0123456") for _ in range(200)]
            assert {call.result().id for call in calls} == {"C0123456"}
        assert wire.requests == 200
        assert wire.connections <= 8


@pytest.mark.parametrize("bypass", [False, True])
def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, bypass: bool
) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(body={"ok": True, "ts": "1.000001"})

    with stub(answer) as proxy, stub(answer) as slack:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//me:secret@"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1" if bypass else "")
        chat_at(slack.url).post("C0123456", POST, effect="e")
        assert (len(proxy.asked), len(slack.asked)) == ((0, 1) if bypass else (1, 0))
        if not bypass:
            assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize("lost", [drop_before(), drop_after()])
def test_a_call_without_an_answer_is_sent_once(lost: Fault) -> None:
    with SlackSandbox(manifest=APP_MANIFEST) as slack:
        chat = SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))
        (general,) = (c.id for c in slack.channels() if c.name == "general")
        chat.identity()
        slack.faults = [on_call("conversations.setTopic", lost, times=1)]
        with pytest.raises(RetryLater) as unanswered:
            chat.set_topic(general, "x")
        assert unanswered.value.maybe_done
        assert sum(call.method == "conversations.setTopic" for call in slack.calls) == 1


# Uploads.


@pytest.mark.parametrize(
    "address", ["https://files.example.org/upload", "http://127.0.0.2/upload", "file:///x", ""]
)
def test_a_files_content_goes_to_slack_only(address: str) -> None:
    made = {"ok": True, "upload_url": address, "file_id": "F1"}
    with stub(lambda _asked: Answer(body=made)) as running:
        with pytest.raises(UserError, match="not Slack's"):
            chat_at(running.url).upload("C0", name="evidence.txt", text="secret", comment="x")
        assert [asked.path for asked in running.asked] == ["/files.getUploadURLExternal"]
