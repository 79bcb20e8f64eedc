"""The HTTP server of the practice Slack, the cluster and the fault proxies, in a daemon thread."""

import asyncio
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_HOST = "127.0.0.1"
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_IDLE_SECONDS = 3_600
"""How long a client may keep an idle connection."""


class OpenConnections:
    """Records open HTTP connections by client address, so that one can be cut."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """The HTTP protocol that keeps this record."""
        transports = self._transports

        class Recording(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                transports[_peer(transport)] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(_peer(self.transport), None)
                super().connection_lost(exc)

        return Recording

    def silence(self, *peers: tuple[str, int]) -> None:
        """Stop reading from these clients, so that not even their pings are answered."""
        for peer in peers:
            if peer in self._transports:
                self._transports[peer].pause_reading()

    def cut(self, *peers: tuple[str, int]) -> None:
        """Cut the connections with these clients, without an answer."""
        for peer in peers:
            transport = self._transports.pop(peer, None)
            if transport is not None:
                transport.abort()

    def cut_all(self) -> None:
        """Break every connection."""
        self.cut(*self._transports)


def _peer(transport: asyncio.BaseTransport) -> tuple[str, int]:
    return cast("tuple[str, int]", tuple((transport.get_extra_info("peername") or ("", 0))[:2]))


class _Server(uvicorn.Server):
    """Signals its start and its loop."""

    def __init__(
        self, config: uvicorn.Config, up: Callable[[asyncio.AbstractEventLoop], None]
    ) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up(asyncio.get_running_loop())


class Server:
    """Runs an application. The port is bound at once, so its address is known before start."""

    def __init__(self, port: int) -> None:
        self._wanted = port
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self.connections = OpenConnections()
        self.loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> int:
        """Bind the port without listening, so that clients are refused; return its number."""
        if self._socket is None:
            # asyncio disables Nagle's algorithm for sockets marked as TCP.
            taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                taken.bind((_HOST, self._wanted))
            except OSError:
                taken.close()
                raise
            self._socket, self._wanted = taken, taken.getsockname()[1]
        return self._wanted

    @property
    def url(self) -> str:
        """The server's address, ending in a slash."""
        return f"http://{_HOST}:{self.bind()}/"

    def start(self, app: ASGIApp, **options: Any) -> None:
        """Serve `app`; returns when it answers. Raises TimeoutError. `options` are uvicorn's."""
        url = self.url
        usual: dict[str, Any] = {
            "interface": "asgi3",
            "http": self.connections.protocol(),
            "ws": "websockets-sansio",
            "lifespan": "off",
            "log_config": None,
            "access_log": False,
            "timeout_keep_alive": _IDLE_SECONDS,
            "timeout_graceful_shutdown": 2,
        }
        config = uvicorn.Config(app, **{**usual, **options})
        self._server = _Server(config, self._up)
        sockets = [self._socket] if self._socket is not None else None
        self._thread = threading.Thread(
            target=self._server.run, args=(sockets,), name="sandbox-server", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError(f"The sandbox did not come up at {url}.")

    def _up(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ready.set()

    def cut_all(self) -> None:
        """Break every connection."""
        self.on_loop(self.connections.cut_all)

    def stop(self) -> None:
        """Stop serving and free the port."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_STOP_SECONDS)
        if self._socket is not None:
            self._socket.close()
        self._server = self._thread = self._socket = self.loop = None
        self._ready.clear()

    def on_loop(self, work: Callable[[], Any]) -> None:
        """Run `work` on the server's loop, if it is up, and wait until it is done."""

        async def run() -> None:
            work()

        if self.loop is not None:
            asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def soon(self, work: Callable[[], Any]) -> None:
        """Run `work` on the server's loop, if it is up."""
        loop = self.loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(work)


def page_routes(directory: Path) -> list[BaseRoute]:
    """The page: index.html at the root and at permalinks, its other files under /page."""
    root = directory.resolve()

    async def index(request: Request) -> Response:
        return _file(root / "index.html")

    async def other(request: Request) -> Response:
        path = (root / str(request.path_params["path"])).resolve()
        if not path.is_relative_to(root):
            return PlainTextResponse("not found", HTTPStatus.NOT_FOUND)
        return _file(path)

    return [
        Route("/", index),
        Route("/archives/{rest:path}", index),
        Route("/page/{path:path}", other),
    ]


def _file(path: Path) -> Response:
    if not path.is_file():
        return PlainTextResponse("not found", HTTPStatus.NOT_FOUND)
    return FileResponse(path, headers={"Cache-Control": "no-cache"})
