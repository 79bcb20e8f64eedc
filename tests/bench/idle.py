"""mayday while nothing happens: CPU time, how soon it begins what comes, and how soon it starts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from sandbox.slack import Direction, Fault, Passage, SlackSandbox
from tests.bench.processes import Process, bolt, mayday
from tests.bench.result import Result
from tests.bench.world import KINDS, World, declare
from tests.support.waiting import wait_until

STARTS = 2
SETTLE = 5.0
SECONDS = 20.0
TIMES = 5
APART = 0.73
"""Seconds between changes: no multiple of a polling interval."""
CPU_PERCENT = 3.0
CONNECTED = 2.5
DECLARATION_MS = 50.0
CHANGE_MS = 500.0


@dataclass(frozen=True, kw_only=True)
class _Idle:
    slack: SlackSandbox
    process: Process
    channel: str


def start(world: World) -> Iterator[Result]:
    """Measure the time from a start to the connection, on an empty database and on a used one."""
    place = world.place("start")
    with world.slack(place) as slack:
        least = [_connect(slack, world) for _ in range(STARTS)]
    for kind in KINDS:
        place = world.place("start")
        with world.database(kind, place) as url, world.slack(place) as slack:
            found = []
            for _ in range(STARTS + 1):
                with mayday(slack, url, place) as process:
                    found.append(process.seconds_to_connect or 0.0)
                wait_until(lambda: not slack.socket_count, "the end of the socket")
        yield Result(
            name=f"start to connected, {kind}",
            value=statistics.median(found[1:]),
            unit="s",
            ceiling=statistics.median(least),
            goal=CONNECTED,
            note=f"median of {STARTS}; the first, on an empty database: {found[0]:.2f} s",
        )


def _connect(slack: SlackSandbox, world: World) -> float:
    with bolt(slack, world.place("bolt")) as process:
        return process.seconds_to_connect or 0.0


def measure(world: World) -> Iterator[Result]:
    """Measure CPU time and delays with one open incident, on each kind of database side by side."""
    with ExitStack() as stack:
        place = world.place("bolt")
        empty = stack.enter_context(bolt(stack.enter_context(world.slack(place)), place))
        found: dict[str, _Idle] = {}
        for kind in KINDS:
            place = world.place("idle")
            url = stack.enter_context(world.database(kind, place))
            slack = stack.enter_context(world.slack(place))
            process = stack.enter_context(mayday(slack, url, place))
            found[kind] = _Idle(slack=slack, process=process, channel=declare(slack))
        time.sleep(SETTLE)
        processes = {"": empty, **{kind: idle.process for kind, idle in found.items()}}
        before = {name: process.cpu for name, process in processes.items()}
        began = time.monotonic()
        time.sleep(SECONDS)
        seconds = time.monotonic() - began
        used = {
            name: (process.cpu - before[name]) / seconds * 100
            for name, process in processes.items()
        }
        for kind, idle in found.items():
            yield Result(
                name=f"idle CPU, {kind}",
                value=used[kind],
                unit="% of a core",
                ceiling=used[""],
                goal=CPU_PERCENT,
                note=f"over {seconds:.0f} s, with one open incident",
            )
            declarations = [_declaration(idle.slack, number) for number in range(TIMES)]
            changes = [_change(idle, number) for number in range(TIMES)]
            yield Result(
                name=f"a declaration begun after its ack, {kind}",
                value=statistics.median(declarations),
                unit="ms",
                ceiling=0.0,
                goal=DECLARATION_MS,
                note=f"median of {TIMES}; longest {max(declarations):.0f} ms",
            )
            yield Result(
                name=f"a change begun after its ack, {kind}",
                value=max(changes),
                unit="ms",
                ceiling=0.0,
                goal=CHANGE_MS,
                note=f"longest of {TIMES}; median {statistics.median(changes):.0f} ms",
            )


class _FirstCall:
    """Notes when the first call of some methods arrives."""

    def __init__(self, *methods: str) -> None:
        self._methods = methods
        self.at = 0.0

    def __call__(self, passage: Passage) -> Fault | None:
        if passage.direction is Direction.CALL and passage.name in self._methods and not self.at:
            self.at = time.monotonic()
        return None

    def wait(self, since: float) -> float:
        """Milliseconds from ``since`` to the call, which may have come before."""
        wait_until(lambda: self.at, "a call", timeout=20)
        return max(0.0, (self.at - since) * 1000)


def _declaration(slack: SlackSandbox, number: int) -> float:
    """From the acknowledged form to the first call that opens the channel."""
    ana = slack.person("ana")
    ana.command("general", f"/incident declare Hub is slow {number}")
    slack.wait_for(lambda: bool(ana.views()))
    call = _FirstCall("conversations.create")
    slack.faults = [call]
    ana.submit(ana.views()[-1]["id"], {"hubs": []})  # not like those before
    found = call.wait(time.monotonic())
    slack.faults.clear()
    time.sleep(APART)
    return found


def _change(idle: _Idle, number: int) -> float:
    """From the acknowledged command to the first call that updates the card or the topic."""
    time.sleep(APART)
    call = _FirstCall("chat.update", "conversations.setTopic", "chat.postMessage")
    idle.slack.faults = [call]
    severity = ("SEV1", "SEV2")[number % 2]
    idle.slack.person("ana").command(idle.channel, f"/incident severity {severity}")
    found = call.wait(time.monotonic())
    idle.slack.faults.clear()
    return found
