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
ANNOUNCED = 1.0
CALLS_TO_BE_IN = 2
"""Open the channel, invite."""
CALLS_TO_PIN = 3
"""Open the channel, post the card, pin it."""
CALLS_TO_ANNOUNCE = 4
"""Open the channel, join the channel of announcements, look whether the incident is public, post."""


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
        value=statistics.median(each["joined"] for each in found),
        unit="s",
        ceiling=CALLS_TO_BE_IN * CALL,
        goal=IN_CHANNEL,
        note=note,
    )
    yield Result(
        name="declare: card pinned",
        value=statistics.median(each["pinned"] for each in found),
        unit="s",
        ceiling=CALLS_TO_PIN * CALL,
        goal=PINNED,
        note=note,
    )
    yield Result(
        name="declare: announced",
        value=statistics.median(each["announced"] for each in found),
        unit="s",
        ceiling=CALLS_TO_ANNOUNCE * CALL,
        goal=ANNOUNCED,
        note=note,
    )


def _declare(slack: SlackSandbox, title: str) -> dict[str, float]:
    """Seconds from the submission to each moment, by its name."""
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
    moments: dict[str, float] = {}

    def is_whole() -> bool:
        """Whether everything is there, so that the next declaration is measured alone."""
        for channel in made():
            shown = {
                "joined": ana.id in channel.members,
                "pinned": bool(channel.pins),
                "announced": _is_announced(slack, channel),
                "topic": bool(channel.topic["value"]),
                "canvas": channel.canvas is not None,
            }
            for name in (name for name, is_there in shown.items() if is_there):
                moments.setdefault(name, time.monotonic() - began)
            return all(shown.values())
        return False

    slack.wait_for(is_whole)
    return moments


def _is_announced(slack: SlackSandbox, channel: Channel) -> bool:
    return any(channel.id in str(each) for each in slack._live("incidents").messages.values())
