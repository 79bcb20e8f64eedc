"""How soon a declaration shows in Slack when each call of Slack's takes 150 ms."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from sandbox.slack import Channel, Fault, SlackSandbox, on_call
from tests.bench.processes import mayday
from tests.bench.result import Result
from tests.bench.world import World, declare

CALL = 0.15
TIMES = 4
IN_CHANNEL = 0.38
PINNED = 0.85
CALLS_TO_BE_IN = 2
"""Open the channel, invite."""
CALLS_TO_PIN = 3
"""Open the channel, post the card, pin it."""


def measure(world: World) -> Iterator[Result]:
    """Measure both moments on SQLite: the median of some declarations."""
    place = world.place("declare")
    with (
        world.database("SQLite", place) as url,
        world.slack(place) as slack,
        mayday(slack, url, place),
    ):
        declare(slack)
        slack.faults = [on_call("*", Fault(delay=CALL))]
        found = [_declare(slack, f"Kernels die {number}") for number in range(TIMES)]
    note = f"median of {TIMES}, {CALL * 1000:g} ms a call"
    yield Result(
        name="declare: person in the channel",
        value=statistics.median(joined for joined, _ in found),
        unit="s",
        ceiling=CALLS_TO_BE_IN * CALL,
        goal=IN_CHANNEL,
        note=note,
    )
    yield Result(
        name="declare: card pinned",
        value=statistics.median(pinned for _, pinned in found),
        unit="s",
        ceiling=CALLS_TO_PIN * CALL,
        goal=PINNED,
        note=note,
    )


def _declare(slack: SlackSandbox, title: str) -> tuple[float, float]:
    """Seconds from the submission to each moment."""
    ana = slack.person("ana")
    ana.command("general", f"/incident declare {title}")
    slack.wait_for(lambda: bool(ana.views()))
    view = ana.views()[-1]
    known = {channel.id for channel in slack.channels()}

    def made() -> list[Channel]:
        channels = slack._workspace.channels.values()
        return [c for c in channels if c.id not in known and c.name]

    began = time.monotonic()
    errors = ana.submit(view["id"], {"hubs": []})  # not like those before
    if errors:
        raise RuntimeError(f"the form was refused: {errors}")
    slack.wait_for(lambda: any(ana.id in channel.members for channel in made()))
    joined = time.monotonic() - began
    slack.wait_for(lambda: any(channel.pins for channel in made()))
    pinned = time.monotonic() - began
    slack.wait_for(lambda: any(_is_announced(slack, channel) for channel in made()))
    return joined, pinned


def _is_announced(slack: SlackSandbox, channel: Channel) -> bool:
    """Whether the last of a declaration's posts stands, so that the next one is measured alone."""
    announced = slack._live("incidents").messages.values()
    return bool(channel.topic["value"]) and any(channel.id in str(each) for each in announced)
