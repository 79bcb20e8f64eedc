"""Whoever resolves an incident hears of a run that is not over yet."""

from __future__ import annotations

import pytest

from bot.bootstrap import Bot
from bot.domain.runs import RunState
from bot.store import runs as rows
from bot.store.runs import Run
from sandbox.slack import Channel
from tests.support.bot import Scene
from tests.support.rows import NOW


@pytest.fixture
def channel(scene: Scene, bot: Bot) -> Channel:
    """An incident's channel, with a run that hangs in a restart."""
    made = scene.declare()
    incident = scene.incident(made.id)
    run = Run(
        id="run1",
        incident_id=incident.id,
        runbook="restart-proxy",
        hub="datahub",
        options={},
        state=RunState.RUNNING,
        plan=None,
        error="",
        asked_by="U1",
        asked_at=NOW,
    )
    with bot.store.write() as tx:
        assert rows.add(tx, run)
    return made


@pytest.mark.parametrize("line", ["resolve all is well", "status resolved all is well"])
def test_resolving_warns_of_a_run_that_goes_on(scene: Scene, channel: Channel, line: str) -> None:
    answer = scene.ana.command(channel.id, f"/incident {line}")
    assert answer is not None
    assert "`restart-proxy` is still running on datahub" in answer["text"]
    assert scene.incident(channel.id).status == "resolved"


def test_without_a_run_nobody_is_warned(scene: Scene) -> None:
    assert scene.ana.command(scene.declare().id, "/incident resolve all is well") is None
