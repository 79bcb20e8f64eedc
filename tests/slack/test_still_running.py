"""Resolving an incident warns of unfinished runs."""

from __future__ import annotations

import pytest

from bot.domain.runs import RunState
from bot.render.card import ACTION_RESOLVE, ACTION_UPDATE
from bot.store import runs
from bot.store.runs import Run
from tests.support.desk import ANA, Desk
from tests.support.rows import CHANNEL, NOW

WARNING = "`restart-proxy` is still running on datahub"


@pytest.fixture
def running(desk: Desk) -> Desk:
    """The same desk, with a run that hangs in a restart."""
    run = Run(
        id="run1",
        incident_id=desk.incident.id,
        runbook="restart-proxy",
        hub="datahub",
        options={},
        state=RunState.RUNNING,
        plan=None,
        error="",
        asked_by=ANA,
        asked_at=NOW,
    )
    with desk.store.write() as tx:
        assert runs.add(tx, run)
    return desk


@pytest.mark.parametrize("line", ["resolve all is well", "status resolved all is well"])
def test_resolving_warns_of_a_run_that_continues(running: Desk, line: str) -> None:
    assert WARNING in running.command(line).text
    assert running.incident.status == "resolved"


def test_the_button_and_the_form_warn_too(running: Desk) -> None:
    running.press(ACTION_UPDATE)
    answer = running.submit({"text": "all is well", "status": "resolved"})
    assert answer.acks == [{}]
    ((channel, user, text),) = running.slack.shown
    assert (channel, user) == (CHANNEL, ANA), "a form has no channel: it is the incident's"
    assert WARNING in text
    running.command("reopen")
    assert WARNING in running.press(ACTION_RESOLVE).text


def test_without_a_run_nobody_is_warned(desk: Desk) -> None:
    assert desk.command("resolve all is well").text == ""
