"""Named faults of calls to a system and of events from Slack.

tests/adapters/test_faults.py tries each fault at each adapter. Other tests try each outcome
of these faults with each feature of the whole bot. mayday recovers from temporary faults
without help, loses nothing and duplicates nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.store import resources as resource_rows
from sandbox.faults import (
    Fault,
    Garbled,
    drop_after,
    drop_before,
    garbled,
    hangs,
    hours,
    late,
    missing,
    overtaken,
    rate_limited,
    says,
    slow,
    twice,
    unacknowledged,
)
from tests.support.bot import Scene
from tests.support.shared import is_busy
from tests.support.waiting import wait_until

CALLS: dict[str, Fault] = {
    "slow": slow(0.5),
    "429": rate_limited(1),
    "503 before": says(503),
    "500 after": says(500, effect=True),
    "HTML": garbled(Garbled.HTML),
    "cut short": garbled(Garbled.TRUNCATED),
    "empty": garbled(Garbled.EMPTY),
    "another shape": garbled(Garbled.ANOTHER_SHAPE),
    "dropped before": drop_before(),
    "dropped after": drop_after(),
    "no answer before": hangs(),
    "no answer after": hangs(effect=True),
}

OUTCOMES: dict[str, Fault] = {
    name: CALLS[name] for name in ("slow", "429", "dropped before", "dropped after")
}
"""One fault for each outcome at an adapter: done, not done, unknown (not done, done)."""

EVENTS: dict[str, Fault] = {
    "slow": slow(0.5),
    "twice": twice(),
    "hours late": late(hours(3)),
    "out of order": overtaken(),
    "missing": missing(),
    "lost on the way": drop_before(),
    "acknowledgement lost": unacknowledged(),
    "acknowledgement lost, sent again as a first": unacknowledged(retry_attempt=0),
}

WAITS: dict[str, float | None] = {
    "": None,
    "soon": None,
    "-5": None,
    "0": 1,
    "999999": 3600,
    "Fri, 01 Jan 2100 00:00:00 GMT": 3600,
    "Sun, 22 Nov 2020 12:00:00 GMT": 1,
}
"""Retry-After values that a proxy may send, with the seconds they mean. None means that
the value is ignored."""


def is_at_rest(scene: Scene) -> bool:
    """Whether no work is running or due."""
    if is_busy(scene.store):
        return False
    with scene.store.read() as tx:
        return not resource_rows.has_due(tx, scene.clock())


def hurried(
    scene: Scene,
    met: Callable[[], object],
    what: str,
    *,
    most: timedelta,
    by: timedelta = timedelta(seconds=5),
) -> None:
    """Wait for a condition while the shared clock runs fast, up to a limit of its time.

    The clock stops while mayday has work, so a slow machine does not matter.
    """
    until = scene.clock() + most

    def moved() -> bool:
        if met():
            return True
        if scene.clock() < until and is_at_rest(scene):
            scene.later(seconds=by.total_seconds())
        return False

    wait_until(moved, f"{what}, within {most} of the clock", timeout=90)
