"""Judges, forwards and answers one request of the fault proxy.

Answers are passed on piece by piece, since a watch or a followed log never ends.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection
from typing import TYPE_CHECKING, Any

import httpcore

from sandbox.faults import Fault
from sandbox.own_words import own_words
from sandbox.rules import Strike
from sandbox.traffic import Note

if TYPE_CHECKING:
    from sandbox.fault_proxy import FaultProxy

Headers = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"proxy-connection"})
_LOOK_AGAIN = 0.05
"""Seconds between two checks whether a holding rule is still active."""


class Cut(Exception):
    """The connection to the client is cut."""


class Lines:
    """Passes `number` lines of an answer and holds the rest until `go_on`; None passes all."""

    def __init__(self, number: int | None) -> None:
        self._left = number
        self._rest = b""

    @property
    def is_time(self) -> bool:
        """Whether so many lines have passed, and the fault is still due."""
        return self._left == 0

    def take(self, piece: bytes) -> bytes:
        """What of a piece passes now."""
        if self._left is None:
            return piece
        passed = b""
        while self._left and (end := piece.find(b"\n") + 1):
            passed, piece = passed + piece[:end], piece[end:]
            self._left -= 1
        if self._left:
            return passed + piece
        self._rest = piece
        return passed

    def go_on(self) -> bytes:
        """The held data; all later data passes."""
        self._left, held, self._rest = None, self._rest, b""
        return held


class Exchange:
    """One request, as ASGI gives it. `abort` cuts the client's connection."""

    def __init__(
        self, proxy: FaultProxy, scope: Any, receive: Any, send: Any, abort: Callable[[], None]
    ) -> None:
        self._proxy = proxy
        self._method: str = scope["method"]
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        self._target: bytes = scope["raw_path"] + query
        # uvicorn sends lower-case names; some servers do not ignore their case.
        self._headers: Headers = [(name.title(), value) for name, value in scope["headers"]]
        self._receive = receive
        self._send = send
        self._abort = abort

    async def run(self) -> None:
        """Answer the request, or cut its connection."""
        strike, note = Strike(), Note()
        try:
            body = await self._body()
            path = self._target.decode()
            if self._method == "GET" and self._proxy.page is not None:
                page = await asyncio.to_thread(self._proxy.page, path)
                if page is not None:
                    await self._send_text(200, page, "text/html; charset=utf-8", Fault(), note)
                    return
            if not self._is_for_a_person() or self._proxy.people:
                strike, note = await self._proxy.judge(self._method, path, body)
            await self._carry_out(strike, body, note)
        except (Cut, httpcore.NetworkError, httpcore.ProtocolError):
            note.broke(strike.fault)
            self._abort()
            await self._until_gone()
        except BaseException:
            note.broke(strike.fault)
            self._abort()
            raise

    async def _carry_out(self, strike: Strike, body: bytes, note: Note) -> None:
        fault = strike.fault
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.effect and await self._pass_on(body, strike, note):
            return
        if fault.hang:
            note.hangs()
            await self._hold(strike)
        if fault.hang or fault.drop:
            raise Cut
        status = fault.status or 200
        said = fault.answer if fault.answer is not None else own_words(self._proxy.system, status)
        text, kind = json.dumps(said), "application/json"
        if fault.garbled is not None:
            text, kind = fault.garbled.body(text)
        await self._send_text(status, text, kind, fault, note)

    async def _pass_on(self, body: bytes, strike: Strike, note: Note) -> bool:
        """Forward the upstream's answer; false if a fault replaces it."""
        if self._proxy.upstream is None:
            raise Cut
        host, port = self._proxy.upstream
        url = httpcore.URL(scheme=b"http", host=host.encode(), port=port, target=self._target)
        headers = _kept(self._headers)
        if body and b"Content-Length" not in dict(headers):
            headers.append((b"Content-Length", b"%d" % len(body)))
        request = self._proxy.pool.stream(self._method, url, headers=headers, content=body)
        async with request as answer:
            if self._proxy.on_write is not None and self._method not in ("GET", "HEAD"):
                await asyncio.to_thread(self._proxy.on_write)
            return await self._answer(answer, strike, note)

    async def _answer(self, answer: httpcore.Response, strike: Strike, note: Note) -> bool:
        fault = strike.fault
        pieces = aiter(answer.aiter_stream())
        if fault.lines is None:
            if fault.drop or fault.hang or fault.status or fault.answer is not None:
                return False
            if fault.garbled is not None:
                real = (await answer.aread()).decode(errors="replace")
                await self._send_text(answer.status, *fault.garbled.body(real), fault, note)
                return True
        dropped = {b"content-length"} if fault.lines is not None else set()
        await self._start(answer.status, _kept(answer.headers, dropped), fault)
        note.began(answer.status)
        lines, gone = Lines(fault.lines), asyncio.create_task(self._until_gone())
        try:
            while True:
                if lines.is_time:
                    if await self._interrupt(strike, note):
                        break
                    await self._piece(lines.go_on(), note)
                piece = await _next(pieces, gone)
                if piece is None:
                    break
                await self._piece(lines.take(piece), note)
        finally:
            gone.cancel()
        note.ended(answer.status, fault)
        await self._send({"type": "http.response.body"})
        return True

    async def _interrupt(self, strike: Strike, note: Note) -> bool:
        """Apply the fault between lines; whether the answer ends. Raises Cut."""
        fault = strike.fault
        if fault.line:
            await self._piece(f"{fault.line}\n".encode(), note)
        if fault.hang:
            note.hangs()
            await self._hold(strike)
        if fault.hang or fault.drop:
            raise Cut
        return fault.ends

    # The client.

    async def _body(self) -> bytes:
        parts: list[bytes] = []
        while (event := await self._receive())["type"] == "http.request":
            parts.append(event["body"])
            if not event["more_body"]:
                return b"".join(parts)
        raise Cut

    async def _until_gone(self) -> None:
        """Return when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _hold(self, strike: Strike) -> None:
        """Wait until the rule or the client is gone."""
        gone = asyncio.create_task(self._until_gone())
        while strike.stands() and not gone.done():
            await asyncio.wait([gone], timeout=_LOOK_AGAIN)
        gone.cancel()

    async def _start(self, status: int, headers: Headers, fault: Fault) -> None:
        more = [(name.encode(), value.encode()) for name, value in fault.headers.items()]
        start = {"type": "http.response.start", "status": status, "headers": [*headers, *more]}
        await self._send(start)

    async def _piece(self, piece: bytes, note: Note) -> None:
        if piece:
            note.piece(piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _send_text(self, status: int, text: str, kind: str, fault: Fault, note: Note) -> None:
        body = b"" if status in (204, 304) else text.encode()
        headers = [(b"Content-Type", kind.encode()), (b"Content-Length", b"%d" % len(body))]
        note.piece(body)
        note.ended(status, fault)
        await self._start(status, headers, fault)
        await self._send({"type": "http.response.body", "body": body})

    def _is_for_a_person(self) -> bool:
        """Whether a browser requests a page; no API client wants HTML."""
        return b"text/html" in dict(self._headers).get(b"Accept", b"")


async def _next(pieces: AsyncIterator[bytes], gone: asyncio.Task[None]) -> bytes | None:
    """The upstream's next piece, None at the end. Raises Cut if the client goes first."""
    coming: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(pieces, None))
    either: list[asyncio.Future[Any]] = [coming, gone]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            raise Cut
        return coming.result()
    finally:
        coming.cancel()


def _kept(headers: Headers, without: Collection[bytes] = ()) -> Headers:
    """The headers without the hop-by-hop ones."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in _HOP_BY_HOP and name.lower() not in without
    ]
