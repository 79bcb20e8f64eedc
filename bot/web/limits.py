"""Limits on what a client may send, before anything of it is trusted: size, time and connections.

Anyone who reaches the port can send anything. uvicorn limits neither the time in which a request arrives nor
its size, and its limit of connections refuses health checks, too. No other server for Python has all of it:
granian and hypercorn limit the time of headers only, cheroot and waitress that of each read, and at their
limits of connections all of them keep new ones waiting, health checks included. So this extends uvicorn's
protocol by one timer, and ends the connection that has waited longest to accept a new one.
"""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_BYTES = 1 << 20
"""The most bytes of a body. Slack's are far smaller."""

READ_SECONDS = 10.0
"""Seconds that a client has to send a request as a whole, headers and body."""

SERVE_SECONDS = 60.0
"""Seconds until a client has to have read its answer."""

MOST_CONNECTIONS = 128
"""The most open connections. A new one ends the one that has waited longest for its client."""

TOO_LARGE = "The request is too large."


class LimitedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with limits of time and of connections."""

    _is_serving = False
    """Whether a request has arrived as a whole and is being answered."""
    _since = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection; end another one where there are too many."""
        super().connection_made(transport)
        self._restart_timer()
        if len(self.connections) > MOST_CONNECTIONS:
            others = (each for each in self.connections if each is not self)
            oldest: Any = min(others, key=_patience)
            self.connections.discard(oldest)  # its loss is noticed after others were accepted
            oldest.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what arrives."""
        super().data_received(data)
        if self._is_served() is not self._is_serving:
            self._restart_timer()

    def on_response_complete(self) -> None:
        """Wait for the next request; uvicorn closes a connection that stays idle."""
        super().on_response_complete()
        self._restart_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _is_served(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not (cycle.more_body or cycle.response_complete)

    def _restart_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._is_serving, self._since = self._is_served(), self.loop.time()
        seconds = SERVE_SECONDS if self._is_serving else READ_SECONDS
        self._timer = self.loop.call_later(seconds, self.transport.abort)


def _patience(connection: Any) -> tuple[bool, float]:
    """The order in which connections are ended: those whose request is being answered come last."""
    return connection._is_serving, connection._since


class LimitedBody:
    """An application that gets each request with its whole body, at most :data:`MOST_BYTES`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is too large, and close its connection before the rest of it arrives."""
        body = bytearray()
        more = int(dict(scope["headers"]).get(b"content-length", b"0")) <= MOST_BYTES
        fits = more
        while fits and more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            fits = len(body) <= MOST_BYTES
        if not fits:
            refusal = PlainTextResponse(TOO_LARGE, 413, headers={"connection": "close"})
            await refusal(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)
