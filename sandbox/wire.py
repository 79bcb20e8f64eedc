"""One end of an HTTP/1.1 connection: bytes of a stream as h11's events, and back."""

from __future__ import annotations

import asyncio
from typing import Any

import h11

_CHUNK = 65_536


class WireGone(Exception):
    """The other side has gone, or speaks no HTTP."""


class Wire:
    """A connection in the role of a server or a client."""

    def __init__(
        self,
        role: type[h11.CLIENT] | type[h11.SERVER],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._http = h11.Connection(role)
        self._reader = reader
        self._writer = writer

    @property
    def is_closed(self) -> bool:
        """Whether the other side has said that nothing more comes."""
        return self._reader.at_eof() or self._writer.is_closing()

    def at_hand(self) -> Any:
        """The next event if it is here already, h11.NEED_DATA or h11.PAUSED otherwise."""
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise WireGone from error

    async def event(self) -> Any:
        """The next event. Raises WireGone."""
        while (event := self.at_hand()) is h11.NEED_DATA:
            try:
                self._http.receive_data(await self._reader.read(_CHUNK))
            except (OSError, h11.RemoteProtocolError) as error:
                raise WireGone from error
        return event

    async def body(self) -> bytes:
        """What is left of the message. Raises WireGone when it breaks off."""
        parts: list[bytes] = []
        while not isinstance(event := await self.event(), h11.EndOfMessage):
            if not isinstance(event, h11.Data):
                raise WireGone
            parts.append(bytes(event.data))
        return b"".join(parts)

    async def send(self, *events: h11.Event) -> None:
        """Send these at once. Raises WireGone."""
        try:
            self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
            await self._writer.drain()
        except OSError as error:
            raise WireGone from error

    async def until_gone(self) -> None:
        """Return when the other side has gone; what it sends meanwhile is kept for later."""
        try:
            while data := await self._reader.read(_CHUNK):
                self._http.receive_data(data)
        except OSError:
            pass  # Reset: gone as well.

    def next_message(self) -> bool:
        """Make ready for another message on the same connection; false where there is to be none."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return True
        return False

    def close(self) -> None:
        """End the connection when everything is sent."""
        self._writer.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()
