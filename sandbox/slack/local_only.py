"""Rejects requests that a browser on this machine sends for foreign web pages.

The sandbox has no log-in. Without this check, any page could send it requests, directly or
via a name that resolves to this host.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_OURS = {"127.0.0.1", "localhost"}


class LocalOnly:
    """Rejects requests to another host name or from a page of another origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or _is_ours(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            refusal = PlainTextResponse("This answers only to this machine.", HTTPStatus.FORBIDDEN)
            await refusal(scope, receive, send)


def _is_ours(headers: Headers) -> bool:
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in _OURS:
        return False
    origin = headers.get("origin")
    # Slack's Socket Mode client sends no Origin and a Host without a port; a browser sends both.
    return origin is None or urlsplit(origin).netloc == host
