"""Only one mayday can use a database."""

from __future__ import annotations

from contextlib import closing

import pytest

from bot.errors import UserError
from bot.store.engine import Store


def test_a_second_one_is_told_and_the_next_may_come(database_url: str) -> None:
    with closing(Store(database_url)) as first, closing(Store(database_url)) as second:
        first.lock()
        with pytest.raises(UserError, match="Another mayday is using"):
            second.lock()
        first.check()
        first.close()
        second.lock()


def _cut_off(holder: Store) -> None:
    """Close the connection that holds the lock, as a server restart does, and wait."""
    with closing(Store(holder.url)) as admin, admin.write() as tx:
        ended = tx.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 20000) FROM pg_locks WHERE locktype = 'advisory'"
        )
        assert ended.scalars().all() == [True]


def test_a_lock_that_was_lost_with_its_connection_is_taken_again(postgres_url: str) -> None:
    with closing(Store(postgres_url)) as holder, closing(Store(postgres_url)) as second:
        holder.lock()
        _cut_off(holder)
        holder.check()
        with pytest.raises(UserError, match="Another mayday is using"):
            second.lock()


def test_a_lock_that_somebody_else_took_meanwhile_shows(postgres_url: str) -> None:
    with closing(Store(postgres_url)) as holder, closing(Store(postgres_url)) as second:
        holder.lock()
        _cut_off(holder)
        second.lock()
        for _ in range(2):
            with pytest.raises(UserError, match="Another mayday is using"):
                holder.check()
