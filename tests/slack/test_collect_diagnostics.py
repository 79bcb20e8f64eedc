"""The runbook that collects diagnostics, from the command to the file in the practice Slack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.bootstrap import bot as bot_module
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, effect_of, running
from tests.support.hubs import PLACE
from tests.support.scripted import Scripted, hung, site


@pytest.fixture
def bot(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bot]:
    """A mayday for a hub on which Ana's server hangs while stopping."""
    party: Scripted = hung(logs={("hub-1", False): "token=Planted0123 of ana@example.org"})
    monkeypatch.setattr(party, "close", lambda: None, raising=False)
    monkeypatch.setattr(bot_module, "sites", lambda _config: {PLACE.hub: site(party)})
    runbooks = {"allow": {"users": [slack.person("ana").id]}}
    with running(slack, sqlite_url, tmp_path, runbooks=runbooks) as made:
        yield made


def test_the_file_is_in_the_incidents_channel(
    bot: Bot, slack: SlackSandbox, clock: SandboxClock
) -> None:
    scene = Scene(slack=slack, store=bot.store, clock=clock)
    channel = scene.declare().id
    scene.ana.command(channel, "/incident run collect-diagnostics")

    def plans() -> list[dict[str, Any]]:
        return [m for m in scene.own(channel) if "Run it" in json.dumps(m["blocks"])]

    slack.wait_for(lambda: bool(plans()), what="the plan")
    (plan,) = plans()
    shown = json.dumps(plan["blocks"])
    assert "Nothing is changed." in shown and "Nobody loses anything." in shown
    scene.ana.press(channel, plan["ts"], "run.confirm")

    def files() -> list[dict[str, Any]]:
        return [file for m in slack.messages(channel) for file in m.get("files") or ()]

    slack.wait_for(lambda: bool(files()), what="the file")
    run = effect_of(plan).rpartition("/")[2]
    assert [file["name"] for file in files()] == [f"diagnostics-datahub-{run}.txt"]
    (stored,) = slack._workspace.files.values()
    text = stored.content.decode()
    assert "Pod jupyter-ana" in text and "Planted" not in text and "example.org" not in text
    slack.wait_for(lambda: "pods described 3" in json.dumps(scene.own(channel)), what="the outcome")
