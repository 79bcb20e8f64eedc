"""What may go wrong with any call to a system and with any event from Slack, each under a name.

Every feature is tried with each of these: what passes is made good without anybody, nothing is lost and
nothing is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import text

from bot.bootstrap import Bot
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

PATIENCE = 0.8
"""Seconds that mayday waits for an answer that never comes, so that no test waits for its usual ones."""


@contextmanager
def impatient(bot: Bot, fault: Fault) -> Iterator[None]:
    """Have it wait but little where a call hangs. Every other answer may be as slow as the machine is."""
    client = bot.app.client
    usual = client.timeout
    client.timeout = PATIENCE if fault.hang else usual
    yield
    client.timeout = usual


def is_at_rest(scene: Scene) -> bool:
    """Whether nothing is being done or due, so that only time brings anything on."""
    table = "workflow_status" if scene.store.is_sqlite else "dbos.workflow_status"
    busy = text(f"SELECT count(*) FROM {table} WHERE status IN ('ENQUEUED', 'PENDING')")
    with scene.store.read() as tx:
        return not tx.execute(busy).scalar() and not resource_rows.due(tx, scene.clock())


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
