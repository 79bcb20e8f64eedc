"""Socket Mode: delivers over WebSocket, as Slack does for an app without a URL."""

import asyncio
import json
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.own_words import System
from sandbox.slack.deliveries import Delivery, DeliveryKind, Receipt
from sandbox.slack.values import Json
from sandbox.slack.workspace import Workspace
from sandbox.traffic import Mood, Traffic, Way

_MOST_SOCKETS = 10
_MOST_BYTES = 20_480
"""The most bytes of a frame from the app."""
_TOO_LARGE = "frame_too_large"
_LOOK_AGAIN = 0.02
_GOODBYE_SECONDS = 1.0
_WARNING_SECONDS = 10.0
_CLOSE = object()


@dataclass(kw_only=True, eq=False)
class _Connection:
    """An open socket with its queued and unacknowledged envelopes."""

    queue: asyncio.Queue[object] = field(default_factory=asyncio.Queue)
    waiting: dict[str, asyncio.Future[Receipt]] = field(default_factory=dict)
    peer: tuple[str, int] = ("", 0)
    silent: bool = False
    reason: str = "connection_failed"
    writer: asyncio.Task[None] | None = None


class SocketMode:
    """All open sockets of the app; each delivery goes to exactly one of them, in turn."""

    def __init__(self, workspace: Workspace, traffic: Traffic) -> None:
        self._workspace = workspace
        self._traffic = traffic
        self._connections: list[_Connection] = []
        self._tickets: set[str] = set()
        self._turn = 0

    @property
    def available(self) -> bool:
        return bool(self._connections)

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return len(self._connections)

    def new_ticket(self) -> str:
        """Returns a ticket for one connection, for the URL of apps.connections.open."""
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    async def send(self, delivery: Delivery, ack_seconds: float) -> Receipt:
        """Put the envelope on the next socket and wait for its acknowledgement.

        It is sent again where the socket was closed because of a frame that is too large.
        """
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "payload": delivery.payload,
            "type": delivery.kind.value,
            "accepts_response_payload": delivery.kind is not DeliveryKind.EVENT,
        }
        if delivery.kind is DeliveryKind.EVENT:
            envelope |= {"retry_attempt": delivery.attempt, "retry_reason": delivery.reason}
        try:
            async with asyncio.timeout(ack_seconds):
                while (receipt := await self._send(envelope)).reason == _TOO_LARGE:
                    while not self._connections:
                        await asyncio.sleep(_LOOK_AGAIN)
                return receipt
        except TimeoutError:
            return Receipt(reached=True, acked=False, reason="timeout")

    async def _send(self, envelope: Json) -> Receipt:
        self._turn += 1
        connection = self._connections[self._turn % len(self._connections)]
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope["envelope_id"]] = answer
        if not connection.silent:
            connection.queue.put_nowait(json.dumps(envelope))
        try:
            return await answer
        finally:
            connection.waiting.pop(envelope["envelope_id"], None)

    async def serve(self, websocket: WebSocket) -> None:
        """The endpoint behind the URL of apps.connections.open."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close()
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        if len(self._connections) >= _MOST_SOCKETS:
            self._trace("disconnect", "too_many_websockets", Mood.BAD)
            await websocket.send_text(json.dumps(_goodbye("too_many_websockets")))
            await websocket.close()
            return
        connection = _Connection(
            peer=(websocket.client.host, websocket.client.port) if websocket.client else ("", 0)
        )
        self._connections.append(connection)
        self._trace("connect", f"{len(self._connections)} open", Mood.GOOD)
        connection.queue.put_nowait(json.dumps(self._hello()))
        writer = asyncio.create_task(self._write(websocket, connection))
        connection.writer = writer
        self._workspace.touch()
        try:
            async for text in websocket.iter_text():
                if len(text.encode()) > _MOST_BYTES:
                    connection.reason = _TOO_LARGE
                    await websocket.close(1009)
                    break
                self._acknowledge(connection, text)
        except (WebSocketDisconnect, RuntimeError):
            pass  # The client disconnected; its pending envelopes are unacknowledged.
        finally:
            writer.cancel()
            self._forget(connection)

    async def disconnect_all(self, reason: str | None) -> None:
        """Ask each client to disconnect (it may reconnect), then close: after a warning, later.

        Without a reason, the sockets only close.
        """
        leaving = list(self._connections)
        if leaving:
            self._trace("disconnect", reason or "without a word", Mood.BAD)
        for connection in leaving:
            if reason is not None:
                connection.queue.put_nowait(json.dumps(_goodbye(reason)))
        if reason == "warning":
            asyncio.get_running_loop().call_later(_WARNING_SECONDS, self._close, leaving)
            return
        self._close(leaving)
        writers = [connection.writer for connection in leaving if connection.writer is not None]
        if writers:
            await asyncio.wait(writers, timeout=_GOODBYE_SECONDS)

    def _close(self, leaving: list[_Connection]) -> None:
        for connection in leaving:
            connection.queue.put_nowait(_CLOSE)
            self._forget(connection)

    def silence_all(self) -> list[tuple[str, int]]:
        """Stop sending on the open sockets, keep them open; returns the clients' addresses.

        Deliveries still go to these sockets, as in Slack while a socket seems open.
        """
        self._trace("silence", "dead, and looks alive", Mood.BAD)
        for connection in self._connections:
            connection.silent = True
        return self.peers()

    def peers(self) -> list[tuple[str, int]]:
        """The addresses of the clients of all open sockets."""
        return [connection.peer for connection in self._connections]

    def _trace(self, name: str, outcome: str, mood: Mood) -> None:
        entry = self._traffic.begin(System.SLACK, Way.SOCKET, name)
        self._traffic.say(entry, outcome, mood)

    def _forget(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._trace("close", f"{len(self._connections)} open", Mood.GOOD)
        for answer in connection.waiting.values():
            if not answer.done():
                answer.set_result(Receipt(reached=True, acked=False, reason=connection.reason))
        self._workspace.touch()

    async def _write(self, websocket: WebSocket, connection: _Connection) -> None:
        while True:
            item = await connection.queue.get()
            try:
                if item is _CLOSE:
                    await websocket.close()
                    return
                await websocket.send_text(str(item))
            except (WebSocketDisconnect, RuntimeError):
                return  # The client closed it; the reader removes the connection.

    def _acknowledge(self, connection: _Connection, text: str) -> None:
        with suppress(ValueError, AttributeError):  # anything else is no acknowledgement
            message = json.loads(text)
            answer = connection.waiting.get(str(message.get("envelope_id")))
            response = message.get("payload")
            response = response if isinstance(response, dict) else None
            if answer is not None and not answer.done():
                answer.set_result(Receipt(reached=True, acked=True, response=response))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "applink", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._workspace.app.id},
        }


def _goodbye(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}}
