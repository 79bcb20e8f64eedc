"""A transaction whose process is suspended or cut off keeps no other replica waiting."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.store import engine
from bot.store.engine import DatabaseError, Store


def test_a_transaction_that_idles_is_ended_with_its_locks(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "IDLE_TRANSACTION", 0.3)
    suspended, other = Store(postgres_url), Store(postgres_url)
    with other.write() as tx:
        tx.execute(text("CREATE TABLE thing (id int PRIMARY KEY)"))
        tx.execute(text("INSERT INTO thing VALUES (1)"))
    lock = text("SELECT id FROM thing FOR UPDATE")
    found: list[int] = []
    with pytest.raises(DatabaseError), suspended.write() as held:
        held.execute(lock)
        with other.write() as tx:
            tx.execute(text("SET LOCAL lock_timeout = '10s'"))
            found += tx.execute(lock).scalars()
        held.execute(lock)
    assert found == [1]
    suspended.close()
    other.close()
