"""Websockets through the fault proxy."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

import pytest
import websocket
from websockets.sync.server import ServerConnection, serve

from sandbox.fault_proxy import FaultProxy
from sandbox.faults import drop_before, says, slow
from sandbox.own_words import System
from sandbox.rules import on_request


@pytest.fixture
def echo() -> Iterator[FaultProxy]:
    """A fault proxy in front of a websocket that says what it hears."""

    def repeat(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(repeat, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with FaultProxy(server.socket.getsockname(), system=System.PROXY) as made:
            yield made
        server.shutdown()


def test_a_websocket_passes(echo: FaultProxy) -> None:
    echo.faults = [on_request("GET", "/channels", slow(0.01))]
    channel = websocket.create_connection(f"ws{echo.url[4:]}/channels?a=b", timeout=5)
    for said in ("one", "two" * 50_000):
        channel.send(said)
        assert channel.recv() == said
    echo.faults.clear()
    channel.close()
    assert echo.requests == deque([("GET", "/channels?a=b")])


def test_a_websocket_meets_faults(echo: FaultProxy) -> None:
    echo.faults = [on_request("GET", "/channels", says(503))]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        websocket.create_connection(f"ws{echo.url[4:]}/channels", timeout=5)
    assert refused.value.status_code == 503
    echo.faults = [on_request("GET", "/channels", drop_before())]
    with pytest.raises((websocket.WebSocketException, OSError)):
        websocket.create_connection(f"ws{echo.url[4:]}/channels", timeout=5)


def test_a_websocket_ends_with_the_proxy(echo: FaultProxy) -> None:
    channel = websocket.create_connection(f"ws{echo.url[4:]}/channels", timeout=5)
    channel.send("one")
    assert channel.recv() == "one"
    echo.stop()
    with pytest.raises((websocket.WebSocketException, OSError)):
        channel.recv()
