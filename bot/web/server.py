"""The HTTP server, which runs in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
import uvicorn
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.domain.access import Sender, answers
from bot.errors import ConfigError
from bot.web.limits import LimitedBody, LimitedProtocol

STOP_TIMEOUT = 10.0
"""Seconds that a stop waits for the current requests."""

CONTENT_TYPES = frozenset({"application/json", "application/x-www-form-urlencoded"})

SLACK_EVENTS = "/slack/events"

REQUESTS = 40
"""The most requests of Slack's that are processed at once; others wait for one of them to end."""

PORT_UNAVAILABLE = "http.port: {host}:{port} cannot be used ({reason}): choose another port."


log = structlog.get_logger()


def slack_route(app: App, signing_secret: str) -> Route:
    """Return the route ``/slack/events`` for all requests of Slack.

    Nothing parses a request before its signature is verified. Each has its own thread, and no other request
    waits for it: Bolt's own handler would block the event loop.
    """
    verifier = SignatureVerifier(signing_secret)
    pool = ThreadPoolExecutor(REQUESTS, thread_name_prefix="slack-http")

    async def events(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] not in CONTENT_TYPES:
            return Response(status_code=415)
        body = await request.body()
        sender = Sender.SLACK if _is_signed(verifier, request, body) else Sender.ANYBODY
        if not answers(SLACK_EVENTS, sender):
            return Response(status_code=401)
        try:
            delivery = to_bolt_request(request, body)
        except (ValueError, AttributeError, TypeError):  # no JSON, or none of an object
            log.warning("http.unreadable", size=len(body))
            return Response(status_code=400)
        answer = await asyncio.get_running_loop().run_in_executor(pool, app.dispatch, delivery)
        return to_starlette_response(answer)

    return Route(SLACK_EVENTS, events, methods=["POST"])


def _is_signed(verifier: SignatureVerifier, request: Request, body: bytes) -> bool:
    """Whether Slack signed the body within the last five minutes."""
    try:
        return verifier.is_valid_request(body, request.headers)
    except (ValueError, TypeError):  # a time that is no number, or text that is not UTF-8
        return False


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
                LimitedBody(Starlette(routes=list(routes))),
                http=LimitedProtocol,
                interface="asgi3",
                lifespan="off",
                log_level="warning",
                server_header=False,
                ws="none",
            )
        )
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections)

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
