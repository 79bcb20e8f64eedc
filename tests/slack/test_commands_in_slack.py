"""Commands with effects in Slack: titles, forms that do not open, the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.clock import SandboxClock
from sandbox.slack import Channel, SlackSandbox, answers, drop_before, on_call
from tests.support.bot import Scene, running
from tests.support.waiting import wait_until


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("🔥🔥🔥", "incident"),
        ("<!channel> everyone `rm -rf /`", "channel-everyone-rm-rf"),
        ("first\nsecond", "first-second"),
        ("*bold* _it_ ~x~ <http://example.org|click>", "bold-it-x"),
    ],
)
def test_titles_of_all_kinds(scene: Scene, slack: SlackSandbox, title: str, name: str) -> None:
    scene.clock.move_to(datetime(2017, 2, 24, 5, 16, tzinfo=UTC))
    view = scene.ask_to_declare(scene.ana, "")
    assert scene.ana.submit(view["id"], {"title": title}) == {}
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()))
    made = scene.incident_channels()[0]
    assert made.name.startswith(f"inc-2017-02-24-{name}")
    assert scene.incident(made.id).title == " ".join(title.split())
    for message in (*scene.own(made.id), *scene.announcements(made.id)):
        assert "<!channel>" not in message["text"], "it would call everybody"
        assert "<!channel>" not in _mrkdwn(message)
    assert "<!channel>" not in slack.channel(made.id).topic["value"]


def test_a_form_that_slack_does_not_open_is_told(scene: Scene, slack: SlackSandbox) -> None:
    slack.faults = [on_call("views.open", answers("expired_trigger_id"))]
    scene.ana.command("general", "/incident declare x")
    slack.wait_for(
        lambda: any(m.get("ephemeral") for m in scene.ana.messages("general")), what="the answer"
    )


def test_a_silent_slack_is_told_too(scene: Scene, slack: SlackSandbox) -> None:
    slack.faults = [on_call("views.open", drop_before())]
    scene.ana.command("general", "/incident declare x")
    slack.wait_for(
        lambda: any("try again" in m["text"] for m in scene.ana.messages("general")),
        what="the answer",
    )


def test_the_timeline_is_shown_and_mended(
    scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    scene.ana.command(channel.id, "/incident note at 2017-02-23 21:10:57 proxy evictd")
    scene.ana.command(channel.id, "/incident timeline")
    shown = [m for m in scene.ana.messages(channel.id) if m.get("ephemeral")][-1]
    entry = scene.entries(channel.id)[-1]
    _choose(scene, channel, shown, entry.id, "Edit")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    wrong = scene.ana.submit(view["id"], {"text": "proxy evicted", "at": "25:61"})
    assert set(wrong) == {"at"}
    assert scene.ana.submit(view["id"], {"text": "proxy evicted", "at": "2017-02-23 21:11"}) == {}
    edited = scene.entries(channel.id)[-1]
    assert edited.data["text"] == "proxy evicted"
    assert edited.at == datetime(2017, 2, 24, 5, 11, tzinfo=UTC)

    _choose(scene, channel, shown, entry.id, "Remove")
    wait_until(lambda: entry.id not in {e.id for e in scene.entries(channel.id)}, "taken out")


def _mrkdwn(message: dict[str, Any]) -> str:
    """All text of a message that Slack parses for mentions."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "mrkdwn":
                found.append(str(node["text"]))
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(message.get("blocks") or [])
    return "\n".join(found)


def _choose(
    scene: Scene, channel: Channel, shown: dict[str, Any], entry_id: int, label: str
) -> None:
    """Choose from the menu beside an entry."""
    for block in shown["blocks"]:
        menu = block.get("accessory") or {}
        for option in menu.get("options") or ():
            if option["value"].endswith(f":{entry_id}") and option["text"]["text"] == label:
                scene.ana.press(
                    channel.id,
                    shown["ts"],
                    menu["action_id"],
                    block_id=block["block_id"],
                    value=option["value"],
                )
                return
    raise AssertionError(f"no {label} for {entry_id} in {shown['blocks']}")


def test_the_preview_has_the_labels_that_its_issue_will_have(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    told = {"report": {"form": "2024"}, "github": {"labels": ["type: Hub Incident"]}}
    with running(slack, sqlite_url, tmp_path, **told) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        scene.ana.command(channel, "/incident report")
        slack.wait_for(
            lambda: "type: Hub Incident" in str(scene.ana.messages(channel)), what="the label"
        )
