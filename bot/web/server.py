"""The HTTP server, which runs in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.errors import ConfigError

STOP_TIMEOUT = 10.0
"""Seconds that a stop waits for the current requests."""

PORT_UNAVAILABLE = "http.port: {host}:{port} cannot be used ({reason}): choose another port."


def slack_route(app: App) -> Route:
    """Return the route ``/slack/events`` for all requests of Slack; Bolt verifies their signatures.

    Each request has its own thread: Bolt's own handler would make the others, and health, wait for it.
    """

    async def events(request: Request) -> Response:
        delivery = to_bolt_request(request, await request.body())
        return to_starlette_response(await run_in_threadpool(app.dispatch, delivery))

    return Route("/slack/events", events, methods=["POST"])


class Server:
    """Serves routes until it is stopped."""

    def __init__(self, routes: Sequence[BaseRoute], *, host: str, port: int) -> None:
        try:
            self._socket = socket.create_server((host, port))
        except OSError as exc:
            text = PORT_UNAVAILABLE.format(host=host, port=port, reason=exc.strerror)
            raise ConfigError(text) from None
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=list(routes)), log_level="warning", lifespan="off", ws="none"
            )
        )
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Start serving."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the current requests, then stop."""
        self._server.should_exit = True
        self._thread.join(timeout=STOP_TIMEOUT)
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))
