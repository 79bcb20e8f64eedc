"""A Socket Mode server that does only what a test tells it, for exact moments and bursts."""

from __future__ import annotations

import asyncio
import json
import ssl
import struct
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.stub import Answer, Asked, stub
from tests.support.waiting import wait_until

SECONDS = 30


@dataclass(kw_only=True, eq=False)
class ServedSocket:
    """The server's side of one connection, with the ids that were acknowledged on it, in order."""

    connection: ServerConnection
    loop: asyncio.AbstractEventLoop
    acked: list[str] = field(default_factory=list)
    acked_with: dict[str, Any] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def hello(self, connections: int = 1) -> None:
        """Greet the client."""
        self.send({"type": "hello", "num_connections": connections})

    def disconnect(self, reason: str) -> None:
        """Announce the end, without ending."""
        self.send({"type": "disconnect", "reason": reason})

    def send(self, *messages: dict[str, Any]) -> None:
        """Send messages in one piece."""
        data = b"".join(_frame(json.dumps(each).encode()) for each in messages)
        self.loop.call_soon_threadsafe(self.connection.transport.write, data)

    def close(self) -> None:
        """Close as Slack does, and wait for the client's answer."""
        self._do(self.connection.close())

    def cut(self) -> None:
        """Break the connection without a word."""
        self.loop.call_soon_threadsafe(self.connection.transport.abort)

    def stop_reading(self) -> None:
        """Answer nothing more, not even a ping."""
        self.loop.call_soon_threadsafe(self.connection.transport.pause_reading)

    def _do(self, what: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(what, self.loop).result(SECONDS)


@dataclass(kw_only=True)
class ScriptedSocket:
    """The server: where its Web API is, and the connections to it so far, the first one first."""

    api_url: str = ""
    sockets: list[ServedSocket] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    """The next answers to the request for a connection, before the usual ones."""

    def socket(self, number: int = 1) -> ServedSocket:
        """The ``number``-th connection, once the client has opened it."""
        wait_until(lambda: len(self.sockets) >= number, f"connection {number}", timeout=SECONDS)
        return self.sockets[number - 1]


@contextmanager
def scripted_socket(tls: ssl.SSLContext | None = None) -> Iterator[ScriptedSocket]:
    """Serve on 127.0.0.1, the connections over TLS if a context is given."""
    made = ScriptedSocket()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve_one(connection: ServerConnection) -> None:
        served = ServedSocket(connection=connection, loop=loop)
        made.sockets.append(served)
        try:
            async for text in connection:
                answer = json.loads(text)
                served.acked.append(answer["envelope_id"])
                served.acked_with[answer["envelope_id"]] = answer.get("payload")
        except ConnectionClosed:
            pass
        finally:
            served.ended.set()

    async def begin() -> Any:
        return await serve(
            serve_one,
            "127.0.0.1",
            0,
            ssl=tls,
            ping_interval=None,
            compression=None,
            close_timeout=5,
        )

    async def finish() -> None:
        server.close(close_connections=False)
        for served in made.sockets:
            served.connection.transport.abort()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(SECONDS)
    port = next(iter(server.sockets)).getsockname()[1]
    scheme = "ws" if tls is None else "wss"

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("apps.connections.open"):
            if made.answers:
                return made.answers.pop(0)
            return Answer(body={"ok": True, "url": f"{scheme}://127.0.0.1:{port}/link"})
        return Answer(body={"ok": True, "user_id": "U0BOT", "bot_id": "B0BOT", "team_id": "T0"})

    try:
        with stub(answer) as web:
            made.api_url = f"{web.url}/api/"
            yield made
    finally:
        asyncio.run_coroutine_threadsafe(finish(), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()


def said(numbers: Sequence[int], *, copy: str = "") -> list[dict[str, Any]]:
    """Envelopes of message events with these numbers; a copy has another envelope id."""
    return [
        {
            "type": "events_api",
            "envelope_id": f"e{number}{copy}",
            "accepts_response_payload": False,
            "payload": {
                "type": "event_callback",
                "event_id": f"Ev{number}",
                "team_id": "T0",
                "event": {"type": "message", "channel": "C1", "user": "U1", "text": f"né {number}"},
            },
        }
        for number in numbers
    ]


def command(text: str = "note x") -> dict[str, Any]:
    """The envelope of a slash command; its id is its text."""
    payload = {"command": "/incident", "text": text, "team_id": "T0", "user_id": "U1"}
    return {
        "type": "slash_commands",
        "envelope_id": text,
        "accepts_response_payload": True,
        "payload": {**payload, "channel_id": "C1", "trigger_id": text},
    }


def _frame(data: bytes) -> bytes:
    """A WebSocket text frame from a server."""
    if len(data) < 126:
        return bytes((0x81, len(data))) + data
    return b"\x81\x7e" + struct.pack("!H", len(data)) + data
