"""One client's connection through the fault proxy: each request is judged, passed on, and answered.

Bodies of answers are passed on piece by piece as they come, for a watch or a log that is followed
never ends. One connection to the upstream serves one connection of a client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import h11

from sandbox.faults import Fault
from sandbox.lines import Lines
from sandbox.note import Note
from sandbox.own_words import own_words
from sandbox.rules import Direction, Passage, Strike
from sandbox.wire import Wire, WireGone

if TYPE_CHECKING:
    from sandbox.fault_proxy import FaultProxy

_HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"proxy-connection"})
_LOOK_AGAIN = 0.05
"""Seconds between two looks whether a rule that holds a request still stands."""


class Conversation:
    """All requests that come on one connection."""

    def __init__(
        self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._proxy = proxy
        self._client = Wire(h11.SERVER, reader, writer)
        self._upstream: Wire | None = None
        self._idle = True
        self._wants_body = True

    def cut_if_idle(self) -> None:
        """Hang up between two requests, as a server does that ends."""
        if self._idle:
            self._client.abort()

    async def run(self) -> None:
        """Answer until either side has had enough."""
        try:
            while isinstance(request := await self._client.event(), h11.Request):
                self._idle = False
                await self._answer(request, await self._client.body())
                if not self._client.next_message():
                    break
                self._idle = True
            self._client.close()
        except (WireGone, h11.LocalProtocolError, asyncio.CancelledError):
            # Cancelled is the proxy's end; asyncio would report it as a failure of this connection.
            self._client.abort()
        finally:
            if self._upstream is not None:
                self._upstream.abort()

    async def _answer(self, request: h11.Request, body: bytes) -> None:
        proxy = self._proxy
        method, path = request.method.decode(), request.target.decode()
        self._wants_body = method != "HEAD"
        if method == "GET" and proxy.page is not None:
            page = await asyncio.to_thread(proxy.page, path)
            if page is not None:
                await self._send_text(200, page, "text/html; charset=utf-8", Fault(), Note())
                return
        if _is_for_a_person(request) and not proxy.people:
            await self._pass_on(await self._ask(request, body), Strike(), Note())
            return
        proxy.requests.append((method, path))
        note = Note.of(proxy.traffic, proxy.system, f"{method} {path}", body)
        passage = Passage(
            direction=Direction.REQUEST, name=method, path=path, body=_json_object(body)
        )
        # A rule may be code, which may wait for something.
        judge = proxy.rules.pass_through
        strike = await asyncio.to_thread(judge, passage) if proxy.rules else Strike()
        try:
            await self._carry_out(strike, request, body, note)
        except BaseException:
            note.broke(strike.fault)
            raise

    async def _carry_out(
        self, strike: Strike, request: h11.Request, body: bytes, note: Note
    ) -> None:
        fault = strike.fault
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.effect:
            head = await self._ask(request, body)
            if fault.lines is not None:
                await self._pass_on(head, strike, note)
                return
            if fault.drop or fault.hang or fault.status or fault.answer is not None:
                self._leave_upstream()
            elif fault.garbled is not None:
                real = (await self._whole()).decode(errors="replace")
                await self._send_text(head.status_code, *fault.garbled.body(real), fault, note)
                return
            else:
                await self._pass_on(head, strike, note)
                return
        if fault.hang:
            note.hangs()
            await self._hold(strike, self._until_gone())
        if fault.hang or fault.drop:
            raise WireGone
        await self._send_canned(fault, note)

    # The upstream.

    async def _ask(self, request: h11.Request, body: bytes) -> h11.Response:
        """Send the request on; the head of the answer. Raises WireGone."""
        upstream = self._upstream
        if upstream is None or upstream.is_closed:
            upstream = self._upstream = await self._connect()
        headers = _kept(request)
        if body and b"content-length" not in dict(request.headers):
            headers.append((b"Content-Length", str(len(body)).encode()))
        await upstream.send(
            h11.Request(method=request.method, target=request.target, headers=headers),
            *([h11.Data(data=body)] if body else []),
            h11.EndOfMessage(),
        )
        while isinstance(event := await upstream.event(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise WireGone
        if self._proxy.on_write is not None and request.method not in (b"GET", b"HEAD"):
            await asyncio.to_thread(self._proxy.on_write)
        return event

    async def _connect(self) -> Wire:
        if self._proxy.upstream is None:
            raise WireGone
        try:
            streams = await asyncio.open_connection(*self._proxy.upstream)
        except OSError as error:
            raise WireGone from error
        return Wire(h11.CLIENT, *streams)

    def _leave_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream.abort()
            self._upstream = None

    async def _whole(self) -> bytes:
        assert self._upstream is not None  # noqa: S101 - there is an answer from it
        body = await self._upstream.body()
        self._ready_upstream()
        return body

    def _ready_upstream(self) -> None:
        if self._upstream is not None and not self._upstream.next_message():
            self._leave_upstream()

    # The client.

    async def _pass_on(self, head: h11.Response, strike: Strike, note: Note) -> None:
        """The answer as it is, each piece at once; a client that goes ends it upstream as well."""
        upstream, fault, lines = self._upstream, strike.fault, Lines(strike.fault.lines)
        assert upstream is not None  # noqa: S101 - there is an answer from it
        dropped = {b"content-length"} if fault.lines is not None else set()
        headers = [*_kept(head, dropped), *_more(fault)]
        answer = h11.Response(status_code=head.status_code, headers=headers, reason=head.reason)
        await self._client.send(answer)
        note.began(head.status_code)
        gone: asyncio.Task[None] | None = None
        try:
            while True:
                if lines.is_time:
                    gone = gone or self._until_gone()
                    if await self._interrupt(strike, note, gone):
                        return
                    await self._pass_piece(lines.go_on(), note)
                event = upstream.at_hand()
                if event is h11.NEED_DATA:
                    gone = gone or self._until_gone()
                    event = await _unless(gone, upstream)
                if isinstance(event, h11.EndOfMessage):
                    note.ended(head.status_code, fault)
                    await self._client.send(h11.EndOfMessage())
                    break
                if not isinstance(event, h11.Data):
                    raise WireGone
                await self._pass_piece(lines.take(bytes(event.data)), note)
        finally:
            if gone is not None:
                gone.cancel()
                # Only one at a time may read from a stream.
                await asyncio.wait([gone])
        self._ready_upstream()

    async def _pass_piece(self, piece: bytes, note: Note) -> None:
        if piece:
            note.piece(piece)
            await self._client.send(h11.Data(data=piece))

    async def _interrupt(self, strike: Strike, note: Note, gone: asyncio.Task[None]) -> bool:
        """What comes between two lines; whether the answer is over. Raises WireGone for a cut."""
        fault = strike.fault
        if fault.line:
            await self._pass_piece(f"{fault.line}\n".encode(), note)
        if fault.hang:
            note.hangs()
            await self._hold(strike, gone)
        if fault.hang or fault.drop:
            raise WireGone
        if fault.ends:
            note.ended(200, fault)
            self._leave_upstream()
            await self._client.send(h11.EndOfMessage())
        return fault.ends

    def _until_gone(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._client.until_gone())

    async def _send_canned(self, fault: Fault, note: Note) -> None:
        status = fault.status or 200
        answer = fault.answer if fault.answer is not None else own_words(self._proxy.system, status)
        text, kind = json.dumps(answer), "application/json"
        if fault.garbled is not None:
            text, kind = fault.garbled.body(text)
        await self._send_text(status, text, kind, fault, note)

    async def _send_text(self, status: int, text: str, kind: str, fault: Fault, note: Note) -> None:
        body = b"" if status in (204, 304) else text.encode()
        headers: list[tuple[bytes, bytes]] = [
            (b"Content-Type", kind.encode()),
            (b"Content-Length", str(len(body)).encode()),
            *_more(fault),
        ]
        note.piece(body)
        note.ended(status, fault)
        await self._client.send(h11.Response(status_code=status, headers=headers))
        if body and self._wants_body:
            await self._client.send(h11.Data(data=body))
        await self._client.send(h11.EndOfMessage())

    async def _hold(self, strike: Strike, gone: asyncio.Task[None]) -> None:
        """Wait until the rule is gone or the client is."""
        try:
            while strike.stands() and not gone.done():
                await asyncio.wait([gone], timeout=_LOOK_AGAIN)
        finally:
            gone.cancel()


async def _unless(gone: asyncio.Task[None], upstream: Wire) -> Any:
    """The upstream's next event. Raises WireGone if the client goes first."""
    coming = asyncio.create_task(upstream.event())
    try:
        await asyncio.wait({coming, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            raise WireGone
        return coming.result()
    finally:
        coming.cancel()


def _is_for_a_person(request: h11.Request) -> bool:
    """Whether a browser asks, to show it; no client of an API wants HTML."""
    return b"text/html" in dict(request.headers).get(b"accept", b"")


def _kept(
    message: h11.Request | h11.Response, without: Collection[bytes] = ()
) -> list[tuple[bytes, bytes]]:
    """As they were written, for not everybody knows that their case does not matter."""
    return [
        (name, value)
        for name, value in message.headers.raw_items()
        if name.lower() not in _HOP_BY_HOP and name.lower() not in without
    ]


def _more(fault: Fault) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in fault.headers.items()]


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body) if body else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
