"""*Edit report* at the practice Slack: forms above forms, what a kill leaves, and what is published."""

from __future__ import annotations

from typing import Any

import pytest

from bot.render import edit_forms
from bot.render import edit_pages as pages
from sandbox.slack import Channel, SlackSandbox, answers, on_call
from tests.support.bot import Scene


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


def views(scene: Scene, count: int) -> list[dict[str, Any]]:
    """Ana's open forms, once there are so many."""
    scene.slack.wait_for(lambda: len(scene.ana.views()) == count, what=f"{count} forms")
    return scene.ana.views()


def open_section(scene: Scene, channel: Channel) -> tuple[str, str]:
    """Open the page and the form of a section above it; return their ids."""
    scene.ana.command(channel.id, "/incident edit")
    (page,) = views(scene, 1)
    scene.ana.view_press(page["id"], pages.ACTION_PART, "part section/impact")
    form = views(scene, 2)[-1]
    assert (form["callback_id"], form["root_view_id"]) == (edit_forms.EDIT_PART, page["id"])
    return page["id"], form["id"]


def test_a_form_above_the_page_saves_and_returns_to_it(scene: Scene, channel: Channel) -> None:
    page, form = open_section(scene, channel)
    assert scene.ana.submit(form, {"text": "Nobody could work."}) == {}
    scene.slack.wait_for(lambda: "Nobody could work" in str(scene.ana.views()), what="the page")
    (shown,) = scene.ana.views()
    assert shown["id"] == page
    assert scene.incident(channel.id).answers.impact == "Nobody could work."
    scene.ana.view_press(page, pages.ACTION_UNDO, "said")
    scene.slack.wait_for(lambda: scene.incident(channel.id).answers.impact == "", what="the undo")


def test_a_page_that_slack_does_not_change_loses_nothing(
    scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    _page, form = open_section(scene, channel)
    slack.faults = [on_call("views.update", answers("hash_conflict"))]
    assert scene.ana.submit(form, {"text": "Nobody could work."}) == {}
    assert scene.incident(channel.id).answers.impact == "Nobody could work."


def test_the_form_of_a_conflict_shows_both_texts(scene: Scene, channel: Channel) -> None:
    _page, form = open_section(scene, channel)
    scene.ben.command(channel.id, "/incident edit")
    scene.slack.wait_for(lambda: bool(scene.ben.views()), what="Ben's page")
    below = scene.ben.views()[0]["id"]
    scene.ben.view_press(below, pages.ACTION_PART, "part section/impact")
    scene.slack.wait_for(lambda: len(scene.ben.views()) == 2, what="Ben's form")
    assert scene.ben.submit(scene.ben.views()[-1]["id"], {"text": "Ben's words"}) == {}
    assert list(scene.ana.submit(form, {"text": "Ana's words"})) == ["text"]
    scene.slack.wait_for(lambda: "Ben's words" in str(scene.ana.views()[-1]), what="both texts")
    assert scene.ana.views()[-1]["state"]["values"]["text"]["value"]["value"] == "Ana's words"
    assert scene.ana.submit(form, {"text": "Ana's words"}) == {}
    assert scene.incident(channel.id).answers.impact == "Ana's words"
