"""The paragraph in a channel's canvas: kept up to date, never doubled, and people's text stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.resources import ResourceState
from bot.render.canvas import MARK
from sandbox.slack import Channel, Fault, SlackSandbox, answers, drop_after, drop_before, on_call
from sandbox.slack.canvases import change, new_canvas, sections, text_of
from tests.support.bot import Scene
from tests.support.faults import hurried
from tests.support.waiting import wait_until


def said(slack: SlackSandbox, channel: Channel) -> str:
    return text_of(slack.channel(channel.id))


def is_shown(scene: Scene, channel: Channel) -> bool:
    row = scene.resources(channel.id).get("canvas")
    return row is not None and row.state is ResourceState.DONE and row.spec == row.applied_spec


def show(scene: Scene, channel: Channel) -> None:
    """Wait for the canvas; what failed is tried again later."""
    hurried(scene, lambda: is_shown(scene, channel), "the canvas", most=timedelta(minutes=25))


def write(slack: SlackSandbox, channel: Channel, text: str) -> None:
    """People add a paragraph."""
    canvas = slack._live(channel.id).canvas
    assert canvas is not None
    change(canvas, "insert_at_end", "", text)


def changed(scene: Scene, channel: Channel, text: str = "Routes come back") -> None:
    scene.ana.command(channel.id, f"/incident update {text}")

    def is_applied() -> bool:
        row = scene.resources(channel.id)["canvas"]
        return row.state is ResourceState.DONE and text in str(row.applied_spec)

    hurried(scene, is_applied, "the canvas follows", most=timedelta(minutes=25))


def test_it_follows_the_state_and_leaves_what_people_write(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare("Proxy *was* <evicted>", hubs=["datahub"])
    show(scene, channel)
    assert "investigating" in said(slack, channel)
    assert "datahub" in said(slack, channel)
    assert "<@" not in said(slack, channel), "nobody is mentioned again with each edit"
    write(slack, channel, "It was the *kernel*.")
    changed(scene, channel)
    assert "Routes come back" in said(slack, channel)
    assert said(slack, channel).endswith("It was the *kernel*.")
    assert said(slack, channel).count(MARK) == 1


def test_a_canvas_that_people_made_first_gets_the_paragraph(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.faults = [on_call("conversations.canvases.create", drop_before(), times=1)]
    channel = scene.declare()
    slack._live(channel.id).canvas = new_canvas("Ours", "# Ours\n\nWhat we know.")
    show(scene, channel)
    assert said(slack, channel).count(MARK) == 1
    assert said(slack, channel).endswith("# Ours\n\nWhat we know.")


@pytest.mark.parametrize("fault", [drop_after(), drop_before()], ids=["after", "before"])
@pytest.mark.parametrize("method", ["conversations.canvases.create", "canvases.edit"])
def test_a_lost_answer_doubles_nothing(
    scene: Scene, slack: SlackSandbox, method: str, fault: Fault
) -> None:
    slack.faults = [on_call(method, fault, times=1)]
    channel = scene.declare()
    if method == "canvases.edit":
        show(scene, channel)
        changed(scene, channel)
    show(scene, channel)
    assert said(slack, channel).count(MARK) == 1


def test_a_paragraph_that_people_removed_is_not_written_again(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    show(scene, channel)
    canvas = slack._live(channel.id).canvas
    assert canvas is not None
    canvas["sections"] = sections("Only ours.")
    changed(scene, channel)
    assert said(slack, channel) == "Only ours."
    wait_until(
        lambda: "was removed" in str(scene.posts(channel.id, "card")[0]["blocks"]), "the card says"
    )
    assert not scene.posts(channel.id, "notice"), "it is nothing to try again"


def test_a_paragraph_that_is_there_twice_is_left_alone(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    show(scene, channel)
    write(slack, channel, f"Copied: {MARK}")
    before = said(slack, channel)
    changed(scene, channel)
    assert said(slack, channel) == before
    wait_until(
        lambda: "more than once" in str(scene.posts(channel.id, "card")[0]["blocks"]), "the card"
    )
    canvas = slack._live(channel.id).canvas
    assert canvas is not None
    canvas["sections"].pop()
    changed(scene, channel, "All is well")
    assert "All is well" in said(slack, channel)


def test_a_deleted_canvas_is_not_made_again(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    show(scene, channel)
    slack._live(channel.id).canvas = None
    changed(scene, channel)
    assert slack.channel(channel.id).canvas is None


@pytest.mark.parametrize(
    "code", ["canvas_disabled_user_team", "team_tier_cannot_create_channel_canvases"]
)
def test_a_workspace_without_canvases_has_the_card(
    scene: Scene, slack: SlackSandbox, code: str
) -> None:
    slack.faults = [on_call("conversations.canvases.create", answers(code))]
    channel = scene.declare()
    show(scene, channel)
    calls = len([call for call in slack.calls if "canvas" in call.method])
    changed(scene, channel)
    assert len([call for call in slack.calls if "canvas" in call.method]) == calls
    assert not scene.posts(channel.id, "notice")


def test_without_the_scopes_there_is_no_canvas(scene: Scene, slack: SlackSandbox, bot: Bot) -> None:
    chat: Any = bot.chat
    me = chat.identity()
    chat._identity = replace(me, scopes=me.scopes - {"canvases:write"})
    channel = scene.declare()
    assert scene.posts(channel.id, "card")
    assert "canvas" not in scene.resources(channel.id)
    assert slack.channel(channel.id).canvas is None
