"""Intake: events a second, CPU time an event, two processes, and memory after many events."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.slack import SlackSandbox
from tests.bench.ceilings import plain_commits
from tests.bench.processes import Process, bolt, mayday
from tests.bench.result import Result
from tests.bench.world import KINDS, World, declare, recorded, send
from tests.support.waiting import wait_until

WARM = 300
EVENTS = 2700
MANY = 20_000
PART = 1000
MANY_SECONDS = 75.0
RATE = {"SQLite": 300.0, "PostgreSQL": 250.0}
CPU_MS = 3.3
RESIDENT_MB = 150.0
CPU_OF_TWO = 1.15
RATE_OF_TWO = 1.6
CORES_FOR_TWO = 4
SECONDS_TO_READ = 7.0
"""When a process that connected has claimed the readings of history that its start requests."""
SECOND_SECONDS = 8.0
"""How long a second process may take to connect or to refuse."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What was measured: events a second, and milliseconds of CPU time for each."""

    rate: float
    cpu_ms: float


def measure(world: World) -> Iterator[Result]:
    """Measure every row."""
    alone, bolt_resident = _bolt(world)
    for kind in KINDS:
        place = world.place("intake")
        commits = plain_commits(world, kind, world.place("commits"))
        with (
            world.database(kind, place) as url,
            world.slack(place) as slack,
            mayday(slack, url, place) as process,
        ):
            channel = declare(slack)
            found = _intake(slack, url, channel, process)
            yield Result(
                name=f"intake, {kind}",
                value=found.rate,
                unit="events/s",
                ceiling=alone.rate,
                goal=RATE[kind],
                at_least=True,
                note=f"Bolt alone; plain commits: {commits:,.0f}/s",
            )
            yield Result(
                name=f"intake, {kind}, CPU",
                value=found.cpu_ms,
                unit="ms/event",
                ceiling=alone.cpu_ms,
                goal=CPU_MS,
            )
            if kind == "SQLite":
                count = _send_many(slack, url, channel)
                yield Result(
                    name=f"resident after {MANY:,} events",
                    value=process.resident,
                    unit="MB",
                    ceiling=bolt_resident,
                    goal=RESIDENT_MB,
                    note="" if count >= MANY else f"only {count:,} within {MANY_SECONDS:g} s",
                )
            else:
                yield from _two(slack, url, channel, place, process, found)


def _bolt(world: World) -> tuple[Intake, float]:
    place = world.place("bolt")
    with world.slack(place) as slack, bolt(slack, place) as process:
        with slack._workspace.edit():
            slack._live("general").members.append(slack.bot_user_id)
        send(slack, "general", WARM)
        cpu = process.cpu
        seconds = send(slack, "general", EVENTS)
        used = process.cpu - cpu
        found = Intake(rate=EVENTS / seconds, cpu_ms=used / EVENTS * 1000)
        return found, process.resident


def _intake(slack: SlackSandbox, url: str, channel: str, *processes: Process) -> Intake:
    """The time begins after what each start reads, and ends when everything is recorded."""
    with recorded(url) as messages:
        messages.wait_read()
    _send_recorded(slack, url, channel, WARM)
    before = sum(process.cpu for process in processes)
    seconds = _send_recorded(slack, url, channel, EVENTS)
    used = sum(process.cpu for process in processes) - before
    return Intake(rate=EVENTS / seconds, cpu_ms=used / EVENTS * 1000)


def _send_recorded(slack: SlackSandbox, url: str, channel: str, count: int) -> float:
    with recorded(url) as messages:
        before = messages.count()
        began = time.monotonic()
        send(slack, channel, count)
        messages.wait(before + count)
        return time.monotonic() - began


def _send_many(slack: SlackSandbox, url: str, channel: str) -> int:
    """Send the rest of many events, and return how many were sent in all within the time."""
    count, began = WARM + EVENTS, time.monotonic()
    while count < MANY and time.monotonic() - began < MANY_SECONDS:
        _send_recorded(slack, url, channel, PART)
        count += PART
    return count


def _two(
    slack: SlackSandbox, url: str, channel: str, place: Path, first: Process, one: Intake
) -> Iterator[Result]:
    """Measure one process again and then both: of two measurements each, the one that used less CPU time."""
    cpu = "intake, two processes, CPU beside one's"
    rate = "intake, two processes, rate beside one's"
    judged = (os.cpu_count() or 1) >= CORES_FOR_TWO
    note = "" if judged else f"not judged: fewer than {CORES_FOR_TWO} cores"
    one = _better(one, _intake(slack, url, channel, first))
    with mayday(slack, url, place, name="second", wait=False) as second:
        if not _joined(slack, second):
            note = "a second process does not serve this database"
            yield Result(name=cpu, value=None, unit="×", ceiling=1.0, goal=CPU_OF_TWO, note=note)
            yield Result(name=rate, value=None, unit="×", ceiling=2.0, note=note)
            return
        time.sleep(SECONDS_TO_READ)
        found = _better(*(_intake(slack, url, channel, first, second) for _ in range(2)))
    yield Result(name=cpu, value=found.cpu_ms / one.cpu_ms, unit="×", ceiling=1.0, goal=CPU_OF_TWO)
    yield Result(
        name=rate,
        value=found.rate / one.rate,
        unit="×",
        ceiling=2.0,
        goal=RATE_OF_TWO if judged else None,
        at_least=True,
        note=note,
    )


def _better(*found: Intake) -> Intake:
    return min(found, key=lambda each: each.cpu_ms)


def _joined(slack: SlackSandbox, second: Process) -> bool:
    """Whether the second process connects, too."""
    try:
        wait_until(lambda: slack.socket_count >= 2 or second.has_ended, "", timeout=SECOND_SECONDS)
    except TimeoutError:
        return False
    return not second.has_ended
