"""A loopback HTTP proxy that loses things on purpose: requests, answers, or both in a chosen order."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Fault(StrEnum):
    """What goes wrong with a request."""

    DROP_BEFORE = "drop before"  # it never reaches the upstream
    DROP_AFTER = "drop after"  # it takes effect, the answer is lost
    BAD_GATEWAY_AFTER = "502 after"  # it takes effect, the answer says 502
    DELAY = "delay"  # it reaches the upstream late


@dataclass(kw_only=True)
class Rule:
    """Do ``fault`` to the ``nth`` request that matches, and to the ``times - 1`` after it.

    ``method`` and ``path`` are regular expressions, matched whole and from the start; ``seconds`` is
    how long a delay lasts. ``seen`` counts the matching requests.
    """

    fault: Fault
    method: str = ".*"
    path: str = "/"
    nth: int = 1
    times: int = 1
    seconds: float = 0.2
    seen: int = field(default=0, init=False)

    def strikes(self, method: str, path: str) -> bool:
        """Count a request; whether this one is hit."""
        if not (re.fullmatch(self.method, method) and re.match(self.path, path)):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class FaultProxy:
    """Stands before ``upstream``, a host and a port, which may be set after the proxy has started."""

    def __init__(self, upstream: tuple[str, int] | None = None) -> None:
        self.upstream = upstream
        self.requests: list[tuple[str, str]] = []
        self._rules: list[Rule] = []
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """The proxy's own address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, rule: Rule) -> Rule:
        """Have something go wrong from now on."""
        with self._guard:
            self._rules.append(rule)
        return rule

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        with self._guard:
            self._rules.clear()

    def count(self, method: str, path: str = "/") -> int:
        """How many requests came with this method to a path that begins so, hit or not."""
        with self._guard:
            return sum(m == method and bool(re.match(path, p)) for m, p in self.requests)

    def strike(self, method: str, path: str) -> Rule | None:
        """Note a request; the rule that hits it."""
        with self._guard:
            self.requests.append((method, path))
            hits = [rule for rule in self._rules if rule.strikes(method, path)]
        return hits[0] if hits else None

    def wait(self, seconds: float) -> None:
        """Let time pass, but not beyond the proxy's own end."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """Stop listening."""
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> FaultProxy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Handler(BaseHTTPRequestHandler):
    proxy: ClassVar[FaultProxy]

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        rule = self.proxy.strike(self.command, self.path)
        fault = rule.fault if rule else None
        if rule and fault is Fault.DELAY:
            self.proxy.wait(rule.seconds)
        if fault is Fault.DROP_BEFORE:
            self._hang_up()
            return
        status, headers, content = self._forward(body)
        if fault is Fault.DROP_AFTER:
            self._hang_up()
            return
        if fault is Fault.BAD_GATEWAY_AFTER:
            status, headers, content = 502, [("Content-Type", "text/html")], b"<h1>Bad gateway</h1>"
        self.send_response_only(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self.proxy.upstream is None:
            return 503, [], b"no upstream yet"
        link = http.client.HTTPConnection(*self.proxy.upstream, timeout=30)
        kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
        try:
            link.request(self.command, self.path, body=body, headers=kept)
            answer = link.getresponse()
            headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
            return answer.status, headers, answer.read()
        finally:
            link.close()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing; ``FaultProxy.requests`` is the log."""
