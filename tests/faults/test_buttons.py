"""A plan's button under delivery faults: the plan is decided once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.runs import RunState
from bot.store import runs as run_rows
from bot.store.runs import Run
from runbooks.resync_routes import resync_routes
from sandbox.faults import drop_before
from sandbox.rules import on_call, on_delivery
from sandbox.slack import PersonError, SlackSandbox
from tests.support.bot import HUB, Scene, planned
from tests.support.faults import EVENTS
from tests.support.hub_stub import refusing
from tests.support.hubs import evicted
from tests.support.waiting import wait_until

PRESSES = ("slow", "twice", "lost on the way", "acknowledgement lost")
"""Slack does not redeliver a press: the person sees an error and can press again."""

OVER = {RunState.DONE, RunState.FAILED, RunState.NOTHING_TO_DO, RunState.NEEDS_HUMAN}


@pytest.fixture(scope="module")
def sections() -> Iterator[Mapping[str, Any]]:
    """Everyone may run runbooks, on a hub that refuses them."""
    with refusing() as addresses:
        yield {"practice": {"open_to_all": True}, "hubs": [{**HUB, **addresses}]}


def the_run(scene: Scene, channel: str) -> Run:
    with scene.store.read() as tx:
        (run,) = run_rows.of_incident(tx, scene.incident(channel).id)
    return run


@pytest.mark.parametrize("name", PRESSES)
def test_a_press_goes_wrong(bot: Bot, scene: Scene, slack: SlackSandbox, name: str) -> None:
    channel = scene.declare().id
    scene.ben.join(channel)
    plan = planned(bot, scene, channel, resync_routes.plan(evicted("ana")))
    # The plan keeps its button until the second press, however fast mayday is.
    keeps_the_button = on_call("chat.update", drop_before())
    slack.faults = [on_delivery("block_actions", EVENTS[name], times=1), keeps_the_button]

    with suppress(PersonError):
        scene.ana.press(channel, plan["ts"], "run.confirm")
    if name != "lost on the way":
        wait_until(lambda: the_run(scene, channel).decided_by, "the first press decides")
    scene.ben.press(channel, plan["ts"], "run.confirm")
    slack.faults = []

    wait_until(lambda: the_run(scene, channel).state in OVER, "it is over", timeout=30)
    decided_by = the_run(scene, channel).decided_by
    assert decided_by == (scene.ben.id if name == "lost on the way" else scene.ana.id)
    entries = [e for e in scene.entries(channel) if e.kind.value == "runbook"]
    assert len(entries) <= 1

    def told() -> bool:
        return any(
            "already confirmed or cancelled" in m["text"] for m in scene.ben.messages(channel)
        )

    if name == "lost on the way":
        assert not told()
    else:
        slack.wait_for(told, what="the second one is told")
