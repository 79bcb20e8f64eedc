"""The HTTP side of the double: threads on loopback, JSON in and out, watches as chunks."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.cluster.errors import StatusError, bad_request
from sandbox.cluster.routes import Request, Response, Routes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body leave in one packet.
    wbufsize = -1
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing: the callers have logs of their own."""

    def handle(self) -> None:
        # A client that goes away in the middle is no event.
        with contextlib.suppress(ConnectionError, TimeoutError, ValueError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            super().finish()

    def _serve(self) -> None:
        try:
            response = self.server.routes.answer(self._request())
        except StatusError as exc:
            response = Response(code=exc.code, json=exc.body())
        if response.stream is not None:
            self._send_stream(response.stream)
        elif response.text is not None:
            self._send(response.code, "text/plain", response.text.encode())
        else:
            self._send(response.code, "application/json", json.dumps(response.json).encode())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _request(self) -> Request:
        split = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else None
        except ValueError as exc:
            raise bad_request(f"the object provided is unrecognized: {exc}") from exc
        return Request(
            method=self.command,
            path=unquote(split.path).rstrip("/") or "/",
            params=dict(parse_qsl(split.query, keep_blank_values=True)),
            authorization=self.headers.get("Authorization") or "",
            content_type=self.headers.get("Content-Type") or "",
            body=body,
        )

    def _send(self, code: int, content_type: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _send_stream(self, stream: Iterator[bytes]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        for line in stream:
            if line:
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                self.wfile.flush()
            elif self._client_gone():
                return
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _client_gone(self) -> bool:
        try:
            head: bytes = self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return head == b""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # A burst of spawns opens many connections at once.
    request_queue_size = 128

    def __init__(self, port: int, routes: Routes) -> None:
        self.routes = routes
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.pop(request, None)

    def hang_up(self) -> None:
        """Close every connection and wait for its thread."""
        with self._guard:
            threads = list(self._open.values())
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join(timeout=5)


class HttpServer:
    """Serves `Routes` on 127.0.0.1 from `start` to `stop`."""

    def __init__(self, routes: Routes, *, port: int) -> None:
        self._listener = _Listener(port, routes)
        self.address = ("127.0.0.1", int(self._listener.server_address[1]))
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self._thread = threading.Thread(
            target=self._listener.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="cluster-http",
            daemon=True,
        )

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting and drop every connection."""
        if self._thread.is_alive():
            self._listener.shutdown()
            self._thread.join(timeout=5)
        self._listener.hang_up()
        self._listener.server_close()
