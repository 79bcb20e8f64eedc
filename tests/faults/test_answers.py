"""A person gets an answer even when the response URL fails."""

from __future__ import annotations

import json

import pytest

from sandbox.faults import Fault, says
from sandbox.rules import on_call
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene
from tests.support.faults import CALLS


@pytest.mark.parametrize("name", [name for name in CALLS if not name.startswith("no answer")])
def test_the_answers_address_goes_wrong(scene: Scene, slack: SlackSandbox, name: str) -> None:
    """The answer reaches only that person, by any route; duplicates are allowed."""
    channel = scene.declare().id
    fault: Fault = CALLS[name]
    slack.faults = [on_call("response_url", fault)]
    scene.ana.command(channel, "/incident report")
    slack.wait_for(
        lambda: "Current draft of the report" in str(scene.ana.messages(channel)),
        what="the report",
    )
    assert slack.faults.standing()[0].struck
    assert "Current draft of the report" not in str(slack.messages(channel))


@pytest.mark.parametrize("broken", [False, True], ids=["answered", "whispered"])
def test_a_long_report_is_shown_whole(scene: Scene, slack: SlackSandbox, broken: bool) -> None:
    """It takes several messages: Slack rejects one whose blocks are too long in total."""
    channel = scene.declare().id
    said = [f"line {number} {'of what the log says ' * 40}" for number in range(25)]
    for text in said:
        scene.ana.command(channel, f"/incident note {text}")
    slack.faults = [on_call("response_url", says(503))] if broken else []
    scene.ana.command(channel, "/incident report")

    def shown() -> str:
        return json.dumps([m["blocks"] for m in scene.ana.messages(channel) if m.get("blocks")])

    slack.wait_for(lambda: all(f"line {n} " in shown() for n in range(25)), what="all of it")
    assert "left out" not in shown()
