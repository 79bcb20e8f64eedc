"""What the measures share: a directory, practice Slacks, databases of both kinds, incidents and load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from bot.store.engine import Store, normal_url
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, practice_slack
from tests.support.postgres import Postgres, postgres
from tests.support.waiting import wait_until

TEXT = "The proxy answers again, and new servers start within a minute as they did this morning"
WINDOW = 50
"""Events under way at most. Slack sends faster only for moments."""
KINDS = ("SQLite", "PostgreSQL")


@dataclass(kw_only=True)
class World:
    """The directory of one run, and the server that its PostgreSQL databases are on."""

    directory: Path
    stack: ExitStack = field(default_factory=ExitStack)
    _postgres: Postgres | None = None
    _made: int = 0

    def place(self, name: str) -> Path:
        """A new directory."""
        self._made += 1
        found = self.directory / f"{self._made}-{name}"
        found.mkdir()
        return found

    @contextmanager
    def database(self, kind: str, place: Path) -> Iterator[str]:
        """The URL of an empty database of this kind."""
        if kind == "SQLite":
            yield f"sqlite:///{place / 'mayday.db'}"
            return
        if self._postgres is None:
            self._postgres = self.stack.enter_context(postgres())
        with self._postgres.database() as url:
            yield url

    @contextmanager
    def slack(self, place: Path) -> Iterator[SlackSandbox]:
        """A practice Slack with mayday installed."""
        with practice_slack(SandboxClock(place / "clock.json")) as made:
            yield made


def declare(slack: SlackSandbox, title: str = "Proxy was evicted") -> str:
    """Declare an incident; returns its channel's id when Slack shows everything."""
    clock: Any = None
    store: Any = None
    return Scene(slack=slack, store=store, clock=clock).declare(title).id


def send(slack: SlackSandbox, channel: str, count: int) -> float:
    """Post messages in a channel, and return the seconds until each was acknowledged."""
    ana, delivered = slack.person("ana"), slack._parts.outbox.log
    before = len(delivered)
    began = time.monotonic()
    for number in range(count):
        ana.say(channel, f"{TEXT}: {number}")
        while before + number - len(delivered) >= WINDOW:
            time.sleep(0.0005)
    wait_until(lambda: len(delivered) - before >= count, "the acknowledgements", timeout=120)
    lost = sum(not each.acked for each in delivered[before : before + count])
    if lost:
        raise RuntimeError(f"{lost} of {count} events were not acknowledged")
    return time.monotonic() - began


class Recorded:
    """Counts the messages that mayday has recorded."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(normal_url(url))

    def count(self) -> int:
        """How many there are."""
        with self._engine.connect() as conn:
            return int(conn.execute(text("SELECT count(*) FROM message")).scalar_one())

    def wait(self, count: int) -> None:
        """Wait until there are so many."""
        wait_until(lambda: self.count() >= count, f"{count} recorded messages", timeout=120)

    def wait_read(self) -> None:
        """Wait until the history that a start reads is read."""

        def read() -> bool:
            with self._engine.connect() as conn:
                whole = text("SELECT count(*) FROM reading WHERE is_whole")
                return not conn.execute(whole).scalar_one()

        wait_until(read, "the end of the readings", timeout=60)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


@contextmanager
def recorded(url: str) -> Iterator[Recorded]:
    """The counter, closed afterwards."""
    made = Recorded(url)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def migrated(url: str) -> Iterator[Store]:
    """The store of a database with mayday's tables."""
    store = Store(url)
    try:
        store.migrate()
        yield store
    finally:
        store.close()
