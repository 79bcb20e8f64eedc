"""Opens the database for a command of the terminal, beside a mayday that may be running.

It takes no lock and migrates nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from bot.config import Config
from bot.domain.audit import AuditLine
from bot.domain.evidence import View
from bot.domain.hubs import Server, ServerKey
from bot.errors import MaydayError, UserError
from bot.ports import Clock
from bot.services.audit import Audit
from bot.services.examine import check_schema
from bot.services.sightings import Sightings
from bot.store import overview
from bot.store.engine import DatabaseError, Store

NO_FILE = "{file} doesn't exist: mayday has not run here, or database.url names another file."


@contextmanager
def opened(config: Config) -> Iterator[Store | None]:
    """The database; None for a SQLite file that doesn't exist, which opening would create."""
    url = config.database.url.get_secret_value()
    if overview.missing_file(url):
        yield None
        return
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def current(config: Config) -> Iterator[Store]:
    """The database with this version's tables.

    Raises:
        UserError: there is none, or its tables are another version's.
        ConfigError: the database cannot be reached.
    """
    with opened(config) as store:
        if store is None:
            raise UserError(no_file(config))
        store.check()
        with store.read() as tx:
            schema = check_schema(overview.schema(tx))
        if not schema.ok:
            raise UserError(f"{schema.summary} {schema.advice}")
        yield store


def no_file(config: Config) -> str:
    """The sentence that says which file is missing."""
    return NO_FILE.format(file=overview.missing_file(config.database.url.get_secret_value()))


class Memory:
    """The sightings of one hub's pending servers, for a command that reads it. ``now`` is real time.

    A database without tables gets them. Where there is none that can be used, everything that is pending
    began now, and nothing is recorded.
    """

    def __init__(self, config: Config, hub: str, now: Clock) -> None:
        self._hub = hub
        self._now = now
        self._url = config.database.url.get_secret_value()
        self._opened: Store | None = None
        self._store: Store | None = None

    def __enter__(self) -> Memory:
        try:
            self._opened = Store(self._url)
            if self._opened.is_empty:
                self._opened.migrate()
            self._store = self._opened
        except MaydayError:
            self._store = None
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def is_lost(self) -> bool:
        """Whether the database can't be used."""
        return self._store is None

    def since(self, servers: View[Server]) -> Mapping[ServerKey, datetime]:
        """When each pending server was first seen in its present state."""
        if self._store is None:
            return {}
        try:
            return Sightings(self._store).of(self._hub, servers, self._now())
        except DatabaseError:  # it has another version's tables, or went away
            self._store = None
            return {}

    def record(self, line: AuditLine) -> None:
        """Record in the audit log what was read."""
        if self._store is not None:
            try:
                Audit(self._store).record(line)
            except DatabaseError:
                self._store = None
