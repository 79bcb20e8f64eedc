"""Counts the commits of a mayday in its process, and ends the process at one of them.

The fork server calls :func:`install` in a child whose environment names this module. A commit is
named by what its transaction wrote. Transactions that wrote nothing do not count.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ARMED = "CRASH_ARMED"
"""The variable that names the file with the commit to end at."""
LOGGED = "CRASH_LOGGED"
"""The variable that names the file to which each commit is appended."""

NEXT = "CRASH_NEXT"
"""The variable that names what the next version has first on its path."""

BEFORE, AFTER = "before", "after"
_WRITES = re.compile(
    r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(?:\"?(?:dbos|main)\"?\.)?\"?(\w+)", re.IGNORECASE
)
_WROTE = "crash_wrote"


class ArmedCommit:
    """The commit at which one process ends itself, shared by all processes as a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def arm(self, name: str, when: str, number: int) -> None:
        """End the process that makes the ``number``-th commit of this name from now."""
        with self._locked() as text:
            text[:] = [f"{number}\t{when}\t{name}"]

    def disarm(self) -> bool:
        """Disarm; returns whether a process had ended itself."""
        with self._locked() as text:
            happened = text == ["0"]
            text.clear()
        return happened

    def reached(self, name: str) -> str:
        """Count a commit; returns when to end the process at it, or an empty string."""
        if not self._file.exists() or not self._file.stat().st_size:
            return ""
        with self._locked() as text:
            if not text or text == ["0"]:
                return ""
            number, when, wanted = text[0].split("\t")
            if wanted != name:
                return ""
            text[:] = [f"{int(number) - 1}\t{when}\t{wanted}"] if int(number) > 1 else ["0"]
            return when if int(number) == 1 else ""

    @contextmanager
    def _locked(self) -> Iterator[list[str]]:
        with self._file.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            lines = file.read().splitlines()
            yield lines
            file.seek(0)
            file.truncate()
            file.write("\n".join(lines))


def install() -> None:
    """Listen to every engine of this process, DBOS's included."""
    if path := os.environ.get(NEXT):
        sys.modules.pop("migrations", None)
        sys.path.insert(0, path)

    from sqlalchemy import Engine, event

    from bot.adapters.github_repository import GitHubRepository
    from bot.runbook import Scale
    from bot.runbook.steps.step import Measure

    armed = ArmedCommit(Path(os.environ[ARMED]))
    log = os.open(os.environ[LOGGED], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def executed(conn: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        found = _WRITES.match(statement)
        # With RETURNING, SQLite counts no rows before they are read.
        if found and (cursor.rowcount != 0 or "RETURNING" in statement):
            wrote = conn.info.setdefault(_WROTE, set())
            wrote.add(f"{found[1].split()[0].lower()} {found[2].lower()}")

    def committing(conn: Any) -> None:
        wrote = conn.info.pop(_WROTE, None)
        if not wrote:
            return
        name = ", ".join(sorted(wrote))
        os.write(log, f"{name}\n".encode())
        when = armed.reached(name)
        if when == AFTER:
            conn.engine.dialect.do_commit(conn.connection.dbapi_connection)
        if when:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", executed)
    event.listen(Engine, "commit", committing)
    event.listen(Engine, "rollback", lambda conn: conn.info.pop(_WROTE, None))
    # GitHub's limit on writes is not what is tested, and would take most of the story.
    hurried = {"seconds_between_requests": 0, "seconds_between_writes": 0, "backoff": 0}
    defaults = GitHubRepository.__init__.__kwdefaults__
    defaults.update({name: value for name, value in hurried.items() if name in defaults})
    # Nor is for how long a scaler is watched.
    Scale.measure = property(lambda _step: Measure(times=2, apart=0.5, within=5.0))  # type: ignore
