"""Ceilings that are no bot: transactions with one row each, on the same kinds of database."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sqlalchemy import create_engine, text

from bot.store.engine import normal_url
from tests.bench.world import TEXT, World

COMMITS = 1500
_PRAGMAS = ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=30000")
_TABLE = "CREATE TABLE plain (key VARCHAR(130) PRIMARY KEY, body TEXT NOT NULL)"


def plain_commits(world: World, kind: str, place: Path) -> float:
    """Return how many transactions a second one connection commits, each with one row."""
    body = json.dumps({"text": TEXT, "files": [], "user": "U0123456789"})
    with world.database(kind, place) as url:
        engine = create_engine(normal_url(url), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            for pragma in _PRAGMAS if kind == "SQLite" else ():
                conn.execute(text(f"PRAGMA {pragma}"))
            conn.execute(text(_TABLE))
            raw = conn.connection.dbapi_connection
            assert raw is not None
            mark, begin = ("?", "BEGIN IMMEDIATE") if kind == "SQLite" else ("%s", "BEGIN")
            insert = f"INSERT INTO plain VALUES ({mark}, {mark})"
            cursor = raw.cursor()
            began = time.monotonic()
            for number in range(COMMITS):
                cursor.execute(begin)
                cursor.execute(insert, (f"T0:C0:{number}", body))
                cursor.execute("COMMIT")
            seconds = time.monotonic() - began
            cursor.close()
        engine.dispose()
    return COMMITS / seconds
