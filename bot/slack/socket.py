"""Slack over a socket: the SDK's builtin client with its known faults fixed, and a watch on silence."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from ssl import SSLSocket
from typing import Any, cast

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.domain.retry_after import retry_after_seconds
from bot.errors import ConfigError, RetryLater

REFUSED = (
    "Slack refuses the app token ({error}). "
    "Set slack.app_token to a token with the scope connections:write."
)
UNREACHABLE = "mayday cannot reach Slack to open a socket."
NOT_CONNECTED = "The socket to Slack is not connected."
NO_PONG = "The socket to Slack does not answer pings."
RATE_LIMITED = "Slack limits the rate of new connections."
SLACK_FAILED = "Slack failed to offer a connection."
BAD_ANSWER = "Slack's answer to the request for a connection cannot be read."
NO_ADDRESS = "Slack's answer to the request for a connection has no address."
ENDED = "Slack closed the connection."

PING_SECONDS = 10.0
SILENT = 60.0
"""Seconds without an answer to a ping after which a connection counts as dead. The client gives one up
after four unanswered pings, unless not even the first was answered."""

LONGEST_WAIT = 60.0
"""The most seconds that Slack's rate limit may delay a new connection: without one, no event arrives."""

log = structlog.get_logger()


class Socket:
    """The connection to Slack. ``connected`` is called for each hello of Slack's, including the first."""

    def __init__(self, app: App, app_token: str, *, connected: Callable[[], None]) -> None:
        self._app = app
        self._connected = connected
        self.client = _Client(
            app_token,
            logger=app.logger,
            web_client=app.client,
            proxy=app.client.proxy,
            ping_interval=PING_SECONDS,
        )
        self.client.socket_mode_request_listeners.append(self._delivered)
        self.client.on_message_listeners.append(self._heard)

    def start(self) -> None:
        """Connect.

        Raises:
            ConfigError: Slack refuses the app token.
            RetryLater: Slack cannot be reached.
        """
        try:
            self.client.connect()
        except SlackApiError as exc:
            raise ConfigError(REFUSED.format(error=exc.response["error"])) from None
        except OSError as exc:
            raise RetryLater(UNREACHABLE) from exc

    def stop(self) -> None:
        """Close the connection."""
        self.client.close()

    def problem(self) -> str:
        """What is wrong with the connection, empty where nothing is."""
        if not self.client.is_connected():
            return NOT_CONNECTED
        return NO_PONG if self.client.silent_for > SILENT else ""

    def watch(self) -> None:
        """Replace a connection that looks open but does not answer pings."""
        if self.client.is_connected() and self.client.silent_for > SILENT:
            log.warning("socket.silent", seconds=round(self.client.silent_for))
            self.client.connect_to_new_endpoint(force=True)

    def _delivered(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        began = time.time()
        send_response(client, request, run_bolt_app(self._app, request), began)

    def _heard(self, raw: str) -> None:
        if '"hello"' in raw and json.loads(raw).get("type") == "hello":
            log.info("socket.hello")
            self._connected()


class _Client(SocketModeClient):
    """The builtin client, with a receiver that ends when its connection does.

    The builtin client keeps the end of a connection in a separate flag. A close or a reconnection just as
    the receiver starts is overwritten there, and the receiver waits forever on a closed connection: the
    process does not end, or the bot looks connected and receives nothing (seen in slack_sdk 3.47; the
    same as bolt-python#1529).
    """

    opened_at = 0.0
    _wait_until = 0.0

    def issue_new_wss_url(self) -> str:
        """The address of a new connection.

        The builtin client sleeps as long as Slack's rate limit asks, without a bound, and any error it
        does not expect ends the receiving thread: the bot would look connected and receive nothing.

        Raises:
            SlackApiError: Slack refuses the app token.
            OSError: Slack offers no address now; the client retries at its next check.
        """
        if time.monotonic() < self._wait_until:
            raise ConnectionError(RATE_LIMITED)
        try:
            url = self.web_client.apps_connections_open(app_token=self.app_token)["url"]
        except SlackApiError as exc:
            if exc.response.status_code == 429 or exc.response["error"] == "ratelimited":
                asked = {k.lower(): v for k, v in exc.response.headers.items()}.get("retry-after")
                wait = retry_after_seconds(asked, datetime.now(UTC), default=LONGEST_WAIT)
                self._wait_until = time.monotonic() + min(wait, LONGEST_WAIT)
                raise ConnectionError(RATE_LIMITED) from exc
            if exc.response.status_code >= 500:
                raise ConnectionError(SLACK_FAILED) from exc
            raise
        except (ValueError, AttributeError, HTTPException) as exc:
            raise ConnectionError(BAD_ANSWER) from exc
        if not isinstance(url, str):
            raise ConnectionError(NO_ADDRESS)
        return url

    def connect(self) -> None:
        self.opened_at = time.time()
        super().connect()
        session = self.current_session
        if session is not None:
            with session.sock_send_lock:
                if session.sock is not None:
                    session.sock = cast("SSLSocket", _EndDetectingSocket(session.sock))

    @property
    def silent_for(self) -> float:
        """Seconds since Slack answered a ping on this connection, or since it was opened."""
        session = self.current_session
        answered = session.last_ping_pong_time if session else None
        return time.time() - max(answered or 0.0, self.opened_at)

    def _run_current_session(self) -> None:
        session = self.current_session
        if session is None or not session.is_active():
            return
        session.run_until_completion(_SessionState(self, session))
        if self.closed or self.current_session is not session:
            return
        try:
            self.connect_to_new_endpoint()  # at once, before the builtin monitor's next check
        except (SlackApiError, OSError) as exc:
            log.warning("socket.reconnect_failed", error=str(exc), advice="retried every 10 s")


class _EndDetectingSocket:
    """A socket that raises when the other side closes it.

    The builtin client takes the end of a stream for silence: it reads again at once, with a core busy and
    no events received for a minute, until five pings in a row fail.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def recv(self, size: int) -> bytes:
        received: bytes = self._sock.recv(size)
        if not received:
            raise ConnectionResetError(ENDED)
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _SessionState(ConnectionState):
    """The state of one connection: terminated as soon as the client no longer uses it."""

    def __init__(self, client: _Client, session: Connection) -> None:
        self._client = client
        self._session = session
        super().__init__()  # type: ignore[no-untyped-call]

    @property
    def terminated(self) -> bool:
        client = self._client
        return self._ended or client.closed or client.current_session is not self._session

    @terminated.setter
    def terminated(self, ended: bool) -> None:
        self._ended = ended
