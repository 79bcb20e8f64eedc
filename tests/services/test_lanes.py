"""Lanes end when mayday stops, also while more waits than there are threads."""

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
