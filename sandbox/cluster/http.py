"""The HTTP layer of the double: JSON in and out, streamed watches."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import starlette.requests
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.cluster.errors import StatusError, bad_request
from sandbox.cluster.routes import Request, Response, Routes


def application(routes: Routes) -> ASGIApp:
    """The ASGI application that serves the routes."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = starlette.requests.Request(scope, receive)
        body = await request.body()
        try:
            answer = await anyio.to_thread.run_sync(routes.answer, _taken_apart(request, body))
        except StatusError as exc:
            answer = Response(code=exc.code, json=exc.body())
        response: StreamingResponse | PlainTextResponse | JSONResponse
        if answer.stream is not None:
            lines = _as_they_come(answer.stream)
            response = StreamingResponse(lines, media_type="application/json")
        elif answer.text is not None:
            response = PlainTextResponse(answer.text, answer.code)
        else:
            response = JSONResponse(answer.json, answer.code)
        await response(scope, receive, send)

    return serve


def _taken_apart(request: starlette.requests.Request, raw: bytes) -> Request:
    try:
        body: Any = json.loads(raw) if raw else None
    except ValueError as exc:
        raise bad_request(f"the object provided is unrecognized: {exc}") from exc
    return Request(
        method=request.method,
        path=request.scope["path"].rstrip("/") or "/",
        params=dict(request.query_params),
        authorization=request.headers.get("Authorization", ""),
        content_type=request.headers.get("Content-Type", ""),
        body=body,
    )


async def _as_they_come(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a watch, read in a separate thread."""
    own = anyio.CapacityLimiter(math.inf)
    while (line := await anyio.to_thread.run_sync(next, lines, None, limiter=own)) is not None:
        yield line
