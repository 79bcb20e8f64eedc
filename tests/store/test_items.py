"""Claims on repositories and on digests, of several replicas, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.store import items as rows
from bot.store.engine import Store

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@BOTH
def test_one_replica_has_a_repository_and_it_is_asked_for_meanwhile(store: Store) -> None:
    with store.write() as tx:
        assert rows.follow(tx, "Org/Repo", since=NOW, due_at=NOW)
        assert not rows.follow(tx, "org/repo", since=NOW, due_at=NOW)
        claimed = rows.claim(tx, "a", due=NOW, now=NOW, until=NOW + MINUTE)
        assert claimed is not None and claimed.name == "org/repo"
        assert rows.claim(tx, "b", due=NOW, now=NOW, until=NOW + MINUTE) is None
        assert rows.holds(tx, claimed, now=NOW)
        assert not rows.holds(tx, claimed, now=NOW + MINUTE)
        assert rows.release(tx, claimed, due_at=NOW + 5 * MINUTE, etag="x")
        assert rows.claim(tx, "b", due=NOW, now=NOW, until=NOW + MINUTE) is None
        assert rows.ask(tx, "ORG/repo", due_at=NOW)
        assert not rows.ask(tx, "org/other", due_at=NOW)
        claimed = rows.claim(tx, "b", due=NOW, now=NOW, until=NOW + MINUTE)
        assert claimed is not None and claimed.etag == "x"
        assert not rows.is_asked(tx, claimed)
        assert rows.ask(tx, "org/repo", due_at=NOW + timedelta(seconds=1))
        assert rows.is_asked(tx, claimed)
        assert not rows.release(tx, claimed, due_at=NOW + 5 * MINUTE)
        assert rows.repositories(tx)[0].due_at == NOW + timedelta(seconds=1)


@BOTH
def test_a_claim_that_has_ended_changes_nothing_of_the_next(store: Store) -> None:
    with store.write() as tx:
        rows.follow(tx, "org/repo", since=NOW, due_at=NOW)
        old = rows.claim(tx, "a", due=NOW, now=NOW, until=NOW + MINUTE)
        new = rows.claim(tx, "b", due=NOW, now=NOW + MINUTE, until=NOW + 2 * MINUTE)
        assert old is not None and new is not None
        rows.release(tx, old, due_at=NOW + 5 * MINUTE, error="late", etag="old")
        (found,) = rows.repositories(tx)
        assert (found.owner, found.error, found.etag) == ("b", "", "")
        assert rows.holds(tx, new, now=NOW + MINUTE)


@BOTH
def test_two_replicas_at_once_claim_a_repository_once(store: Store) -> None:
    with store.write() as tx:
        rows.follow(tx, "org/repo", since=NOW, due_at=NOW)
    if store.is_sqlite:
        return  # its writers wait for each other
    replica = Store(store.url)
    with store.write() as one, replica.write() as other:
        assert rows.claim(one, "a", due=NOW, now=NOW, until=NOW + MINUTE) is not None
        assert rows.claim(other, "b", due=NOW, now=NOW, until=NOW + MINUTE) is None
    replica.close()


@BOTH
def test_a_digest_is_claimed_until_it_is_posted(store: Store) -> None:
    week = date(2026, 11, 23)
    with store.write() as tx:
        assert rows.claim_digest(tx, week, "a", now=NOW, until=NOW + MINUTE)
        assert not rows.claim_digest(tx, week, "b", now=NOW, until=NOW + MINUTE)
        assert rows.claim_digest(tx, week, "b", now=NOW + MINUTE, until=NOW + 2 * MINUTE)
        assert not rows.has_digest(tx, week)
        rows.end_digest(tx, week, at=NOW + MINUTE)
        assert rows.has_digest(tx, week)
        assert not rows.claim_digest(tx, week, "a", now=NOW + timedelta(days=9), until=NOW)
