"""One mayday uses a SQLite file; several share PostgreSQL, but not with an earlier version."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import text

from bot.errors import UserError
from bot.store.engine import LOCK_KEY, Store


def test_a_second_one_is_refused_on_sqlite_and_the_next_may_come(sqlite_url: str) -> None:
    with closing(Store(sqlite_url)) as first, closing(Store(sqlite_url)) as second:
        first.lock()
        with pytest.raises(UserError, match="Another mayday is using"):
            second.lock()
        first.check()
        first.close()
        second.lock()


def test_several_share_postgresql(postgres_url: str) -> None:
    with closing(Store(postgres_url)) as first, closing(Store(postgres_url)) as second:
        first.lock()
        second.lock()


def test_an_earlier_version_that_works_alone_is_not_joined(postgres_url: str) -> None:
    with closing(Store(postgres_url)) as old, closing(Store(postgres_url)) as new:
        with old.engine.connect() as session:
            session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            with pytest.raises(UserError, match="An earlier version of mayday"):
                new.lock()
            session.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
        new.lock()
        with old.engine.connect() as session:
            free = session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
            assert not free.scalar(), "the earlier version would work beside this one"
