"""What a person asked for is answered, whatever becomes of the answer's own address."""

from __future__ import annotations

import pytest

from bot.sandbox.faults import Fault
from bot.sandbox.rules import on_call
from bot.sandbox.slack import SlackSandbox
from tests.support.bot import Scene
from tests.support.cruelty import CALLS


@pytest.mark.parametrize("name", [name for name in CALLS if not name.startswith("no answer")])
def test_the_answers_address_goes_wrong(scene: Scene, slack: SlackSandbox, name: str) -> None:
    """It is shown to the one person, here or by another way; twice is better than not at all."""
    channel = scene.declare().id
    fault: Fault = CALLS[name]
    slack.faults = [on_call("response_url", fault)]
    scene.ana.command(channel, "/incident report")
    slack.wait_for(
        lambda: "The report as it stands" in str(scene.ana.messages(channel)),
        what="the report",
    )
    assert slack.faults.standing()[0].struck
    assert "The report as it stands" not in str(slack.messages(channel))
