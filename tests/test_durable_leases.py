"""A replica that lost its lease leaves its workflows to another one."""

from __future__ import annotations

import threading

from bot.durable import DurableWork
from bot.errors import LeaseLost
from bot.store.engine import Store
from tests.support.durable import ended, enqueue, working
from tests.support.waiting import wait_until


def test_what_a_replica_without_its_lease_leaves_is_done_by_another(store: Store) -> None:
    """Losing the lease ends a workflow without recording a failure."""
    ran: list[str] = []
    begun = threading.Event()

    def act() -> None:
        begun.set()
        raise LeaseLost

    def fenced() -> None:
        work.step("act", act)

    with working(store, "first", note=fenced) as work:
        enqueue(work, store, "k1")
        assert begun.wait(20)
    assert ended(store) == {}
    with working(store, "second", note=lambda: ran.append("done")) as other:
        assert other.resume(["first"]) == ["k1"]
        wait_until(lambda: ended(store) == {"k1": "SUCCESS"}, "done by the other")
    assert ran == ["done"]


def test_a_replica_without_its_lease_begins_no_workflow(store: Store) -> None:
    ran: list[str] = []
    work = DurableWork(store.url, executor="first", poll=0.02, allowed=lambda: False)
    work.workflow("note", ran.append)
    work.launch()
    try:
        enqueue(work, store, "k1", "fenced")
        wait_until(lambda: work.resume(["first"]) == ["k1"], "it was taken and given back")
    finally:
        work.close()
    with working(store, "second", note=ran.append) as other:
        other.resume(["first"])
        wait_until(lambda: ended(store) == {"k1": "SUCCESS"}, "done by the other")
    assert ran == ["fenced"]
