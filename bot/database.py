"""Opens the database for a command of the terminal, beside a mayday that may be running.

It takes no lock and migrates nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.config import Config
from bot.errors import UserError
from bot.services.examine import check_schema
from bot.store import overview
from bot.store.engine import Store

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
