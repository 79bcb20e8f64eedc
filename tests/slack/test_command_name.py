"""The command's name is configured: Slack takes it, and every sentence that people see has it."""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli import manifest
from bot.config import load
from bot.config_types import NOT_A_COMMAND
from bot.domain.command import COMMAND, USUAL, named
from bot.errors import ConfigError
from bot.slack.commands import ROUTES
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.desk import Desk
from tests.support.waiting import UNHURRIED

NAME = "/mayday-of-the-datahub-team_2026"
"""As long as Slack allows."""

SOURCES = Path(__file__).parents[2] / "bot"
EXEMPT = {"config_types.py", "domain/command.py", "domain/resources.py"}
"""What defines the name or checks it, and a key that only looks like it."""


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Each text in the code that is no docstring, with its line."""
    tree = ast.parse(source)
    docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def test_no_sentence_has_the_usual_name() -> None:
    """Each has ``COMMAND`` of :mod:`bot.domain.command` in its place."""
    found = [
        f"{path.relative_to(SOURCES)}:{line}: {text}"
        for path in sorted(SOURCES.rglob("*.py"))
        if str(path.relative_to(SOURCES)) not in EXEMPT
        for line, text in literals(path.read_text(encoding="utf-8"))
        if re.search(rf"(?<!\w){USUAL}\b", text)
    ]
    assert found == []


def test_the_name_is_put_into_texts_of_every_shape_and_into_nothing_else() -> None:
    content = {"text": f"Use {COMMAND} close.", "blocks": [{"n": 1, "t": (COMMAND, "/incident")}]}
    assert named(content, "/x") == {
        "text": "Use /x close.",
        "blocks": [{"n": 1, "t": ["/x", "/incident"]}],
    }


@pytest.mark.parametrize("name", ["incident", "/Incident", "/", "/a b", "/" + "a" * 32, "/ä", ""])
def test_a_name_that_slack_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"slack\.command") as refused:
        load(overrides={"slack": {"command": name}})
    assert NOT_A_COMMAND in str(refused.value)


@pytest.fixture
def scene(clock: SandboxClock, sqlite_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A mayday whose command has another name, in a Slack in which another app has the usual one."""
    changed: dict[str, Any] = copy.deepcopy(manifest())
    changed["features"]["slash_commands"][0]["command"] = NAME
    with SlackSandbox(manifest=changed, clock=clock) as slack:
        slack.ack_seconds = slack.trigger_seconds = UNHURRIED
        with running(slack, sqlite_url, tmp_path, slack={"command": NAME}) as bot:
            yield Scene(slack=slack, store=bot.store, clock=clock)


def test_people_see_only_the_configured_name(scene: Scene) -> None:
    ana, slack = scene.ana, scene.slack
    said: list[Any] = []

    def command(channel: str, line: str) -> None:
        said.append(ana.command(channel, f"{NAME} {line}"))

    command("general", "declare The proxy is gone")
    slack.wait_for(lambda: bool(ana.views()), what="the declare form")
    assert ana.submit(ana.views()[-1]["id"], {}) == {}
    slack.wait_for(lambda: any(map(scene.is_set_up, slack.channels())), what="the channel")
    channel = scene.incident_channels()[0].id
    command("general", "note x")
    for name in ROUTES:
        if name != "declare":
            command(channel, name)
    ana.say(channel, "they said: use /incident close")
    for line in ("role commander", "nonsense", "note the proxy is back", "timeline", "resolve x"):
        command(channel, line)
    command(channel, "close")
    slack.wait_for(lambda: bool(ana.views()), what="the form to close")

    seen = json.dumps(
        [
            said,
            slack.messages(channel),
            ana.messages(channel),
            ana.messages("general"),
            ana.views(),
        ],
        ensure_ascii=False,
    )
    assert COMMAND not in seen
    assert f"{NAME} help" in seen
    assert seen.replace("they said: use /incident close", "").count(USUAL) == 0
    assert "they said: use /incident close" in seen


def test_the_usual_name_in_errors_and_answers(desk: Desk) -> None:
    answer = desk.command("close")
    assert f"{USUAL} resolve" in answer.text
    assert COMMAND not in answer.text
