"""With more hubs than a menu may have, Slack asks for those that match what is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Bot
from bot.render.declare_form import ACTION_HUBS
from sandbox.slack import SlackSandbox
from tests.support.bot import HUB, Scene, running

NAMES = ["datahub", *(f"class-{number:03}" for number in range(150))]


@pytest.fixture
def bot(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    hubs = [{**HUB, "name": name} for name in NAMES]
    with running(slack, sqlite_url, tmp_path, hubs=hubs) as made:
        yield made


def test_a_hub_is_found_by_typing(bot: Bot, scene: Scene) -> None:
    scene.ana.shortcut("declare")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the declare form")
    view = scene.ana.views()[-1]
    (block,) = [block for block in view["blocks"] if block["block_id"] == "hubs"]
    assert block["element"]["type"] == "multi_external_select"

    def suggested(text: str) -> list[str]:
        [group] = scene.ana.suggest(view["id"], ACTION_HUBS, text, "hubs")
        return [option["value"] for option in group["options"]]

    assert suggested("CLASS-14") == [f"class-14{number}" for number in range(10)]
    assert suggested("hub") == ["datahub"]
    assert suggested("no such") == []
    assert len(suggested("")) == 100
    chosen = {"text": {"type": "plain_text", "text": "class-149"}, "value": "class-149"}
    values = {
        "title": {"value": {"value": "Routes are gone"}},
        "hubs": {ACTION_HUBS: {"selected_options": [chosen]}},
    }
    assert scene.ana.submit(view["id"], values) == {}
    scene.until(lambda: scene.incidents(), "declared")
    assert scene.incidents()[0].hubs == ("class-149",)


def test_a_runbook_is_run_on_one_of_many(bot: Bot, scene: Scene) -> None:
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident run")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    (block,) = [b for b in scene.ana.views()[-1]["blocks"] if b["block_id"] == "hub"]
    assert block["element"]["type"] == "external_select"
