"""One WebSocket to Slack: opened, read and pinged by a thread of its own, and written to by any thread."""

from __future__ import annotations

import json
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPException
from logging import Logger
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.client import BaseSocketModeClient
from websocket import ABNF, WebSocket, WebSocketException, WebSocketTimeoutException

from bot.domain.retry_after import retry_after_seconds

RATE_LIMITED = "Slack limits the rate of new connections."
SLACK_FAILED = "Slack failed to offer a connection."
BAD_ANSWER = "Slack's answer to the request for a connection cannot be read."
NO_ADDRESS = "Slack's answer to the request for a connection has no address."
ENDED = "The connection has ended."

TIME_LIMIT = 10.0
"""Seconds for each step of opening a connection."""

PING_SECONDS = 10.0
"""Seconds without anything from Slack after which a connection sends a ping."""

LINGERS = 60.0
"""Seconds that a connection is kept after Slack has said that it closes it. Slack does so within ten."""

LONGEST_WAIT = 60.0
"""The most seconds that Slack's rate limit may delay a new connection: without one, no event arrives."""

MOST_BYTES = 20_480
"""The most bytes of a frame: Slack closes a connection that sends more, and delivers again."""

log = structlog.get_logger()


class FrameTooLarge(ValueError):
    """A message that Slack would not accept; nothing was sent."""


class RateLimited(ConnectionError):
    """Slack offers no connection now. ``after`` is the wait in seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(RATE_LIMITED)
        self.after = after


class Connection(BaseSocketModeClient):
    """A connection from the request for its address to its end.

    ``received`` is called for each message, in order, on the thread that reads; it must not block.
    ``ended`` is called once. The base class is what Bolt needs to acknowledge a request.
    """

    def __init__(
        self,
        client: WebClient,
        app_token: str,
        *,
        logger: Logger,
        received: Callable[[Connection, dict[str, Any]], None],
        ended: Callable[[Connection], None],
    ) -> None:
        self.logger = logger
        self.web_client = client
        self.app_token = app_token
        self.opened: Future[None] = Future()
        """Done when Slack accepts the connection; raises why it does not."""
        self.greeted = threading.Event()
        """Set at Slack's hello: from then on it delivers here. Also set at the end."""
        self.leaving = threading.Event()
        """Set when Slack is about to close the connection, and at the end: another one is needed."""
        self.is_open = False
        self.began = self.heard = time.monotonic()
        self.left = math.inf
        self.wait = 0.0
        """Seconds that Slack asks to wait before the next connection."""
        self._received = received
        self._ended = ended
        # UTF-8 is validated when a message is decoded; websocket-client does it byte by byte.
        self._socket = WebSocket(skip_utf8_validation=True, sslopt={"context": client.ssl})
        self._is_ending = False
        self._questions: dict[bytes, Callable[[bool], None]] = {}
        self._thread = threading.Thread(target=self._run, name="slack-socket", daemon=True)

    def start(self) -> None:
        """Open and read the connection on its thread."""
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait until its thread has ended."""
        self._thread.join(seconds)

    @property
    def age(self) -> float:
        """Seconds since it was begun."""
        return time.monotonic() - self.began

    @property
    def silent_for(self) -> float:
        """Seconds since Slack sent anything, an answer to a ping included."""
        return time.monotonic() - self.heard

    def hello(self) -> None:
        """Slack delivers here from now on."""
        self.is_open = True
        self.greeted.set()

    def leave(self) -> None:
        """Slack is about to close it: it is read until then. One that was refused ends now."""
        self.left = time.monotonic()
        self.leaving.set()
        self.greeted.set()
        if not self.is_open:
            self.end()

    @property
    def is_lingering(self) -> bool:
        """Whether Slack announced the end long ago, and did not bring it about."""
        return time.monotonic() - self.left > LINGERS

    def ask(self, answered: Callable[[bool], None]) -> None:
        """Find out whether Slack still holds the connection open now; call back with what is found."""
        question = str(time.monotonic_ns()).encode()
        self._questions[question] = answered
        try:
            self._socket.ping(question)
        except (WebSocketException, OSError):
            self.end()
        if self._is_ending:  # its thread may have looked for questions before this one
            self._answer(question, False)

    def send_message(self, message: str) -> None:
        """Send a text.

        Raises:
            FrameTooLarge: it is longer than Slack accepts.
            WebSocketException, OSError: the connection has ended.
        """
        if len(message.encode()) > MOST_BYTES:
            raise FrameTooLarge
        self._socket.send(message)

    def close(self) -> None:
        """Say goodbye and end."""
        with suppress(WebSocketException, OSError):
            self._socket.send_close()
        self.end()

    def end(self) -> None:
        """Make its thread end, whatever it waits for on the network."""
        self._is_ending = True
        self.is_open = False
        self.leaving.set()
        sock = self._socket.sock
        if sock is not None:
            with suppress(OSError):
                # SSLSocket.shutdown would remove the TLS state that other threads still use.
                socket.socket.shutdown(getattr(sock, "inner", sock), socket.SHUT_RDWR)

    def _run(self) -> None:
        try:
            self._open()
            self.opened.set_result(None)
            for message in self._messages():
                self._received(self, message)
        except (SlackApiError, WebSocketException, OSError, ValueError) as exc:
            if isinstance(exc, RateLimited):
                self.wait = exc.after
            if not self.opened.done():
                log.warning("socket.not_opened", error=str(exc))
                self.opened.set_exception(exc)
            elif not self._is_ending:
                announced = self.leaving.is_set()
                log.info("socket.ended", error=str(exc), announced=announced, age=round(self.age))
        finally:
            self.end()
            self._socket.shutdown()
            self.greeted.set()
            if not self.opened.done():
                self.opened.set_exception(ConnectionError(ENDED))
            for question in list(self._questions):
                self._answer(question, False)
            self._ended(self)

    def _open(self) -> None:
        web = self.web_client
        url = address(web, self.app_token)
        if not self._is_ending:
            self._socket.connect(url, timeout=TIME_LIMIT, **_proxy(web.proxy))
            self._socket.sock = cast("socket.socket", _Shared(self._socket.sock))
            self.heard = time.monotonic()
        if self._is_ending:
            raise ConnectionAbortedError(ENDED)

    def _messages(self) -> Iterator[dict[str, Any]]:
        """Each message of Slack's, until the connection ends."""
        while True:
            try:
                opcode, frame = self._socket.recv_data_frame(control_frame=True)
            except WebSocketTimeoutException:
                self._socket.ping()
                continue
            except (ssl.SSLWantReadError, BlockingIOError):
                continue  # part of a frame has arrived
            self.heard = time.monotonic()
            if opcode == ABNF.OPCODE_CLOSE:
                raise ConnectionResetError(ENDED)
            if opcode == ABNF.OPCODE_PONG:
                self._answer(bytes(frame.data), True)
            elif opcode == ABNF.OPCODE_TEXT and (message := _parsed(frame.data)):
                yield message

    def _answer(self, question: bytes, is_open: bool) -> None:
        answered = self._questions.pop(question, None)
        if answered is not None:
            answered(is_open)


class _Shared:
    """A socket that one thread reads while others write, but never at once: OpenSSL forbids that.

    It does not block; websocket-client waits outside of the lock until the socket is ready.
    """

    def __init__(self, inner: Any) -> None:
        inner.setblocking(False)
        self.inner = inner
        self._lock = threading.Lock()

    def recv(self, size: int) -> bytes:
        with self._lock:
            received: bytes = self.inner.recv(size)
            return received

    def send(self, data: bytes) -> int:
        with self._lock:
            sent: int = self.inner.send(data)
            return sent

    def gettimeout(self) -> float:
        return PING_SECONDS

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def address(client: WebClient, app_token: str) -> str:
    """The address of a new connection.

    Raises:
        SlackApiError: Slack refuses the app token.
        OSError: Slack offers no address now; :class:`RateLimited` says for how long.
    """
    try:
        url = client.apps_connections_open(app_token=app_token)["url"]
    except SlackApiError as exc:
        if exc.response.status_code == 429 or exc.response["error"] == "ratelimited":
            asked = {k.lower(): v for k, v in exc.response.headers.items()}.get("retry-after")
            wait = retry_after_seconds(asked, datetime.now(UTC), default=LONGEST_WAIT)
            raise RateLimited(min(wait, LONGEST_WAIT)) from exc
        if exc.response.status_code >= 500:
            raise ConnectionError(SLACK_FAILED) from exc
        raise
    except (ValueError, AttributeError, HTTPException) as exc:
        raise ConnectionError(BAD_ANSWER) from exc
    if not isinstance(url, str):
        raise ConnectionError(NO_ADDRESS)
    return url


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(data)
    except ValueError:
        log.warning("socket.unreadable", size=len(data))
        return None
    return message if isinstance(message, dict) else None


def _proxy(url: str | None) -> dict[str, Any]:
    """websocket-client's options for the proxy that the Web API uses, too."""
    if not url:
        return {}
    proxy = urlsplit(url)
    user = (unquote(proxy.username), unquote(proxy.password or "")) if proxy.username else None
    return {
        "http_proxy_host": proxy.hostname,
        "http_proxy_port": proxy.port or 80,
        "http_proxy_auth": user,
    }
