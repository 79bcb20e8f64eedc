"""Slack over Socket Mode: keeps a connection open, and hands what arrives to Bolt.

The connection is websocket-client's, without a client of slack_sdk's: the builtin one calls itself once per
frame and decodes halves of characters, so that a burst ends it; the one for websocket-client closes the old
connection before it opens the new one, and never notices one that died silently. Both hand what arrives to
ten threads, which loses its order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode.internals import run_bolt_app
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.errors import ConfigError, RetryLater
from bot.slack.connection import Connection
from bot.slack.event_queue import Delivery, EventQueue

REFUSED = (
    "Slack refuses the app token ({error}). "
    "Set slack.app_token to a token with the scope connections:write."
)
UNREACHABLE = "mayday cannot reach Slack to open a socket."
NOT_CONNECTED = "The socket to Slack is not connected."
NO_PONG = "The socket to Slack does not answer pings."

EVENT = "events_api"
REQUESTS = 10
"""The most commands, buttons, forms and shortcuts that wait for their acknowledgement at once."""

SILENT = 30.0
"""Seconds without anything from Slack, an answer to a ping included, after which a connection is dead."""

HELLO_SECONDS = 20.0
"""Seconds that a new connection has until Slack's hello."""

PAUSES = (0.0, 0.0, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a new connection, by how many in a row were brief or failed."""

STEADY = 10.0
"""Seconds after which a connection is not brief."""

STOP_SECONDS = 5.0
"""The most that a stop waits for the event in hand, and for each connection."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many connections of other processes Slack counted, and when, by the monotonic clock."""

    others: int
    at: float


class Socket:
    """The connection to Slack. When Slack announces its end, the next one opens before it closes.

    ``connected`` is called, on a thread that it may block, for each connection that Slack begins to use.
    Its argument says whether there was a *gap*: a time without a connection, in which Slack drops events.
    """

    def __init__(self, app: App, app_token: str, *, connected: Callable[[bool], None]) -> None:
        self._app = app
        self._app_token = app_token
        self._connected = connected
        self.count: Count | None = None
        """What Slack's last hello counted."""
        self._connections: list[Connection] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._events = EventQueue(self._dispatch)
        self._requests = ThreadPoolExecutor(REQUESTS, thread_name_prefix="slack-requests")
        self._keeper: threading.Thread | None = None

    def start(self) -> None:
        """Connect.

        Raises:
            ConfigError: Slack refuses the app token.
            RetryLater: Slack cannot be reached.
        """
        self._events.start()
        first = self._connect()
        try:
            first.opened.result(HELLO_SECONDS)
        except SlackApiError as exc:
            raise ConfigError(REFUSED.format(error=exc.response["error"])) from None
        except Exception as exc:
            raise RetryLater(UNREACHABLE) from exc
        self._keeper = threading.Thread(
            target=self._keep_connected, args=(first,), name="slack-keeper", daemon=True
        )
        self._keeper.start()

    def stop(self) -> None:
        """Process what is in hand, acknowledge it and close. Slack repeats the events that still wait."""
        self._stopping.set()
        self._events.stop(STOP_SECONDS)
        self._requests.shutdown(wait=True)
        with self._lock:
            open_ones = list(self._connections)
        for connection in open_ones:
            connection.close()
        for connection in open_ones:
            connection.join(STOP_SECONDS)
        if self._keeper is not None:
            self._keeper.join(STOP_SECONDS)

    def problem(self) -> str:
        """What is wrong with the connection, empty where nothing is."""
        open_ones = self._open_ones()
        if not open_ones:
            return NOT_CONNECTED
        return NO_PONG if all(each.silent_for > SILENT for each in open_ones) else ""

    def count_again(self) -> None:
        """Replace the connection, since Slack counts the app's connections for a new one only."""
        for connection in self._open_ones()[-1:]:
            if not connection.leaving.is_set():  # else the next one opens already
                connection.leave()

    def watch(self) -> None:
        """End connections that look open but do not answer pings, so that another one replaces them."""
        for connection in self._open_ones():
            if connection.silent_for > SILENT:
                log.warning("socket.silent", seconds=round(connection.silent_for))
                connection.end()
            elif connection.is_lingering:
                connection.close()

    def _open_ones(self) -> list[Connection]:
        with self._lock:
            return [each for each in self._connections if each.is_open]

    def _keep_connected(self, connection: Connection) -> None:
        """Open a new connection whenever the last one ends or is about to."""
        failures = 0
        while True:
            if not connection.greeted.wait(HELLO_SECONDS):
                connection.end()
            connection.leaving.wait()
            failures = 0 if connection.age > STEADY else failures + 1
            pause = max(PAUSES[min(failures, len(PAUSES) - 1)], connection.wait)
            if self._stopping.wait(pause):
                return
            connection = self._connect()

    def _connect(self) -> Connection:
        connection = Connection(
            self._app.client,
            self._app_token,
            logger=self._app.logger,
            received=self._received,
            ended=self._ended,
        )
        with self._lock:
            self._connections.append(connection)
            connection.start()
        if self._stopping.is_set():
            connection.end()
        return connection

    def _ended(self, connection: Connection) -> None:
        with self._lock:
            self._connections.remove(connection)

    def _received(self, connection: Connection, message: dict[str, Any]) -> None:
        """Hand a message on, on the thread that reads the connection."""
        kind = message.get("type")
        if kind == "hello":
            if connection.is_open:
                return
            connection.hello()
            self._counted(message.get("num_connections"))
            self._submit(self._greet, connection)
        elif kind == "disconnect":
            log.info("socket.disconnect", reason=message.get("reason"))
            connection.leave()
        elif isinstance(message.get("payload"), dict) and not self._stopping.is_set():
            request = SocketModeRequest.from_dict(message)
            if request is None:
                return
            delivery = Delivery(connection=connection, request=request)
            if kind == EVENT:
                self._events.put(delivery)
            else:
                self._submit(self._serve, delivery)

    def _counted(self, number: object) -> None:
        own = len(self._open_ones())
        log.info("socket.hello", connections=number, own=own)
        if isinstance(number, int):
            self.count = Count(others=number - own, at=time.monotonic())

    def _greet(self, connection: Connection) -> None:
        """Report a new connection once it is known whether another one was open when Slack greeted it."""
        others = [each for each in self._open_ones() if each is not connection]
        if others:
            others[-1].ask(lambda is_open: self._submit(self._connected, not is_open))
        else:
            self._connected(True)

    def _serve(self, delivery: Delivery) -> None:
        delivery.acknowledge(self._dispatch(delivery.request))

    def _dispatch(self, request: SocketModeRequest) -> BoltResponse:
        try:
            response: BoltResponse = run_bolt_app(self._app, request)
        except Exception:  # Bolt's own; it turns those of mayday's code into the same response
            log.exception("socket.dispatch_failed", kind=request.type)
            response = BoltResponse(status=500)
        return response

    def _submit(self, work: Callable[..., None], *arguments: Any) -> None:
        def guarded() -> None:
            try:
                work(*arguments)
            except Exception:
                log.exception("socket.failed")

        with suppress(RuntimeError):  # the socket is stopping
            self._requests.submit(guarded)
