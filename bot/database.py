"""Opens the database for a command of the terminal, beside a mayday that may be running.

It takes no lock and migrates nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from typing import TypeVar

from bot import deadline
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


LONGEST = 10.0
"""Seconds to wait for the database at most, where the answer is not due earlier."""

T = TypeVar("T")


class Memory:
    """The sightings of one hub's pending servers, for a command that reads it. ``now`` is real time.

    A database without tables gets them. Where there is none that can be used, everything that is pending
    began now, and nothing is recorded. A database that hangs holds up nothing for long: it is asked in
    threads of their own, and what is due earlier doesn't wait for it (:func:`bot.deadline.patience`).
    """

    def __init__(self, config: Config, hub: str, now: Clock) -> None:
        self._hub = hub
        self._now = now
        self._url = config.database.url.get_secret_value()
        self._opening: Future[Store] = Future()
        self._is_lost = False

    def __enter__(self) -> Memory:
        self._opening = _begun(self._open)
        return self

    def _open(self) -> Store:
        store = Store(self._url)
        try:
            if store.is_empty:
                store.migrate()
        except BaseException:
            store.close()
            raise
        return store

    def __exit__(self, *_exc: object) -> None:
        self._opening.add_done_callback(_closed)

    @property
    def is_lost(self) -> bool:
        """Whether the database can't be used."""
        self._asked(lambda _store: None, None)
        return self._is_lost

    def since(self, servers: View[Server]) -> Mapping[ServerKey, datetime]:
        """When each pending server was first seen in its present state."""
        return self._asked(
            lambda store: Sightings(store).of(self._hub, servers, self._now()),
            {},
        )

    def record(self, line: AuditLine) -> None:
        """Record in the audit log what was read."""
        self._asked(lambda store: Audit(store).record(line), None)

    def _asked(self, ask: Callable[[Store], T], otherwise: T) -> T:
        """Return what the database says, or ``otherwise`` if it fails or says nothing in time."""
        if self._is_lost:
            return otherwise
        limit = min(LONGEST, deadline.left(writes=False) / 2)
        try:
            return _begun(lambda: ask(self._opening.result())).result(max(limit, 0))
        except LateError:
            return otherwise
        except (MaydayError, DatabaseError):  # it has another version's tables, or went away
            self._is_lost = True
            return otherwise


def _begun(work: Callable[[], T]) -> Future[T]:
    """Begin work in a thread that the end of the process doesn't wait for."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised by result()
            done.set_exception(error)

    threading.Thread(target=copy_context().run, args=(run,), daemon=True).start()
    return done


def _closed(opening: Future[Store]) -> None:
    if opening.exception() is None:
        opening.result().close()
