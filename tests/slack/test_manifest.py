"""The app manifest requests exactly what the code uses.

The tests read what the code uses: Slack's methods from the adapter's syntax tree, events and
shortcuts from the tables of handlers. One test runs an incident on a Slack that grants only
the manifest.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bot.adapters.slack as adapter
from bot.bootstrap import Bot
from bot.cli import manifest
from bot.domain.command import USUAL
from bot.slack.events import PARSERS
from bot.slack.interactions import SHORTCUT_ACTION, SHORTCUT_TIMELINE, SHORTCUTS
from bot.slack.scopes import EVENT_SCOPES, METHOD_SCOPES, missing_scopes, required_scopes
from sandbox.slack import Channel, SlackSandbox
from sandbox.slack.manifest import read_manifest
from tests.support.bot import Scene, running, texts

MANIFEST = manifest()
CALLERS = {"_call", "_pages", "_search"}


def called_methods() -> set[str]:
    """Every Web API method that the adapter's modules call."""
    found: set[str] = set()
    for file in Path(str(adapter.__file__)).parent.glob("slack*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in CALLERS and node.args:
                found |= _names(node.args[0], tree)
    return found


def _names(argument: ast.expr, tree: ast.AST) -> set[str]:
    """The possible strings of an argument: a literal, or a local assigned only literals."""
    if isinstance(argument, ast.Name) and argument.id == "method":
        values = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id == argument.id
        ]
    else:
        values = [argument]
    return {
        part.value
        for value in values
        for part in ast.walk(value)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and "." in part.value
    }


def test_every_method_that_is_called_has_its_scopes_listed() -> None:
    assert called_methods() == set(METHOD_SCOPES)


def test_the_manifest_asks_for_exactly_the_scopes_that_are_used() -> None:
    asked = MANIFEST["oauth_config"]["scopes"]["bot"]
    assert sorted(asked) == sorted(required_scopes())


def test_the_manifest_subscribes_to_exactly_the_events_that_are_handled() -> None:
    asked = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(asked) == sorted(EVENT_SCOPES)
    assert {name.partition(".")[0] for name in asked} == set(PARSERS)


def test_the_manifest_offers_exactly_the_commands_and_shortcuts_that_are_answered() -> None:
    features = MANIFEST["features"]
    assert [item["command"] for item in features["slash_commands"]] == [USUAL]
    offered = {item["callback_id"]: item["type"] for item in features["shortcuts"]}
    assert set(offered) == set(SHORTCUTS)
    assert {name for name, kind in offered.items() if kind == "message"} == {
        SHORTCUT_TIMELINE,
        SHORTCUT_ACTION,
    }


def test_names_of_people_arrive_as_ids_and_forms_can_be_sent() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert command["should_escape"] is True
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_a_token_without_a_scope_is_noticed() -> None:
    assert missing_scopes(required_scopes() - {"pins:write"}) == ["pins:write"]
    assert missing_scopes(required_scopes()) == []


@pytest.fixture
def bot(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Iterator[Bot]:
    """A mayday whose runbooks need a user group, which it looks up in Slack."""
    (group,) = slack.usergroups()
    allowed = {"allow": {"groups": [group.id]}}
    with running(slack, sqlite_url, tmp_path, runbooks=allowed) as made:
        yield made


def refused(slack: SlackSandbox) -> list[tuple[str, str]]:
    """The calls that lacked a scope, and the scope."""
    return [
        (call.method, str(call.answer.get("needed")))
        for call in slack.calls
        if call.answer.get("error") == "missing_scope"
    ]


def live_through(scene: Scene, bot: Bot, *, private: bool) -> Channel:
    """Run one incident from shortcut to report, using every feature."""
    slack, ana, ben = scene.slack, scene.ana, scene.ben
    before = {channel.id for channel in slack.channels()}
    ana.shortcut("declare")
    slack.wait_for(lambda: bool(ana.views()), what="the declare form")
    secret = {"private": {"value": {"selected_options": [_option("private")]}}} if private else {}
    title = {"title": {"value": {"value": "Routes are gone"}}}
    assert ana.submit(ana.views()[-1]["id"], {**title, **secret}) == {}
    slack.wait_for(
        lambda: any(scene.is_set_up(c) for c in slack.channels() if c.id not in before),
        what="the incident's channel",
    )
    (channel,) = [c for c in scene.incident_channels() if c.id not in before]
    assert channel.is_private is private

    ana.invite(channel.id, "ben")
    said = ben.say(channel.id, "every route is gone")
    answered = ana.say(channel.id, "since the eviction", thread_ts=said)
    ben.react(channel.id, said, "pushpin")
    ben.react(channel.id, answered, "fire")
    ben.unreact(channel.id, answered, "fire")
    ana.shortcut(SHORTCUT_TIMELINE, channel.id, answered)
    ana.shortcut(SHORTCUT_ACTION, channel.id, answered)
    slack.wait_for(lambda: bool(ana.views()), what="the action item's form")
    assert ana.submit(ana.views()[-1]["id"]) == {}
    for line in (
        "role communications @ben",
        "note we look into it",
        "update nobody gets in",
        "run resync-routes",
    ):
        ana.command(channel.id, f"/incident {line}")
    slack.wait_for(
        lambda: any("hub datahub" in text.lower() for text in texts(scene.own(channel.id))),
        what="what became of the plan, which a closed incident does not get",
    )
    ana.command(channel.id, "/incident resolve it is over")
    ana.command(channel.id, "/incident close")
    slack.wait_for(lambda: bool(ana.views()), what="the closing form")
    bot.services.backfill.gather(scene.incident(channel.id).id)
    assert ana.submit(ana.views()[-1]["id"]) == {}
    slack.wait_for(
        lambda: any("report is published" in m["text"] for m in scene.own(channel.id)),
        what="the report",
    )
    return channel


def _option(value: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": value}, "value": value}


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_the_scopes_of_the_manifest_are_enough_for_a_whole_incident(
    slack: SlackSandbox, scene: Scene, bot: Bot, private: bool
) -> None:
    assert slack.scopes == set(read_manifest(MANIFEST).scopes)
    channel = live_through(scene, bot, private=private)
    scene.until(
        lambda: {row.state.value for row in scene.resources(channel.id).values()} == {"done"},
        "everything is done",
    )
    assert refused(slack) == []
    assert {call.method for call in slack.calls} <= set(METHOD_SCOPES) | {"apps.connections.open"}


def test_a_missing_scope_would_show(slack: SlackSandbox, scene: Scene) -> None:
    slack.scopes = slack.scopes - {"bookmarks:read"}
    scene.declare()
    slack.wait_for(lambda: refused(slack), what="the refusal")
    assert refused(slack)[0] == ("bookmarks.list", "bookmarks:read")
