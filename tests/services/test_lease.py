"""Of several replicas one takes over what an ended one left, and one without its lease begins nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.domain.limits import Limits
from bot.errors import LeaseLost
from bot.services.audit import Audit
from bot.services.lease import Lease, Takeover
from bot.store import leases as rows
from bot.store.engine import Store
from bot.store.tables import replica
from tests.support.rows import NoWork
from tests.support.waiting import wait_until

QUICK = Limits(call=0.3, lease=0.6)


class Resuming(NoWork):
    """Durable work that records whose workflows are resumed."""

    def __init__(self) -> None:
        super().__init__()
        self.resumed: list[str] = []

    def resume(self, executors: Sequence[str]) -> list[str]:
        """Record the executors."""
        self.resumed += executors
        return list(executors)


@pytest.fixture
def stores(postgres_url: str) -> Iterator[Callable[[], Store]]:
    """Makes connections of several replicas to one database."""
    with ExitStack() as stack:

        def another() -> Store:
            made = Store(postgres_url)
            stack.callback(made.close)
            return made

        another().migrate()
        yield another


@contextmanager
def holding(store: Store, limits: Limits = QUICK) -> Iterator[tuple[Lease, threading.Event]]:
    """A started lease, and an event that is set when it is lost."""
    lost = threading.Event()
    lease = Lease(store, limits, version="1", lost=lost.set)
    lease.start()
    try:
        yield lease, lost
    finally:
        lease.stop()


def until(store: Store) -> datetime:
    """The end of the only lease."""
    with store.read() as tx:
        found: datetime = tx.execute(select(replica.c.lease_until)).scalar_one()
    return found


def ended(
    store: Store,
    replica_id: str,
    *,
    ago: timedelta = timedelta(minutes=1),
    taken_by: str | None = None,
) -> None:
    """Store a replica whose lease has ended."""
    with store.write() as tx:
        moment = store.now(tx) - ago
        rows.register(
            tx,
            rows.Replica(
                id=replica_id,
                host="",
                version="1",
                started_at=moment,
                lease_until=moment,
                taken_by=taken_by,
            ),
        )


def end(store: Store, lease: Lease, *, ago: float) -> None:
    """Move a lease's end into the past, as if it had not been renewed."""
    with store.write() as tx:
        moment = store.now(tx) - timedelta(seconds=ago)
        tx.execute(update(replica).where(replica.c.id == lease.id).values(lease_until=moment))


def test_a_lease_is_renewed(stores: Callable[[], Store]) -> None:
    store = stores()
    with holding(store) as (lease, lost):
        first = until(store)

        def renewed() -> bool:
            return until(store) > first + timedelta(seconds=QUICK.lease)

        wait_until(renewed, "renewed for longer than one lease")
        with store.write() as tx:
            lease.check(tx)
        assert not lost.is_set()


def test_work_is_taken_over_only_after_the_lease_and_the_call_limit(
    stores: Callable[[], Store],
) -> None:
    dead, alive = stores(), stores()
    limits = Limits(call=10, lease=12)
    gone = Lease(dead, limits, version="1", lost=lambda: None)
    ended(dead, gone.id, ago=timedelta(0))
    with holding(alive, limits) as (lease, _):
        work = Resuming()
        takeover = Takeover(alive, work, lease, limits)
        end(alive, gone, ago=9)
        assert takeover.take_over() == []
        end(alive, gone, ago=11)
        assert takeover.take_over() == [gone.id]
        takeover.take_over()
        (line,) = Audit(alive).latest(limit=9)
        assert (line.line.act, line.line.target) == ("replica.take_over", f"replica/{gone.id}")


def test_one_of_several_takes_over(stores: Callable[[], Store]) -> None:
    gone = Lease(stores(), QUICK, version="1", lost=lambda: None)
    ended(stores(), gone.id)
    with ExitStack() as stack:
        works = []
        takeovers = []
        for _ in range(4):
            store, work = stores(), Resuming()
            lease, _ = stack.enter_context(holding(store, Limits()))
            works.append(work)
            takeovers.append(Takeover(store, work, lease, Limits()))
        barrier = threading.Barrier(len(takeovers))

        def race(takeover: Takeover) -> None:
            barrier.wait(10)
            takeover.take_over()

        threads = [threading.Thread(target=race, args=[each]) for each in takeovers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert [work.resumed for work in works if work.resumed] == [[gone.id]]


def test_what_a_replica_took_over_and_left_is_taken_over_again(
    stores: Callable[[], Store],
) -> None:
    store = stores()
    ended(store, "first", taken_by="second")
    ended(store, "second")
    with holding(store, Limits()) as (lease, _):
        assert sorted(Takeover(store, Resuming(), lease, Limits()).take_over()) == [
            "first",
            "second",
        ]


def test_a_replica_whose_work_was_taken_over_ends_itself(stores: Callable[[], Store]) -> None:
    store = stores()
    with holding(store) as (lease, lost):
        with store.write() as tx:
            tx.execute(update(replica).where(replica.c.id == lease.id).values(taken_by="another"))
        assert lost.wait(10)
        with store.write() as tx, pytest.raises(LeaseLost):
            lease.check(tx)


def test_a_replica_that_cannot_renew_begins_nothing_and_ends_itself(
    stores: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = stores(), stores()
    with holding(store) as (lease, lost):
        monkeypatch.setattr(rows, "renew", lambda *_args: 1 / 0)
        assert lost.wait(10)
        assert not lease.is_valid
        with other.write() as tx, pytest.raises(LeaseLost):
            lease.check(tx)


def test_what_a_replica_commits_after_its_end_is_rolled_back(
    stores: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command waited in a stopped process; its author has typed it again meanwhile."""
    store, other = stores(), stores()
    with holding(store) as (lease, lost):
        store.before_commit = lease.refuse_late
        monkeypatch.setattr(rows, "renew", lambda *_args: 1 / 0)
        with pytest.raises(LeaseLost), store.write() as tx:
            assert rows.take(tx, "late", lease.id, now=store.now(tx), seconds=60)
            assert lost.wait(10)
        with other.write() as tx:
            assert rows.take(tx, "late", "another", now=other.now(tx), seconds=60)


def test_a_commit_that_is_refused_as_late_ends_the_replica(
    stores: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread ends, even where the lease can be renewed a moment later."""
    store = stores()
    with holding(store, Limits()) as (lease, lost):
        monkeypatch.setattr(lease, "_renewed", lease._renewed - Limits().over)
        with pytest.raises(LeaseLost):
            lease.refuse_late()
        assert lost.is_set()


def test_after_its_end_nothing_is_begun(database_url: str) -> None:
    """A workflow outlives a stop; on SQLite another process can be at work by then."""
    store = Store(database_url)
    store.migrate()
    with holding(store, Limits()) as (lease, _), store.write() as tx:
        lease.check(tx)
    with store.write() as tx, pytest.raises(LeaseLost):
        lease.check(tx)
    store.close()


def test_a_takeover_that_fails_after_its_claim_is_repeated(database_url: str) -> None:
    """Also of a replica that ended long ago, as every one before has on SQLite."""

    class Failing(Resuming):
        def resume(self, executors: Sequence[str]) -> list[str]:
            if not self.resumed:
                self.resumed.append("failed")
                raise ConnectionError
            return super().resume(executors)

    store = Store(database_url)
    store.migrate()
    ended(store, "gone", ago=timedelta(hours=2))
    with holding(store, Limits()) as (lease, _):
        takeover = Takeover(store, Failing(), lease, Limits())
        with pytest.raises(ConnectionError):
            takeover.take_over()
        assert takeover.take_over() == ["gone"]
        assert takeover.take_over() == []
    store.close()


def test_an_ended_lease_that_nobody_took_is_renewed(stores: Callable[[], Store]) -> None:
    store = stores()
    with holding(store, Limits(call=10, lease=4)) as (lease, lost):
        end(store, lease, ago=1)
        with store.write() as tx, pytest.raises(LeaseLost):
            lease.check(tx)

        def valid() -> bool:
            with store.write() as tx:
                return rows.holds(tx, lease.id, store.now(tx))

        wait_until(valid, "renewed")
        assert not lost.is_set()


def test_on_sqlite_a_new_process_takes_over_at_once(sqlite_url: str) -> None:
    """The lock of the file proves that the process before has ended."""
    store = Store(sqlite_url)
    store.migrate()
    with holding(store) as (first, _):
        pass
    with holding(store) as (second, lost):
        assert Takeover(store, Resuming(), second, Limits()).take_over() == [first.id]
        assert second.is_valid
        assert not lost.is_set()
    store.close()


def test_work_that_is_claimed_is_left_alone_until_the_claim_ends(database_url: str) -> None:
    store = Store(database_url)
    store.migrate()
    with store.write() as tx:
        now = store.now(tx)
        assert rows.take(tx, "sweep", "one", now=now, seconds=10)
        assert not rows.take(tx, "sweep", "two", now=now, seconds=10)
        assert rows.take(tx, "sweep", "one", now=now, seconds=20)
        assert not rows.take(tx, "sweep", "two", now=now + timedelta(seconds=19), seconds=10)
        assert rows.take(tx, "sweep", "two", now=now + timedelta(seconds=20), seconds=10)
    store.close()
