"""What may go wrong with any call to a system and with any event from Slack, each under a name.

Each kind of wrong answer is tried at each adapter (tests/adapters/test_faults.py), and the few outcomes
that the kinds come to are tried with each feature of the whole bot: what passes is made good without
anybody, nothing is lost and nothing is there twice.
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
"""One kind of answer for each outcome at an adapter: done, not done, perhaps done (it was not, it was)."""

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
"""What a proxy on the way may put into Retry-After, with the seconds that it comes to; None says that
nothing sensible is asked."""


def is_at_rest(scene: Scene) -> bool:
    """Whether nothing is being done or due, so that only time brings anything on."""
    if is_busy(scene.store):
        return False
    with scene.store.read() as tx:
        return not resource_rows.due(tx, scene.clock())


def hurried(
    scene: Scene,
    met: Callable[[], object],
    what: str,
    *,
    most: timedelta,
    by: timedelta = timedelta(seconds=5),
) -> None:
    """Wait for something while the shared clock runs fast: at most so much of its time may pass.

    It stands still as long as mayday has something to do, however slow the machine is.
    """
    until = scene.clock() + most

    def moved() -> bool:
        if met():
            return True
        if scene.clock() < until and is_at_rest(scene):
            scene.later(seconds=by.total_seconds())
        return False

    wait_until(moved, f"{what}, within {most} of the clock", timeout=90)
