"""The fault proxy in front of a small server: forwarding, faults, listening."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from sandbox.fault_proxy import FaultProxy
from sandbox.faults import (
    Fault,
    Garbled,
    drop_after,
    drop_before,
    garbled,
    hangs,
    rate_limited,
    says,
    secondary_limit,
    slow,
)
from sandbox.own_words import System
from sandbox.rules import on_request
from tests.support.waiting import wait_until


class Upstream(ThreadingHTTPServer):
    """Records requests and their connections; `/watch` streams `lines`."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.effects: list[str] = []
        self.peers: set[Any] = set()
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.left = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self.server_address[1])

    def end(self) -> None:
        """Stop as a killed process does, and close all connections."""
        self.shutdown()
        self.server_close()
        for connection in list(_Handler.open):
            connection.close_both()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Upstream
    open: ClassVar[set[_Handler]] = set()

    def setup(self) -> None:
        super().setup()
        self.open.add(self)

    def finish(self) -> None:
        self.open.discard(self)
        super().finish()

    def close_both(self) -> None:
        with suppress(OSError):  # closed already
            self.connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.effects.append(f"{self.command} {self.path} {body.decode()}".strip())
        self.server.peers.add(self.client_address)
        if self.path == "/watch":
            self._watch()
            return
        content = json.dumps({"path": self.path, "got": body.decode()}).encode()
        self.send_response(201 if self.command == "POST" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Real", "yes")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815

    def _watch(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            try:
                line = self.server.lines.get(timeout=0.05)
            except queue.Empty:
                if not self._client_is_there():
                    self.server.left.set()
                    return
                continue
            self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            if not line:
                return

    def _client_is_there(self) -> bool:
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.end()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    with FaultProxy(upstream.address) as made:
        yield made


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=10) as made:
        yield made


def test_it_changes_nothing(upstream: Upstream, client: httpx.Client) -> None:
    answer = client.post("/a?b=c", json={"d": 1})
    assert (answer.status_code, answer.headers["X-Real"]) == (201, "yes")
    assert answer.json() == {"path": "/a?b=c", "got": '{"d":1}'}
    assert client.head("/a").status_code == 200
    assert client.request("DELETE", "/a", content=b"").json()["got"] == ""
    chunked = client.post("/a", content=iter([b"in ", b"pieces"]))
    assert chunked.json()["got"] == "in pieces"
    assert upstream.effects == ['POST /a?b=c {"d":1}', "HEAD /a", "DELETE /a", "POST /a in pieces"]


def test_connections_are_kept(upstream: Upstream, proxy: FaultProxy) -> None:
    link = http.client.HTTPConnection(*proxy.address, timeout=10)
    link.connect()
    first = link.sock.getsockname()
    for _ in range(5):
        link.request("GET", "/a")
        link.getresponse().read()
        assert link.sock.getsockname() == first
    link.close()
    # A request may arrive before the previous request's connection is free.
    assert len(upstream.peers) <= 2
    assert proxy.count("GET", "/a") == 5


def test_it_does_not_wait_for_the_client_to_hear_the_head_first(client: httpx.Client) -> None:
    """Head and body are sent separately; Nagle's algorithm would add 40 ms."""
    client.get("/a")
    took = []
    for _ in range(20):
        began = time.perf_counter()
        client.get("/a")
        took.append(time.perf_counter() - began)
    assert min(took) < 0.03


def test_a_stream_comes_as_it_is_sent_and_ends_with_the_client(
    upstream: Upstream, client: httpx.Client
) -> None:
    with client.stream("GET", "/watch") as answer:
        pieces = answer.iter_raw()
        for line in (b"one\n", b"two\n"):
            upstream.lines.put(line)
            assert next(pieces) == line
        assert not upstream.left.is_set()
    assert upstream.left.wait(10)


def test_a_stream_that_ends_leaves_the_connection_usable(
    upstream: Upstream, proxy: FaultProxy, client: httpx.Client
) -> None:
    for line in (b"one\n", b""):
        upstream.lines.put(line)
    assert client.get("/watch").text == "one\n"
    assert client.get("/a").json()["path"] == "/a"
    assert len(upstream.peers) == 1


@pytest.mark.parametrize(("fault", "effects"), [(drop_before(), 0), (drop_after(), 1)])
def test_a_connection_breaks_before_or_after_the_effect(
    upstream: Upstream, proxy: FaultProxy, client: httpx.Client, fault: Fault, effects: int
) -> None:
    proxy.faults = [on_request("POST", "/a", fault, times=1)]
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/a")
    assert len(upstream.effects) == effects
    assert client.post("/a").status_code == 201


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize(
    ("system", "said"),
    [
        (System.GITHUB, {"message": "Forbidden"}),
        (System.HUB, {"status": 403, "message": "Forbidden"}),
        (System.CLUSTER, {"kind": "Status", "code": 403, "reason": "Forbidden"}),
    ],
)
def test_a_status_is_said_in_the_words_of_the_system(
    upstream: Upstream, system: System, said: dict[str, Any], effect: bool
) -> None:
    with FaultProxy(upstream.address, system=system) as proxy:
        proxy.faults = [on_request("*", "/", says(403, effect=effect))]
        answer = httpx.patch(f"{proxy.url}/a")
        assert answer.status_code == 403
        assert answer.json().items() >= said.items()
        assert len(upstream.effects) == effect


def test_limits_say_how_long_to_wait(proxy: FaultProxy, client: httpx.Client) -> None:
    proxy.faults = [
        on_request("POST", "/", rate_limited(7), numbers=(1,)),
        on_request("POST", "/", secondary_limit(60)),
    ]
    first, second = client.post("/a"), client.post("/a")
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert (second.status_code, second.headers["Retry-After"]) == (403, "60")
    assert "secondary rate limit" in second.json()["message"]


def test_bodies_that_no_client_can_read(
    upstream: Upstream, proxy: FaultProxy, client: httpx.Client
) -> None:
    proxy.faults = [
        on_request("GET", "/", garbled(how), numbers=(number,))
        for number, how in enumerate(Garbled, start=1)
    ]
    html, truncated, empty, another = (client.get("/a") for _ in Garbled)
    assert html.status_code == 200 and html.headers["Content-Type"] == "text/html"
    assert json.dumps({"path": "/a", "got": ""}).startswith(truncated.text) and truncated.text
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        truncated.json()
    assert empty.text == ""
    assert isinstance(another.json(), list)
    assert len(upstream.effects) == 4
    proxy.faults = [on_request("GET", "/", says(502) + garbled(Garbled.HTML, effect=False))]
    assert (client.get("/a").status_code, len(upstream.effects)) == (502, 4)
    assert client.head("/a").text == ""


@pytest.mark.parametrize("effect", [False, True])
def test_a_call_hangs_until_the_caller_has_had_enough(
    upstream: Upstream, proxy: FaultProxy, client: httpx.Client, effect: bool
) -> None:
    proxy.faults = [on_request("POST", "/a", hangs(effect=effect), times=1)]
    with pytest.raises(httpx.ReadTimeout):
        client.post("/a", timeout=0.3)
    wait_until(lambda: len(upstream.effects) == effect, "the effect")
    assert client.post("/a").status_code == 201
    assert len(upstream.effects) == effect + 1


def test_a_call_hangs_until_all_is_healed(proxy: FaultProxy, client: httpx.Client) -> None:
    proxy.faults = [on_request("POST", "/a", hangs())]
    ended: list[BaseException] = []

    def call() -> None:
        try:
            client.post("/a")
        except httpx.RemoteProtocolError as error:
            ended.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    wait_until(lambda: proxy.faults.standing()[0].struck, "the call")
    assert caller.is_alive()
    proxy.faults = []
    caller.join(10)
    assert len(ended) == 1


def test_what_is_slow_takes_effect_though_nobody_waits(
    upstream: Upstream, proxy: FaultProxy, client: httpx.Client
) -> None:
    proxy.faults = [on_request("POST", "/a", slow(2), times=1)]
    with pytest.raises(httpx.ReadTimeout):
        client.post("/a", timeout=0.1)
    assert upstream.effects == []
    wait_until(lambda: upstream.effects == ["POST /a"], "the effect")


def test_it_refuses_clients_while_its_upstream_does(proxy: FaultProxy, upstream: Upstream) -> None:
    port = upstream.address[1]
    kept = httpx.Client(base_url=proxy.url)
    assert kept.get("/a").status_code == 200
    upstream.end()
    wait_until(lambda: not proxy.listening, "the proxy to notice")
    for _ in range(2):
        with pytest.raises(httpx.ConnectError):
            kept.get("/a")
    again = Upstream(port)
    wait_until(lambda: proxy.listening, "the proxy to come back")
    assert kept.get("/a").status_code == 200
    kept.close()
    again.end()


def test_a_process_that_is_being_forked_does_not_end_it(
    proxy: FaultProxy, upstream: Upstream
) -> None:
    """Between fork and exec, a child holds the proxy's listening socket and port."""
    listening = proxy._server._socket
    assert listening is not None
    forked = listening.dup()
    port = upstream.address[1]
    upstream.end()
    wait_until(lambda: not proxy.listening, "the proxy to notice")
    again = Upstream(port)
    forked.close()
    wait_until(lambda: proxy.listening, "the proxy to come back")
    assert httpx.get(f"{proxy.url}/a").status_code == 200
    again.end()


def test_without_an_upstream_it_refuses_until_there_is_one(upstream: Upstream) -> None:
    with FaultProxy() as proxy:
        with pytest.raises(httpx.ConnectError):
            httpx.get(proxy.url)
        proxy.upstream = upstream.address
        assert httpx.get(proxy.url).status_code == 200
        proxy.upstream = None
        with pytest.raises(httpx.ConnectError):
            httpx.get(proxy.url)


def test_its_port_is_free_when_it_ends(
    upstream: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client() as client, FaultProxy(upstream.address) as proxy:
        client.get(proxy.url)
        port = proxy.address[1]
    with FaultProxy(upstream.address, port=port) as again:
        assert httpx.get(again.url).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
