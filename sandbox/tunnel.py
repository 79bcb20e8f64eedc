"""Passes a websocket through the fault proxy as raw bytes, once its request is judged."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from sandbox.faults import Fault
from sandbox.traffic import Note

if TYPE_CHECKING:
    from sandbox.fault_proxy import FaultProxy


class Tunnel(asyncio.Protocol):
    """One websocket's connection, which uvicorn hands over with the request as bytes.

    A fault may delay it or answer with a status; any other fault cuts it.
    """

    def __init__(self, proxy: FaultProxy, **_uvicorns: object) -> None:
        self._proxy = proxy
        self._held = b""
        self._note = Note()
        self._opening: asyncio.Task[None] | None = None
        self._upstream: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client's connection."""
        self._client = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """The request, and later what the client sends."""
        if self._upstream is not None:
            self._upstream.write(data)
            return
        self._held += data
        self._opening = self._opening or asyncio.create_task(self._open())

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        if self._opening is not None:
            self._opening.cancel()
        if self._upstream is not None:
            self._upstream.close()
            self._note.ended(HTTPStatus.SWITCHING_PROTOCOLS, Fault())

    async def _open(self) -> None:
        path = self._held.split(b" ", 2)[1].decode()
        strike, self._note = await self._proxy.judge("GET", path, b"")
        fault = strike.fault
        await asyncio.sleep(fault.delay)
        if fault.status:
            head = f"HTTP/1.1 {fault.status} {HTTPStatus(fault.status).phrase}\r\n"
            self._client.write(f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
            self._note.ended(fault.status, fault)
            self._client.close()
            return
        try:
            if self._proxy.upstream is None or Fault(delay=fault.delay) != fault:
                raise ConnectionAbortedError
            back = lambda: _Back(self._client)  # noqa: E731
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(back, *self._proxy.upstream)
        except OSError:
            self._note.broke(fault)
            self._client.abort()
            return
        self._note.began(HTTPStatus.SWITCHING_PROTOCOLS)
        transport.write(self._held)
        self._upstream = transport


class _Back(asyncio.Protocol):
    """What the upstream sends."""

    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.close()
