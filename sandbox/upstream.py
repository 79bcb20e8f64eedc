"""A connection of the fault proxy to its upstream, as a client that changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import h11

_CHUNK = 65_536


class UpstreamGone(Exception):
    """The upstream does not answer, or speaks no HTTP."""


class Upstream:
    """One connection, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._http = h11.Connection(h11.CLIENT)
        self._reader = reader
        self._writer = writer

    @property
    def is_closed(self) -> bool:
        """Whether the upstream has ended the connection."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def ask(
        self, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> h11.Response:
        """Send a request; the head of the answer. Raises UpstreamGone."""
        if body and b"content-length" not in {name.lower() for name, _ in headers}:
            headers = [*headers, (b"Content-Length", b"%d" % len(body))]
        request = h11.Request(method=method, target=target, headers=headers)
        events = [request, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        try:
            self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
            await self._writer.drain()
        except OSError as error:
            raise UpstreamGone from error
        while isinstance(event := await self._event(), h11.InformationalResponse):
            pass
        if not isinstance(event, h11.Response):
            raise UpstreamGone
        return event

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body of the answer as it comes. Raises UpstreamGone."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise UpstreamGone

    def next_request(self) -> bool:
        """Make ready for another request; false where the connection has to end."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return not self.is_closed
        return False

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()

    async def _event(self) -> Any:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_CHUNK))
        except (OSError, h11.RemoteProtocolError) as error:
            raise UpstreamGone from error
        return event
