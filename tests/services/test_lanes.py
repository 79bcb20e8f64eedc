"""Lanes keep the order of what people read, leave alone what others do, and end when mayday stops."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from bot.domain.resources import ResourceKind, ResourceState
from bot.errors import LeaseLost
from bot.services.lanes import THREADS, Lanes
from bot.services.reconciler import EnsureResult, Reconciler, Resource


class Slow:
    """A reconciler whose calls end when the gate opens."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()

    def ensure(self, _resource: Resource) -> EnsureResult:
        """Wait for the gate."""
        self.begun.release()
        assert self.gate.wait(20)
        return EnsureResult(state=ResourceState.DONE)


def test_a_stop_ends_lanes_that_wait_for_a_thread() -> None:
    slow = Slow()
    lanes = Lanes(cast("Reconciler", slow))
    resources = [
        Resource(
            incident_id="abc123abc123",
            kind=ResourceKind.TOPIC,
            subject=f"U{number}",
            spec={},
            create=dict[str, Any],
        )
        for number in range(THREADS + 4)
    ]

    def run() -> None:
        with pytest.raises(LeaseLost):
            lanes.run(lambda: resources)

    runner = threading.Thread(target=run, daemon=True)
    runner.start()
    for _ in range(THREADS):
        assert slow.begun.acquire(timeout=10)
    lanes.close()
    slow.gate.set()
    runner.join(10)
    assert not runner.is_alive()
    assert not slow.begun.acquire(blocking=False), "nothing more is begun"


class Shared:
    """A reconciler that records what it does; ``busy`` kinds are another process's work."""

    def __init__(self, *busy: ResourceKind) -> None:
        self.busy = busy
        self.done: list[str] = []

    def ensure(self, resource: Resource) -> EnsureResult:
        """Do what nobody else does."""
        if resource.kind in self.busy:
            return EnsureResult(state=ResourceState.ATTEMPTING, is_busy=True)
        self.done.append(resource.kind.value)
        return EnsureResult(state=ResourceState.DONE)


def done_by(shared: Shared) -> list[str]:
    """Run a card, an entry and a topic."""
    kinds = (ResourceKind.CARD, ResourceKind.ENTRY, ResourceKind.TOPIC)
    resources = [
        Resource(incident_id="abc123abc123", kind=kind, spec={}, create=dict[str, Any])
        for kind in kinds
    ]
    lanes = Lanes(cast("Reconciler", shared))
    lanes.run(lambda: resources)
    lanes.close()
    return shared.done


def test_one_lane_keeps_its_order() -> None:
    done = done_by(Shared())
    assert done.index("card") < done.index("entry")
    assert sorted(done) == ["card", "entry", "topic"]


def test_nothing_overtakes_what_another_process_is_at_work_on() -> None:
    assert done_by(Shared(ResourceKind.CARD)) == ["topic"]
