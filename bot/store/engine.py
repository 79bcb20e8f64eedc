"""Opens the database: one engine, its migrations, and the lock that keeps other processes out.

SQLite runs in WAL mode. A writer begins IMMEDIATE, because a transaction that reads first and writes
later fails at once when another one wrote in between. This process's writers queue on a lock, since SQLite
makes a second writer poll. DBOS opens connections of its own to the same URL, for which SQLite waits.
"""

from __future__ import annotations

import fcntl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import structlog
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from bot.domain.audit import AuditLine, ChainedLine
from bot.errors import ConfigError, UserError
from bot.store import audit
from bot.store.columns import to_json

Tx = Connection
DatabaseError = DBAPIError
"""What a transaction raises when the database is away, is full, or has other tables."""
POOL_SIZE, POOL_OVERFLOW = 20, 5
"""Connections to PostgreSQL: one for each of Slack's listeners, and some for the clock and DBOS's steps."""

BESIDE = 2
"""More connections, to read what others see while a transaction of this process is open."""

SEEN = "mayday_seen"
NESTED = "a transaction begins inside another one of the same thread"

IDLE_TRANSACTION = 10.0
"""Seconds after which PostgreSQL ends a transaction whose process is suspended or cut off. Its locks would
keep other replicas waiting until no connection is left to renew their leases with."""

OTHERS = 0o077
"""The bits of a file's mode for everybody but its owner."""
SQLITE_FILES = ("", "-wal", "-shm", ".lock")
"""The ends of the names of a SQLite database's files."""

LOCK_KEY = 0x6D6179646179
"""The advisory lock's number: "mayday" in ASCII."""
TABLES_KEY = LOCK_KEY + 1
LOCK_POLL = 0.2
"""Seconds."""

LOCKED = (
    "An earlier version of mayday is using this database, and works alone. Stop it first: update from it "
    "once with the strategy Recreate."
)
LOCKED_FILE = "Another mayday is using {file}. Stop it, or give this one another database.url."
LOCK_NOT_WRITABLE = (
    "database.url: mayday can't write {file} ({reason}). Allow mayday to write to the directory of the "
    "database."
)
DIRECTORY_NOT_WRITABLE = (
    "database.url: mayday can't create {file} ({reason}). Allow mayday to write there, or use another "
    "path."
)
NEWER = "The database was written by a newer mayday. Install that version again."
UNUSABLE = "database.url: {url} can't be used ({reason}): {advice}."
CHECK_FILE = (
    "check the path, that mayday may write to the file and its directory, and the free space"
)
CHECK_SERVER = "check that the server runs and that the name is right"
PASSWORD_HAS_AT = "database.url: write an @ in the password as %40."  # noqa: S105
NO_DATABASE_URL = (
    "database.url: use sqlite:///path/to/mayday.db or postgresql://user:password@host/name."
)
NO_FILE = "database.url: a SQLite database needs a file, sqlite:///path/mayday.db."

log = structlog.get_logger()


class Store:
    """The database. ``write`` and ``read`` give a transaction; leaving the block commits it.

    Never call an outside system inside the block, and never begin another transaction in it: a thread that
    holds one connection and waits for a second one keeps others from their first.
    """

    def __init__(self, url: str) -> None:
        self.url = normal_url(url)
        self._lock: IO[str] | None = None
        self._session: Connection | None = None
        self.engine = _engine(self.url)
        self._others = _engine(self.url, size=BESIDE)
        self._here = threading.local()
        self._writer = threading.Lock() if self.is_sqlite else nullcontext()
        self.before_commit: Callable[[], None] = lambda: None
        """Raises where this process may write no more; the transaction is then rolled back."""

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the one-process database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self, *, beside: bool = False) -> Iterator[Tx]:
        """A transaction that may change rows; an exception rolls it back.

        Its lines of the audit log are appended before the commit. ``beside`` opens what ``committed`` reads.
        """
        lines: list[AuditLine] = []
        added: list[ChainedLine] = []
        # From a pool of its own and first: who waits for it holds nothing that others need to finish.
        with (
            self._only(),
            self._others.connect() if beside else nullcontext() as seen,
            self._writer,
            self.engine.connect() as conn,
        ):
            options = {audit.PENDING: lines, SEEN: seen}
            conn = conn.execution_options(mayday_write=True, **options)
            with conn.begin():
                yield conn
                if lines:
                    added = audit.append(conn, lines)
                self.before_commit()
        for one in added:
            # Logs that are shipped elsewhere show whether the whole chain was rewritten.
            log.info("audit", number=one.number, hash=one.hash, act=one.line.act)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """A transaction that only reads; inside another one of this thread that only reads, the same."""
        if joined := getattr(self._here, "reading", None):
            yield joined
            return
        with self._only(), self.engine.connect() as conn, conn.begin():
            self._here.reading = conn
            yield conn

    @contextmanager
    def committed(self, tx: Tx) -> Iterator[Tx]:
        """What everybody else sees now, without the changes of ``tx``, which was opened with ``beside``."""
        other: Connection = tx.get_execution_options()[SEEN]
        with other.begin():
            yield other

    @contextmanager
    def _only(self) -> Iterator[None]:
        """Refuse a transaction inside another one of this thread."""
        if getattr(self._here, "is_open", False):
            raise RuntimeError(NESTED)
        self._here.is_open = True
        try:
            yield
        finally:
            self._here.is_open, self._here.reading = False, None

    def now(self, tx: Tx) -> datetime:
        """The time by the database's clock, which all replicas share."""
        if self.is_sqlite:
            return datetime.now(UTC)
        found: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)

    def lock(self) -> None:
        """Take the lock of this version until :meth:`close`.

        A file beside a SQLite database admits one process. On PostgreSQL the processes of this version share
        an advisory lock that keeps out earlier versions, which work alone and resume each other's workflows.

        Raises:
            UserError: another process holds the lock of the file, or an earlier version uses the database.
        """
        if self.is_sqlite:
            self._lock_file()
        elif self._session is None:
            session = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            held = session.execute(
                text("SELECT pg_try_advisory_lock_shared(:key)"), {"key": LOCK_KEY}
            )
            if not held.scalar():
                session.close()
                raise UserError(LOCKED)
            self._session = session

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time create or change tables."""
        if self.is_sqlite:
            yield
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
            # Polled: DBOS creates indexes concurrently, which wait for every statement that is running, so
            # for one that waits for this lock, too.
            taken = text("SELECT pg_try_advisory_lock(:key)")
            while not session.execute(taken, {"key": TABLES_KEY}).scalar():
                time.sleep(LOCK_POLL)
            try:
                yield
            finally:
                session.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": TABLES_KEY})

    def _lock_file(self) -> None:
        file = self.engine.url.database
        if not file or self._lock:
            return
        make_private(*(Path(f"{file}{end}") for end in SQLITE_FILES))
        try:
            handle = Path(f"{file}.lock").open("w")  # noqa: SIM115  held for the life of the process
        except OSError as exc:
            raise ConfigError(
                LOCK_NOT_WRITABLE.format(file=exc.filename, reason=exc.strerror)
            ) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            raise UserError(LOCKED_FILE.format(file=file)) from None
        self._lock = handle

    @property
    def is_empty(self) -> bool:
        """Whether no version of mayday has created its tables here.

        Raises:
            ConfigError: the database cannot be reached.
        """
        try:
            with self.read() as tx:
                return not inspect(tx).has_table("alembic_version")
        except DBAPIError as exc:
            raise self._unusable(exc) from None

    def migrate(self) -> None:
        """Migrate the tables to this version's schema.

        Raises:
            ConfigError: the database cannot be reached, or belongs to a newer mayday.
        """
        try:
            with self.write() as tx:
                config = AlembicConfig()
                config.set_main_option("script_location", "migrations:")
                config.attributes["connection"] = tx
                command.upgrade(config, "head")
        except DBAPIError as exc:
            raise self._unusable(exc) from None
        except Exception as exc:
            if type(exc).__module__.startswith("alembic"):
                raise ConfigError(NEWER) from exc
            raise

    def check(self) -> None:
        """Return if the database answers.

        Raises:
            ConfigError: it does not answer.
        """
        try:
            with self.read() as tx:
                tx.execute(text("SELECT 1"))
        except DBAPIError as exc:
            raise self._unusable(exc) from None

    def _unusable(self, exc: DBAPIError) -> ConfigError:
        # Parameters after the ? can be a password, too.
        shown = self.engine.url.set(query={}).render_as_string(hide_password=True)
        advice = CHECK_FILE if self.is_sqlite else CHECK_SERVER
        return ConfigError(UNUSABLE.format(url=shown, reason=_first_line(exc.orig), advice=advice))

    def close(self) -> None:
        """Close the connections and release the lock."""
        if self._session is not None:
            # Released explicitly: the server notices a closed connection only some moments later.
            with suppress(SQLAlchemyError):
                self._session.execute(
                    text("SELECT pg_advisory_unlock_shared(:key)"), {"key": LOCK_KEY}
                )
            with suppress(SQLAlchemyError):
                self._session.close()
            self._session = None
        self.engine.dispose()
        self._others.dispose()
        if self._lock:
            self._lock.close()
            self._lock = None


def normal_url(url: str) -> str:
    """The URL with the driver that mayday ships, for ``postgresql://`` as people write it."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def make_private(*files: Path) -> None:
    """Take the access of other accounts from files that exist; log where that isn't possible."""
    for file in files:
        try:
            mode = stat.S_IMODE(file.stat().st_mode)
            if mode & OTHERS:
                file.chmod(mode & ~OTHERS)
                log.info("database.made_private", file=str(file))
        except FileNotFoundError:
            continue
        except OSError as exc:
            log.warning("database.not_private", file=str(file), reason=exc.strerror)


def _engine(url: str, *, size: int = 0) -> Engine:
    """The engine; ``size`` is the most connections of its pool, if that is another one than usual."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise ArgumentError
        if "@" in (parsed.host or ""):
            # Shown in an error, the host would show the end of the password.
            raise ConfigError(PASSWORD_HAS_AT)
        if parsed.get_backend_name() == "postgresql":
            engine = create_engine(
                parsed,
                hide_parameters=True,
                json_serializer=to_json,
                pool_pre_ping=True,
                pool_size=size or POOL_SIZE,
                max_overflow=0 if size else POOL_OVERFLOW,
                connect_args={"connect_timeout": 10},
            )
            event.listen(engine, "connect", _postgres_connect)
            return engine
    except (SQLAlchemyError, ValueError, ImportError):
        raise ConfigError(NO_DATABASE_URL) from None
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigError(NO_FILE)
    try:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(
            DIRECTORY_NOT_WRITABLE.format(file=exc.filename, reason=exc.strerror)
        ) from None
    limits: dict[str, Any] = {"pool_size": size, "max_overflow": 0} if size else {}
    engine = create_engine(
        parsed,
        hide_parameters=True,
        json_serializer=to_json,
        connect_args={"timeout": 30},
        **limits,
    )
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _postgres_connect(connection: Any, _record: Any) -> None:
    milliseconds = int(IDLE_TRANSACTION * 1000)
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = {milliseconds}")
    connection.commit()  # a rollback would undo it


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.create_function("clock_timestamp", 0, _clock_timestamp)
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _clock_timestamp() -> str:
    """The time as SQLAlchemy stores it in SQLite."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _sqlite_begin(conn: Connection) -> None:
    write = conn.get_execution_options().get("mayday_write")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _first_line(exc: BaseException | None) -> str:
    return (str(exc).strip().splitlines() or ["no reason given"])[0]
