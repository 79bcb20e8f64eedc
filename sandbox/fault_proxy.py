"""A loopback HTTP proxy that does what its rules say, and otherwise lets everything through at once.

It listens as long as its upstream does: a connection is held open there, and when that ends and no
new one can be made, clients are refused as they would be without the proxy.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpcore
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from sandbox.forwarding import Exchange
from sandbox.own_words import System
from sandbox.rules import Breakable, Faults
from sandbox.traffic import Traffic

Address = tuple[str, int]

_HOST = "127.0.0.1"
_AGAIN = 0.05
"""Seconds between two looks for an upstream that is away."""

_STARTS_WITHIN = 10.0
_ENDS_WITHIN = 2.0
_REMEMBERED = 5_000
_IDLE_FOR = 3_600
"""Seconds for which a client may keep a connection that it does not use."""


Tether = tuple[asyncio.StreamReader, asyncio.StreamWriter]
"""A connection to the upstream that is held open to see it end."""


class FaultProxy(Breakable):
    """Stands before `upstream`, a host and a port, which may be set after the proxy has started.

    `system` says in whose words it refuses where a rule names only a status. `port` 0 takes a free
    one at the start. `traffic`, if set, records every request. What a browser asks for to show it
    to a person is neither judged nor recorded, unless it stands before what `people` use. `page`, if
    set, gives the HTML for the paths that are pages; `on_write` is called after each
    write, before its answer is passed on.
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
        self._upstream = upstream
        self._port = port
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._following: asyncio.Task[None] | None = None
        self._open_ones = ServerState()
        self._config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=_IDLE_FOR,
        )
        self._config.load()

    # From any thread.

    def start(self) -> Self:
        """Start; with an upstream that answers, it listens when this returns."""
        self._socket = self._bind()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(ready)), name=f"{self.system}-proxy", daemon=True
        )
        self._thread.start()
        if not ready.wait(_STARTS_WITHIN):
            raise TimeoutError(f"The proxy before {self.system} did not start.")
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._stopping.set)
            thread.join(_STARTS_WITHIN)
        if self._socket is not None:
            self._socket.close()
        self._socket = self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def address(self) -> Address:
        """The proxy's own host and port. Raises RuntimeError where it is not known yet."""
        if not self._port:
            raise RuntimeError("The proxy has no port before it starts.")
        return _HOST, self._port

    @property
    def url(self) -> str:
        """The proxy's own address."""
        return f"http://{_HOST}:{self.address[1]}"

    @property
    def listening(self) -> bool:
        """Whether clients get in, as far as is known."""
        return self._server is not None

    @property
    def upstream(self) -> Address | None:
        """Where requests go; None refuses clients."""
        return self._upstream

    @upstream.setter
    def upstream(self, address: Address | None) -> None:
        self._upstream = address
        if self._loop is not None:
            self._call(self._attach())

    def count(self, method: str, path: str = "/") -> int:
        """How many requests came with this method to a path that begins so, struck or not."""
        return sum(m == method and bool(re.match(path, p)) for m, p in list(self.requests))

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None  # noqa: S101 - callers have looked
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(_STARTS_WITHIN)

    # On the loop.

    async def _run(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self.pool = httpcore.AsyncConnectionPool(max_connections=None)
        await self._attach()
        ready.set()
        await self._stopping.wait()
        self._shut()
        for connection in self._connections:
            connection.transport.abort()
        if tasks := self._open_ones.tasks:
            # Each ends when its client is gone, unless a rule's code holds it.
            await asyncio.wait(tasks, timeout=_ENDS_WITHIN)
        ending = [*tasks, *filter(None, [self._following])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self.pool.aclose()
        # What was cut is closed in the loop's next round.
        await asyncio.sleep(_AGAIN)

    async def _attach(self) -> None:
        """Listen if the upstream answers now, and follow it from here on."""
        if self._following is not None:
            self._following.cancel()
        tether = await self._reach()
        await self._open_or_shut(tether)
        self._following = asyncio.create_task(self._follow(tether))

    async def _follow(self, tether: Tether | None) -> None:
        """Open and shut as the upstream comes and goes."""
        while True:
            await self._open_or_shut(tether)
            try:
                await asyncio.sleep(_AGAIN)  # also where it hangs up at once
                if tether is not None:
                    with suppress(OSError):  # reset: ended as well
                        while await tether[0].read(1024):
                            pass
            finally:
                if tether is not None:
                    tether[1].close()
            tether = await self._reach()

    async def _reach(self) -> Tether | None:
        if self._upstream is None:
            return None
        try:
            return await asyncio.open_connection(*self._upstream)
        except OSError:
            return None

    async def _open_or_shut(self, tether: Tether | None) -> None:
        if self._socket is None:
            self._socket = await self._take_again()
        if tether is None:
            self._shut()
        elif self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._protocol, sock=self._socket, backlog=128)

    def _protocol(self) -> H11Protocol:
        return H11Protocol(config=self._config, server_state=self._open_ones, app_state={})

    def _shut(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = self._socket = None
        for connection in self._connections:
            # Those that are idle end at once, as with a server that ends.
            connection.shutdown()

    async def _take_again(self) -> socket.socket:
        """The port, which a process that was just forked may hold for a moment: it has our sockets."""
        while True:
            try:
                return self._bind()
            except OSError:
                await asyncio.sleep(_AGAIN)

    def _bind(self) -> socket.socket:
        """Take the port without listening, so that who connects is refused."""
        # asyncio turns Nagle's algorithm off for sockets that say that they are TCP.
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((_HOST, self._port))
        except OSError:
            bound.close()
            raise
        self._port = bound.getsockname()[1]
        return bound

    @property
    def _connections(self) -> list[Any]:
        return list(self._open_ones.connections)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        """The ASGI application."""
        here = next(each for each in self._connections if each.client == scope["client"])
        await Exchange(self, scope, receive, send, here.transport.abort).run()
