"""Opening the database: migrations, locks and clear errors."""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

import migrations
from bot.errors import ConfigError, UserError
from bot.store import incidents, tables
from bot.store.engine import Store
from bot.store.tables import metadata


def _is_described(_object: object, name: str | None, *_others: object) -> bool:
    """Whether the tables describe it: the index of the full text differs from database to database."""
    return not (name or "").startswith(("searchable_index", "tokens", "ix_searchable_tokens"))


def test_migrations_and_tables_agree(store: Store) -> None:
    with store.read() as tx:
        opts = {"compare_type": True, "include_object": _is_described}
        context = MigrationContext.configure(tx, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(store: Store) -> None:
    with store.write() as tx:
        tx.execute(tables.person.insert().values(**_person()))
    store.migrate()
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM person")).scalar() == 1


def test_migrations_stand_alone() -> None:
    """A migration must not change when the current tables do."""
    scripts = sorted((Path(migrations.__file__).parent / "versions").glob("*.py"))
    assert scripts
    for script in scripts:
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "bot"], script.name


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        tx.execute(tables.person.insert().values(**_person()))
        raise RuntimeError
    with store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM person")).scalar() == 0


def test_rows_of_no_incident_are_refused(store: Store) -> None:
    row = {"incident_id": "none", "number": 1, "due_at": datetime(2017, 2, 24, tzinfo=UTC)}
    with pytest.raises(IntegrityError), store.write() as tx:
        tx.execute(tables.reminder.insert().values(**row))


def test_moments_come_back_aware_and_in_utc(store: Store) -> None:
    evening = datetime(2017, 2, 23, 16, 25, 0, 123456, tzinfo=timezone(timedelta(hours=-8)))
    with store.write() as tx:
        tx.execute(tables.person.insert().values(**_person(fetched_at=evening)))
    with store.read() as tx:
        kept = tx.execute(tables.person.select()).mappings().one()["fetched_at"]
    assert kept == evening
    assert kept.utcoffset() == timedelta(0)


def test_a_naive_moment_is_refused(store: Store) -> None:
    with pytest.raises(StatementError, match="naive"), store.write() as tx:
        tx.execute(
            tables.person.insert().values(**_person(fetched_at=datetime(2017, 2, 24)))  # noqa: DTZ001
        )


def test_inserting_again_changes_nothing(store: Store) -> None:
    with store.write() as tx:
        assert incidents.insert_new(tx, "person", _person(name="first"))
        assert not incidents.insert_new(tx, "person", _person(name="second"))
        assert tx.execute(tables.person.select()).mappings().one()["name"] == "first"


def test_a_second_process_is_told_to_go_elsewhere(sqlite_url: str) -> None:
    first = Store(sqlite_url)
    first.lock()
    program = (
        "import sys\n"
        "from bot.store.engine import Store\n"
        "from bot.errors import UserError\n"
        "try:\n    Store(sys.argv[1]).lock()\n"
        "except UserError as exc:\n    sys.exit(str(exc))\n"
    )
    command = [sys.executable, "-c", program, sqlite_url]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    first.close()
    taken = subprocess.run(command, capture_output=True, text=True, check=False)

    assert refused.returncode == 1
    assert refused.stderr.startswith("Another mayday is using ")
    assert refused.stderr.count("\n") == 1
    assert taken.returncode == 0, taken.stderr


def test_locking_twice_in_one_process_is_refused_too(sqlite_url: str) -> None:
    first, second = Store(sqlite_url), Store(sqlite_url)
    first.lock()
    with pytest.raises(UserError, match="Another mayday"):
        second.lock()
    first.close()
    second.lock()
    second.close()


@pytest.mark.parametrize(
    "url", ["", "mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:", "what is this"]
)
def test_a_url_that_cannot_be_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^database\.url: "):
        Store(url)


def test_a_database_that_cannot_be_reached_is_named_without_its_password() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        store = Store(f"postgresql://ana:hunter2secret@127.0.0.1:{port}/mayday")
        with pytest.raises(ConfigError) as told:
            store.migrate()
        with pytest.raises(ConfigError):
            store.check()
    store.close()
    assert str(told.value).startswith("database.url: ")
    assert "postgresql+psycopg://ana:***@127.0.0.1" in str(told.value)
    assert "hunter2secret" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mayday.db").write_bytes(b"not a database at all, by far" * 100)
    store = Store(f"sqlite:///{tmp_path / 'mayday.db'}")
    with pytest.raises(ConfigError, match=r"^database\.url: "):
        store.migrate()
    store.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^database\.url: "):
        Store(f"sqlite:///{tmp_path / 'file' / 'below' / 'mayday.db'}")


def test_a_database_of_a_newer_mayday_is_refused(store: Store) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer mayday"):
        store.migrate()


def _person(**values: object) -> dict[str, object]:
    return {
        "team_id": "T1",
        "user_id": "U1",
        "name": "Ana",
        "zone": "UTC",
        "is_guest": False,
        "is_bot": False,
        "fetched_at": datetime(2017, 2, 24, tzinfo=UTC),
        **values,
    }
