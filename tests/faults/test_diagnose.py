"""A diagnosis in an incident is posted once, whatever Slack's answer to the message is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot.bootstrap import Bot
from sandbox.faults import Fault, drop_after, drop_before
from sandbox.rules import on_call
from sandbox.slack import SlackSandbox
from tests.support.bot import HUB, Scene
from tests.support.faults import CALLS
from tests.support.hub_stub import refusing


@pytest.fixture(scope="module")
def sections() -> Iterator[Mapping[str, Any]]:
    """A hub that refuses everything."""
    with refusing() as addresses:
        yield {"hubs": [{**HUB, **addresses}]}


def diagnoses(scene: Scene, channel: str) -> list[dict[str, Any]]:
    return [post for post in scene.own(channel) if "Diagnose again" in str(post.get("blocks"))]


@pytest.mark.parametrize("fault", [drop_before(), drop_after(), CALLS["429"]])
def test_it_is_posted_once(bot: Bot, scene: Scene, slack: SlackSandbox, fault: Fault) -> None:
    channel = scene.declare().id
    slack.faults = [on_call("chat.postMessage", fault, times=1)]
    scene.ana.command(channel, "/incident diagnose")
    scene.until(lambda: diagnoses(scene, channel), "the diagnosis")
    slack.faults = []
    scene.ana.command(channel, "/incident diagnose")
    scene.until(lambda: len(diagnoses(scene, channel)) > 1, "the second diagnosis")
    assert len(diagnoses(scene, channel)) == 2
