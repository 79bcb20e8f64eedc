"""A proxy between one mayday and PostgreSQL that can cut it off, as a broken network does."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

from sqlalchemy import make_url

SOCKET = ".s.PGSQL.5432"
_PIECE = 65_536
_LOOK = 0.1


class DatabaseProxy:
    """Listens in ``directory`` and passes everything on, until :meth:`cut`.

    Then it accepts connections and passes nothing on, so that a client only notices by its own limits.
    """

    def __init__(self, url: str, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        parsed = make_url(url)
        self._target = str(Path(str(parsed.query["host"])) / SOCKET)
        changed = parsed.update_query_dict({"host": str(directory)})
        self.url = changed.render_as_string(hide_password=False)
        self._open = threading.Event()
        self._open.set()
        self._ended = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(directory / SOCKET))
        self._listener.listen(64)
        self._sockets: list[socket.socket] = [self._listener]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._ended.set()
        self._open.set()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def cut(self) -> None:
        """Pass nothing on from now."""
        self._open.clear()

    def restore(self) -> None:
        """Pass everything on again."""
        self._open.set()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
            except OSError:
                return
            self._sockets += [client, server]
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while piece := source.recv(_PIECE):
                while not self._open.wait(_LOOK):
                    pass
                target.sendall(piece)
        except OSError:
            pass
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
