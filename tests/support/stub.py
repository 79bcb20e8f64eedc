"""A scripted HTTP server, for faults that a healthy system does not show."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A received request; header names are lowercase. ``body`` is read from JSON or a form."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer. ``hang`` delays it until the test ends, ``drop`` sends none.

    ``drip`` sends a header, or the body (``"body"``), byte by byte without end.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hang: bool = False
    drop: bool = False
    drip: Literal["", "header", "body"] = ""


@dataclass(kw_only=True)
class Stub:
    """A running stub: its address and its requests."""

    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def stub(answer: Callable[[Asked], Answer], *, tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """Serve ``answer`` on a free loopback port, over HTTPS if a context is given."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            address = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            asked = Asked(
                method=self.command,
                path=address.path,
                query={key: values[0] for key, values in parse_qs(address.query).items()},
                headers={key.lower(): value for key, value in self.headers.items()},
                body=_read(raw),
            )
            running.asked.append(asked)
            given = answer(asked)
            if given.hang:
                over.wait(30)
            if given.drop or given.hang:
                self.close_connection = True
                return
            if given.drip:
                self.close_connection = True
                self.drip(given)
                return
            text = given.body if isinstance(given.body, str) else json.dumps(given.body)
            send = self.send_response_only if "Date" in given.headers else self.send_response
            send(given.status)
            self.send_header("Content-Type", "application/json")
            for key, value in given.headers.items():
                self.send_header(key, value)
            data = b"" if given.body is None else text.encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def drip(self, given: Answer) -> None:
            begin = f"HTTP/1.1 {given.status} OK\r\nX-Drip: "
            if given.drip == "body":
                begin = f"HTTP/1.1 {given.status} OK\r\nContent-Length: 100000\r\n\r\n"
            with contextlib.suppress(OSError):
                self.wfile.write(begin.encode())
                while not over.wait(0.05):
                    self.wfile.write(b"x")

        do_GET = do_POST = do_DELETE = do_PATCH = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Write no access log."""

    class Server(ThreadingHTTPServer):
        def finish_request(self, request: Any, client_address: Any) -> None:
            if tls is None:
                super().finish_request(request, client_address)
                return
            # In the connection's thread: a rejected certificate ends only that.
            with tls.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore clients that disconnect, as some tests require."""
            if not isinstance(sys.exception(), OSError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    scheme = "http" if tls is None else "https"
    running = Stub(url=f"{scheme}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield running
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _read(raw: bytes) -> Any:
    """The JSON of a body, or its form."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return dict(parse_qsl(raw.decode()))


@contextmanager
def nobody_there() -> Iterator[str]:
    """An address that is reserved and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
