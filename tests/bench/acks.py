"""How soon a command is acknowledged while messages arrive, measured at Slack's end of the socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from sandbox.slack import SlackSandbox
from tests.bench.processes import bolt, mayday
from tests.bench.result import Result
from tests.bench.world import TEXT, World, declare

NOTES = 150
NOTES_OF_CEILING = 60
SECONDS_BETWEEN = 0.06
MESSAGES_A_SECOND = 50.0
P99_MS = 60.0
MAX_MS = 150.0


def measure(world: World) -> Iterator[Result]:
    """Measure ``/incident note`` on SQLite, beside a listener that only acknowledges."""
    place = world.place("acks")
    with world.slack(place) as slack, bolt(slack, place):
        with slack._workspace.edit():
            slack._live("general").members.append(slack.bot_user_id)
        least = _acks(slack, "general", NOTES_OF_CEILING)
    place = world.place("acks")
    with (
        world.database("SQLite", place) as url,
        world.slack(place) as slack,
        mayday(slack, url, place),
    ):
        found = _acks(slack, declare(slack), NOTES)
    note = f"{NOTES} notes beside {MESSAGES_A_SECOND:g} messages/s; median {_at(found, 0.5):.0f} ms"
    yield Result(
        name="ack of note under load, p99",
        value=_at(found, 0.99),
        unit="ms",
        ceiling=_at(least, 0.99),
        goal=P99_MS,
        note=note,
    )
    yield Result(
        name="ack of note under load, max",
        value=found[-1],
        unit="ms",
        ceiling=least[-1],
        goal=MAX_MS,
    )


def _acks(slack: SlackSandbox, channel: str, count: int) -> list[float]:
    """Milliseconds from the command's delivery to its acknowledgement, sorted."""
    ended = threading.Event()
    load = threading.Thread(target=_talk, args=(slack, channel, ended))
    load.start()
    try:
        ben = slack.person("ben")
        return sorted(_ack(slack, channel, ben.id, number) for number in range(count))
    finally:
        ended.set()
        load.join()


def _ack(slack: SlackSandbox, channel: str, user: str, number: int) -> float:
    time.sleep(SECONDS_BETWEEN)
    began = time.monotonic()
    slack.person(user).command(channel, f"/incident note {TEXT}: {number}")
    return (time.monotonic() - began) * 1000


def _talk(slack: SlackSandbox, channel: str, ended: threading.Event) -> None:
    """Post messages at an even rate."""
    ana, began, said = slack.person("ana"), time.monotonic(), 0
    while not ended.is_set():
        ana.say(channel, f"{TEXT}: {said}")
        said += 1
        ended.wait(max(0.0, began + said / MESSAGES_A_SECOND - time.monotonic()))


def _at(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(len(values) * part))]
