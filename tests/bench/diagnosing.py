"""Reading everything for a diagnosis: a hub of 2,000 users and 1,000 pods, 50 ms away."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from bot import deadline
from bot.domain.facts import MORE
from bot.services.facts import read_facts
from tests.bench.result import Result
from tests.bench.world import World
from tests.support.crowd import SERVERS, USERS, crowd

DELAY = 0.05
TIMES = 7
MOST, SECONDS, CPU = 25.0, 1.2, 0.5
ROUNDS = 10
"""Requests that wait for each other: two pages of pods, six of servers with their overlap, two of pods."""


def measure(world: World) -> Iterator[Result]:
    """Measure the requests under way at once, the time and the CPU: the median of some readings."""
    seconds, cpu, most = [], [], 0
    with crowd(DELAY) as running:
        site = running.site(world.place("diagnose"))
        for number in range(TIMES + 1):
            began, used = time.perf_counter(), time.process_time()
            with deadline.patience(30):
                facts = read_facts(site, datetime.now(UTC), more=MORE)
            if number:  # the first one imports the client
                seconds.append(time.perf_counter() - began)
                cpu.append(time.process_time() - used)
            most = max(most, running.stats()["most"])
            assert not facts.unknown, facts.unknown
    what = f"reading {USERS:,} users and {SERVERS:,} pods at {DELAY * 1000:.0f} ms"
    yield Result(name=f"{what}: at once", value=most, unit="requests", goal=MOST)
    yield Result(
        name=f"{what}: time",
        value=statistics.median(seconds),
        unit="s",
        ceiling=ROUNDS * DELAY,
        goal=SECONDS,
        note=f"at most {max(seconds):.2f} s; ceiling: requests that wait for each other",
    )
    yield Result(name=f"{what}: CPU", value=statistics.median(cpu), unit="s", goal=CPU)
