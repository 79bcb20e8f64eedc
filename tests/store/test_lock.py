"""Only one mayday works on a database, of either kind."""

from __future__ import annotations

from contextlib import closing

import pytest

from bot.errors import ConfigError, Tell
from bot.store.engine import Store


def test_a_second_one_is_told_and_the_next_may_come(database_url: str) -> None:
    with closing(Store(database_url)) as first, closing(Store(database_url)) as second:
        first.lock()
        with pytest.raises(Tell, match="Another mayday is using"):
            second.lock()
        first.check()
        first.close()
        second.lock()


def test_a_lock_that_was_lost_with_its_connection_shows(postgres_url: str) -> None:
    with closing(Store(postgres_url)) as holder, closing(Store(postgres_url)) as admin:
        holder.lock()
        with admin.write() as tx:
            tx.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            )
        with pytest.raises(ConfigError, match=r"database\.url"):
            holder.check()
