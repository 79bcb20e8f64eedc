"""A command with a delivery fault takes effect once: a note, update, action item or run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from bot.domain.runs import RunState
from bot.store import runs as run_rows
from sandbox.rules import on_delivery
from sandbox.slack import PersonError, SlackSandbox
from tests.support.bot import Scene
from tests.support.faults import EVENTS

LINES = {
    "note the proxy died": "note",
    "update nobody gets in": "update",
    "action tech: add an alert": "action_item",
    "severity sev1": "severity",
    "run resync-routes": "run",
}
"""The command, and the kind of record that it adds."""

DELIVERIES = ("slow", "twice", "lost on the way", "acknowledgement lost")


@pytest.fixture(scope="module")
def sections() -> Mapping[str, Any]:
    """Everyone may run runbooks, on a hub that does not answer."""
    return {"practice": {"open_to_all": True}}


def record(scene: Scene, channel: str) -> Counter[str]:
    """The number of entries by kind, and of runs whose planning has ended."""
    with scene.store.read() as tx:
        runs = run_rows.of_incident(tx, scene.incident(channel).id)
    kinds = Counter(entry.kind.value for entry in scene.entries(channel))
    kinds["run"] = sum(run.state is not RunState.PLANNING for run in runs)
    return kinds


@pytest.mark.parametrize("name", DELIVERIES)
@pytest.mark.parametrize("line", LINES)
def test_a_command_goes_wrong(scene: Scene, slack: SlackSandbox, line: str, name: str) -> None:
    channel = scene.declare().id
    before = record(scene, channel)
    slack.faults = [on_delivery("/incident", EVENTS[name], times=1)]

    with suppress(PersonError):
        scene.ana.command(channel, f"/incident {line}")
    if name == "lost on the way":
        # Slack shows an error; it does not resend.
        assert record(scene, channel) == before
        scene.ana.command(channel, f"/incident {line}")

    scene.until(lambda: record(scene, channel)[LINES[line]] > 0, "it is on record")
    assert record(scene, channel) - before == Counter({LINES[line]: 1})
