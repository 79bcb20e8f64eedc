"""The one HTTP server of the sandbox, on loopback, in a daemon thread."""

import asyncio
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from uvicorn.protocols.http.h11_impl import H11Protocol

_HOST = "127.0.0.1"
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


class OpenConnections:
    """Knows every open HTTP connection by the client's address, so that one can be cut."""

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
        """Read nothing more from these clients, so that not even their pings are answered."""
        for peer in peers:
            if peer in self._transports:
                self._transports[peer].pause_reading()

    def cut(self, *peers: tuple[str, int]) -> None:
        """Break the connections with these clients, with no answer and no goodbye."""
        for peer in peers:
            transport = self._transports.pop(peer, None)
            if transport is not None:
                transport.abort()


def _peer(transport: asyncio.BaseTransport) -> tuple[str, int]:
    return cast("tuple[str, int]", tuple((transport.get_extra_info("peername") or ("", 0))[:2]))


class _Server(uvicorn.Server):
    """Tells when it is up, and on which loop."""

    def __init__(
        self, config: uvicorn.Config, up: Callable[[asyncio.AbstractEventLoop], None]
    ) -> None:
        super().__init__(config)
        self._up = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up(asyncio.get_running_loop())


class Server:
    """Runs an application. The port is taken at once, so that the address is known before start."""

    def __init__(self, port: int) -> None:
        self._wanted = port
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self.connections = OpenConnections()
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The server's address, ending in a slash."""
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind((_HOST, self._wanted))
            self._wanted = self._socket.getsockname()[1]
        return f"http://{_HOST}:{self._wanted}/"

    def start(self, app: Starlette) -> None:
        """Serve `app`; returns when it answers. Raises TimeoutError when it does not."""
        url = self.url
        config = uvicorn.Config(
            app,
            http=self.connections.protocol(),
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config, self._up)
        sockets = [self._socket] if self._socket is not None else None
        self._thread = threading.Thread(
            target=self._server.run, args=(sockets,), name="slack-sandbox", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise TimeoutError(f"The sandbox did not come up at {url}.")

    def _up(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._ready.set()

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
