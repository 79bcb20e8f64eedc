"""Slack over a socket: the builtin client, watched, and read behind after every reconnection."""

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

PING_SECONDS = 10.0
SILENT = 60.0
"""Seconds without an answer to a ping after which a connection counts as dead. The client gives one up
after four pings, unless not even the first was answered."""

LONGEST_WAIT = 60.0
"""Seconds for which Slack may put off a new connection; without one nobody hears what it says."""

log = structlog.get_logger()


class Socket:
    """The connection. ``connected`` is called whenever Slack says hello, the first time too."""

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
            raise ConfigError(
                f"Slack refuses the app token ({exc.response['error']}): put one with the scope "
                "connections:write into slack.app_token."
            ) from None
        except OSError as exc:
            raise RetryLater("Slack cannot be reached for a socket.") from exc

    def stop(self) -> None:
        """Take nothing more in."""
        self.client.close()

    def problem(self) -> str:
        """What is wrong with the connection, or nothing."""
        if not self.client.is_connected():
            return "The socket to Slack is not connected."
        return "The socket to Slack is silent." if self.client.silent_for > SILENT else ""

    def watch(self) -> None:
        """Replace a connection that looks open and is dead."""
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
    """The builtin client, whose receiving ends with the connection that it receives from.

    The builtin one keeps "this connection is over" beside the connection. A close or a reconnection that
    comes just as the receiver begins is overwritten there, and the receiver then waits for ever on a
    connection that is gone: the process does not end, or a bot that looks connected hears nothing
    (seen in slack_sdk 3.47; bolt-python#1529 tells of the same).
    """

    opened_at = 0.0
    _put_off_until = 0.0

    def issue_new_wss_url(self) -> str:
        """The address of a new connection.

        The builtin one sleeps for as long as Slack's limit says, however long that is, and what it does
        not foresee ends the thread that receives: the bot would look connected again, and be deaf.

        Raises:
            SlackApiError: Slack refuses the app token.
            OSError: it gives none now; the client asks again every time it looks.
        """
        if time.monotonic() < self._put_off_until:
            raise ConnectionError("Slack asked to wait before the next connection.")
        try:
            url = self.web_client.apps_connections_open(app_token=self.app_token)["url"]
        except SlackApiError as exc:
            if exc.response.status_code == 429 or exc.response["error"] == "ratelimited":
                asked = {k.lower(): v for k, v in exc.response.headers.items()}.get("retry-after")
                wait = retry_after_seconds(asked, datetime.now(UTC), default=LONGEST_WAIT)
                self._put_off_until = time.monotonic() + min(wait, LONGEST_WAIT)
                raise ConnectionError("Slack asks to wait before the next connection.") from exc
            if exc.response.status_code >= 500:
                raise ConnectionError("Slack has a problem with connections.") from exc
            raise
        except (ValueError, AttributeError, HTTPException) as exc:
            raise ConnectionError("Slack's answer to a connection was garbled.") from exc
        if not isinstance(url, str):
            raise ConnectionError("Slack gave no address of a connection.")
        return url

    def connect(self) -> None:
        self.opened_at = time.time()
        super().connect()
        session = self.current_session
        if session is not None:
            with session.sock_send_lock:
                if session.sock is not None:
                    session.sock = cast("SSLSocket", _Ending(session.sock))

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
        session.run_until_completion(_Lasting(self, session))
        if self.closed or self.current_session is not session:
            return
        try:
            self.connect_to_new_endpoint()  # at once, rather than when the builtin monitor looks
        except (SlackApiError, OSError) as exc:
            log.warning("socket.not_back", error=str(exc), advice="it is tried again every 10 s")


class _Ending:
    """A socket that says when the other side has ended it.

    The builtin client takes the end of a stream for silence: it asks again at once and for ever, a core
    busy and the bot deaf for a minute, until five pings in a row could not be sent.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def recv(self, size: int) -> bytes:
        received: bytes = self._sock.recv(size)
        if not received:
            raise ConnectionResetError("Slack ended the connection without a word.")
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Lasting(ConnectionState):
    """Over when the client has let go of the connection, whoever says so."""

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
