"""Whoever reaches the port can take neither memory nor the health checks away, whatever they send."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.web import health, limits
from bot.web.limits import MOST_BYTES, MOST_CONNECTIONS, TOO_LARGE
from bot.web.server import Server
from tests.support.waiting import wait_until

MIB = 1 << 20
HUGE = 400 * MIB
MOST_GROWTH = 50 * MIB
LARGE = 32 * MIB
HALF_OPEN = 1000
WELL = b'{"ok":true,"wrong":{}}'

CHUNK = b"x" * (64 << 10)
HEAD = b"POST /sink HTTP/1.1\r\nHost: x\r\n"
HALF_A_HEAD = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: "


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of health checks and of a route that reads what it gets."""

    async def sink(request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def large(_request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(LARGE // len(CHUNK)):
                yield CHUNK

        return StreamingResponse(parts())

    routes = health.routes(live={"clock": lambda: ""}, ready={"database": lambda: ""})
    others = [Route("/sink", sink, methods=["POST"]), Route("/large", large)]
    made = Server([*routes, *others], host="127.0.0.1", port=0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[[], socket.socket]]:
    """Open connections that are closed at the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            socket.create_connection(("127.0.0.1", server.port), timeout=20)
        )


Connect = Callable[[], socket.socket]


def memory() -> int:
    """Bytes of memory that this process uses."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def is_well(server: Server) -> None:
    """Both health checks answer within a second."""
    for path in ("/livez", "/readyz"):
        answer = httpx.get(f"http://127.0.0.1:{server.port}{path}", timeout=1)
        assert (answer.status_code, answer.content) == (200, WELL)


def is_closed(connection: socket.socket) -> bool:
    """Whether the server has closed a connection from which there is nothing to read."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def received(connection: socket.socket) -> bytes:
    """What the server sends until it closes the connection."""
    found = b""
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            found += part
    return found


@pytest.mark.parametrize("path", [b"/sink", b"/livez", b"/nothing"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_body_that_is_too_large_is_not_read(
    server: Server, connect: Connect, path: bytes, chunked: bool
) -> None:
    before, connection, sent = memory(), connect(), 0
    head = b"transfer-encoding: chunked" if chunked else b"content-length: %d" % HUGE
    part = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK) if chunked else CHUNK
    connection.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (path, head))
    with suppress(ConnectionError):
        while sent < HUGE:
            connection.sendall(part)
            sent += len(CHUNK)
            assert memory() - before < MOST_GROWTH
    assert sent < HUGE / 4  # the rest was refused
    is_well(server)
    assert memory() - before < MOST_GROWTH


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_the_limit_is_exact_and_the_refusal_says_why(server: Server, chunked: bool) -> None:
    def post(size: int) -> httpx.Response:
        body = b"x" * size
        content = iter([body[: size // 2], body[size // 2 :]]) if chunked else body
        return httpx.post(f"http://127.0.0.1:{server.port}/sink", content=content)

    assert post(MOST_BYTES).text == str(MOST_BYTES)
    refused = post(MOST_BYTES + 1)
    assert (refused.status_code, refused.text) == (413, TOO_LARGE)
    assert refused.headers["connection"] == "close"


def test_half_open_connections_take_nothing_away(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them stop in the middle of a header, half go on with one byte a second."""
    monkeypatch.setattr(limits, "READ_SECONDS", 4.0)
    before, stopped = memory(), threading.Event()
    opened: list[socket.socket] = []

    def trickle() -> None:
        while not stopped.wait(1.0):
            for connection in opened[::2]:
                with suppress(OSError):
                    connection.send(b"x")

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        for number in range(HALF_OPEN):
            opened.append(connect())
            opened[-1].sendall(HALF_A_HEAD)
            if number % 100 == 0:
                is_well(server)
        is_well(server)
        assert memory() - before < MOST_GROWTH
        assert server.connections <= MOST_CONNECTIONS
        wait_until(lambda: all(map(is_closed, opened)), "the end of all connections", timeout=20)
    finally:
        stopped.set()
        thread.join()
    is_well(server)


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST", HALF_A_HEAD, HEAD + b"content-length: 9\r\n\r\nabc", b"GET /livez HTTP/1.1\r\n"],
)
def test_a_request_has_a_time_to_arrive(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(limits, "READ_SECONDS", 0.5)
    connection, began = connect(), time.monotonic()
    connection.sendall(sent)
    assert received(connection) == b""
    assert 0.3 < time.monotonic() - began < 10


def test_an_answer_has_a_time_to_be_read(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SERVE_SECONDS", 0.5)
    connection = connect()
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(12) == b"HTTP/1.1 200"
    wait_until(lambda: not server.connections, "the end of the connection", timeout=10)
    assert len(received(connection)) < LARGE


def test_what_is_served_may_take_longer_than_to_arrive(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request on the same connection, too."""
    monkeypatch.setattr(limits, "READ_SECONDS", 0.3)

    async def slow(_request: Request) -> Response:
        await asyncio.sleep(0.6)
        return PlainTextResponse("done")

    made = Server([Route("/slow", slow)], host="127.0.0.1", port=0)
    made.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{made.port}") as client:
            assert [client.get("/slow").text for _ in range(2)] == ["done", "done"]
    finally:
        made.stop()


def test_idle_connections_give_way_to_new_ones(server: Server, connect: Connect) -> None:
    idle = [connect() for _ in range(MOST_CONNECTIONS)]
    for connection in idle:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    is_well(server)
    wait_until(lambda: is_closed(idle[0]), "the end of the one that is idle for longest")
    assert not is_closed(idle[-1])
