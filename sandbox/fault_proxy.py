"""A loopback HTTP proxy that applies its rules and otherwise passes all requests on.

It listens while its upstream does: it holds a connection to the upstream. When that ends and no
new one succeeds, clients are refused as without the proxy.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Self

import httpcore

from sandbox.forwarding import Exchange
from sandbox.own_words import System
from sandbox.rules import Breakable, Direction, Faults, Passage, Strike
from sandbox.server import Server
from sandbox.traffic import Note, Traffic
from sandbox.tunnel import Tunnel

Address = tuple[str, int]

_HOST = "127.0.0.1"
_AGAIN = 0.05
"""Seconds between checks of the upstream."""

_REMEMBERED = 5_000


class FaultProxy(Breakable):
    """A proxy for `upstream`, a host and a port, which may be set after the start.

    `system` selects the wording of a refusal if a rule names only a status. `port` 0 takes a free
    one at the start. `traffic`, if set, records every request. Browser requests for pages are
    neither judged nor recorded, unless the proxy serves what `people` use. `page`, if set, gives
    the HTML for the paths that are pages; `on_write` is called after each write, before its
    answer is passed on.
    """

    def __init__(
        self,
        upstream: Address | None = None,
        *,
        system: System = System.GITHUB,
        port: int = 0,
        people: bool = False,
    ) -> None:
        self.system = system
        self.people = people
        self.rules = Faults()
        self.traffic: Traffic | None = None
        self.page: Callable[[str], str | None] | None = None
        self.on_write: Callable[[], None] | None = None
        self.requests: deque[tuple[str, str]] = deque(maxlen=_REMEMBERED)
        self.listening = False
        """Whether clients can probably connect."""
        self._upstream = upstream
        self._port = port
        self._server = Server(port)
        self._ended = threading.Event()
        self._following: threading.Thread | None = None

    def start(self) -> Self:
        """Start; if the upstream answers, it listens when this returns."""
        self._port = self._server.bind()
        self._attach()
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        self._detach()
        self._server.cut_all()
        self._server.stop()
        self.listening = False

    @property
    def address(self) -> Address:
        """The proxy's own host and port. Raises RuntimeError if not known yet."""
        if not self._port:
            raise RuntimeError("The proxy has no port before it starts.")
        return _HOST, self._port

    @property
    def url(self) -> str:
        """The proxy's own address."""
        return f"http://{_HOST}:{self.address[1]}"

    @property
    def upstream(self) -> Address | None:
        """The target; None refuses clients."""
        return self._upstream

    @upstream.setter
    def upstream(self, address: Address | None) -> None:
        self._upstream = address
        if self._following is not None:
            self._detach()
            self._attach()

    def count(self, method: str, path: str = "/") -> int:
        """How many requests had this method and path prefix, struck or not."""
        return sum(m == method and bool(re.match(path, p)) for m, p in list(self.requests))

    async def judge(self, method: str, path: str, body: bytes) -> tuple[Strike, Note]:
        """The rules' decision for a request, and its entry in the traffic."""
        self.requests.append((method, path))
        note = Note.of(self.traffic, self.system, f"{method} {path}", body)
        passage = Passage(
            direction=Direction.REQUEST, name=method, path=path, body=_json_object(body)
        )
        # A rule may be code that blocks.
        judge = self.rules.pass_through
        return await asyncio.to_thread(judge, passage) if self.rules else Strike(), note

    # Following the upstream.

    def _attach(self) -> None:
        """Listen if the upstream answers now, then follow it."""
        self._ended = threading.Event()
        tether = self._reach()
        self._open_or_shut(tether)
        self._following = threading.Thread(
            target=self._follow,
            args=(tether, self._ended),
            name=f"{self.system}-proxy",
            daemon=True,
        )
        self._following.start()

    def _detach(self) -> None:
        if self._following is not None:
            self._ended.set()
            self._following.join()
            self._following = None

    def _follow(self, tether: socket.socket | None, ended: threading.Event) -> None:
        """Open and close with the upstream; `tether` is held open to detect its end."""
        while not ended.wait(_AGAIN):
            if tether is not None and self.listening and not _is_over(tether):
                continue
            if tether is not None:
                tether.close()
            tether = self._reach()
            # A newly forked process briefly holds our socket, and so the port.
            with suppress(OSError):
                self._open_or_shut(tether)
        if tether is not None:
            tether.close()

    def _reach(self) -> socket.socket | None:
        try:
            return socket.create_connection(self._upstream) if self._upstream else None
        except OSError:
            return None

    def _open_or_shut(self, tether: socket.socket | None) -> None:
        if tether is None and self.listening:
            self._server.stop()
            self.listening = False
            self._server.bind()
        elif tether is not None and not self.listening:
            self._server.start(
                self._answer,
                ws=partial(Tunnel, self),
                lifespan="on",
                proxy_headers=False,
                date_header=False,
                server_header=False,
            )
            self.listening = True

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            client = tuple(scope["client"])
            abort = lambda: self._server.connections.cut(client)  # noqa: E731
            await Exchange(self, scope, receive, send, abort).run()
            return
        async with httpcore.AsyncConnectionPool(max_connections=None) as self.pool:
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body) if body else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _is_over(tether: socket.socket) -> bool:
    try:
        return tether.recv(1024, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
