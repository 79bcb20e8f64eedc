"""Claims on stored deliveries: one replica processes each, and a living one takes over from a dead one."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import pytest

from bot.services.inbox import Inbox
from bot.store import inbox as rows
from bot.store.engine import Store
from bot.store.tables import inbox
from tests.support.rows import end_claims

BOTH = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


def row(store: Store, key: str) -> dict[str, Any]:
    """A stored delivery."""
    with store.read() as tx:
        return dict(tx.execute(inbox.select().where(inbox.c.key == key)).mappings().one())


class Worker:
    """A replica that notes what it processes."""

    def __init__(self, store: Store, owner: str) -> None:
        self.inbox = Inbox(store, owner=owner)
        self.done: list[str] = []

    def work(self, key: str, _body: Any) -> None:
        self.done.append(key)

    def replay(self) -> list[str]:
        """Replay, and return everything this replica processed."""
        self.inbox.replay(self.work)
        return self.done


@BOTH
def test_a_request_moves_from_a_dead_replica_to_a_living_one(store: Store) -> None:
    dead, living = Worker(store, "dead"), Worker(store, "living")
    assert dead.inbox.store("command/1", {"text": "run"})
    assert living.replay() == [], "its replica may be at it"
    end_claims(store)
    assert living.replay() == ["command/1"]
    assert living.replay() == ["command/1"], "once"
    assert row(store, "command/1")["done_at"]


@BOTH
def test_who_lost_a_claim_neither_finishes_nor_fails_the_delivery(store: Store) -> None:
    """A replica that was stopped goes on while another one processes its delivery."""
    slow, living = Worker(store, "slow"), Worker(store, "living")
    slow.inbox.store("command/1", {})

    def overtaken(*_args: Any) -> None:
        end_claims(store)
        with store.write() as tx:
            now = store.now(tx)
            assert rows.claim(tx, "living", now=now, until=now + (now - now), limit=5)

    slow.inbox.process("command/1", overtaken)
    assert (row(store, "command/1")["done_at"], row(store, "command/1")["owner"]) == (
        None,
        "living",
    )

    def fails() -> None:
        raise ValueError

    slow.inbox.process("command/1", fails)
    assert row(store, "command/1")["attempts"] == 0
    with store.write() as tx:
        assert not slow.inbox.finish("command/1")(tx)
        assert living.inbox.finish("command/1")(tx)


@BOTH
def test_the_oldest_is_processed_first_and_more_than_a_batch(store: Store) -> None:
    dead, living = Worker(store, "dead"), Worker(store, "living")
    keys = [f"command/{n}" for n in range(45)]
    for key in keys:
        dead.inbox.store(key, {})
    end_claims(store)
    assert living.replay() == keys


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_replicas_never_process_one_delivery_at_once(store: Store) -> None:
    first = Store(store.url)
    second = Store(store.url)
    dead = Inbox(store, owner="dead")
    for number in range(60):
        dead.store(f"command/{number}", {})
    end_claims(store)
    together = threading.Barrier(2)
    workers = [Worker(first, "first"), Worker(second, "second")]

    def replay(worker: Worker) -> None:
        together.wait(10)
        worker.inbox.replay(worker.work)

    threads = [threading.Thread(target=replay, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    done = Counter(workers[0].done + workers[1].done)
    assert done == Counter({f"command/{number}": 1 for number in range(60)})
    first.close()
    second.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_claim_passes_over_what_another_replica_is_claiming(store: Store) -> None:
    """It would otherwise wait for the other's transaction."""
    dead = Inbox(store, owner="dead")
    dead.store("command/1", {})
    dead.store("command/2", {})
    end_claims(store)
    replica = Store(store.url)
    with store.write() as tx:
        now = store.now(tx)
        ((claimed, _),) = rows.claim(tx, "first", now=now, until=now, limit=1)
        with replica.write() as other:
            found = rows.claim(other, "second", now=now, until=now, limit=5)
    replica.close()
    assert [claimed, *(key for key, _ in found)] == ["command/1", "command/2"]


@BOTH
def test_pauses_between_attempts_grow(store: Store) -> None:
    failing = Inbox(store, owner="failing")
    failing.store("command/1", {})

    def fails(*_args: Any) -> None:
        raise ValueError("no")

    pauses = []
    for _ in range(rows.MAX_ATTEMPTS - 1):
        end_claims(store)
        failing.replay(fails)
        with store.read() as tx:
            pauses.append(row(store, "command/1")["claimed_until"] - store.now(tx))
    assert [round(p.total_seconds() / 10) for p in pauses] == [1, 2, 4, 8, 16, 32, 64]
    assert row(store, "command/1")["error"] == "ValueError: no"


@BOTH
def test_writers_of_one_process_wait_for_each_other(store: Store) -> None:
    """SQLite's own wait polls, and gives up after some time."""
    inside: list[int] = []
    most: list[int] = []

    def write(number: int) -> None:
        with store.write() as tx:
            inside.append(number)
            rows.add_done(tx, f"Ev{number}")
            most.append(len(inside))
            time.sleep(0.002)
            inside.remove(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with store.read() as tx:
        assert len(tx.execute(inbox.select()).all()) == 12
    if store.is_sqlite:
        assert max(most) == 1
