"""Each way to declare and to end an incident, in the practice Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.domain.incident import Ending
from bot.render.declare_form import ACTION_HUBS
from bot.slack.interactions import SHORTCUT_DECLARE_FROM
from sandbox.slack import Channel, SlackSandbox
from tests.support.bot import Scene, texts


@pytest.fixture(scope="module")
def sections() -> Mapping[str, Any]:
    return {"incident": {"declare_reaction": "warning"}}


def declared(scene: Scene, number: int = 1) -> Channel:
    """The channel of the n-th incident, once it is set up."""
    scene.until(lambda: len(scene.incidents()) == number, "declared")
    incident = max(scene.incidents(), key=lambda each: each.number)
    scene.until(lambda: scene.store and _channel_of(scene, incident.id), "the channel")
    channel = scene.slack.channel(_channel_of(scene, incident.id))
    scene.slack.wait_for(lambda: bool(channel.pins), what="the card")
    return channel


def _channel_of(scene: Scene, incident_id: str) -> str:
    return next(each.channel_id or "" for each in scene.incidents() if each.id == incident_id)


def test_one_line_is_a_drill_that_says_so_everywhere(scene: Scene, slack: SlackSandbox) -> None:
    scene.ana.command("general", "/incident declare drill sev2 datahub Nobody can log in")
    channel = declared(scene)
    assert scene.ana.views() == []
    assert channel.name.startswith("drill-inc-")
    slack.wait_for(lambda: bool(scene.announcements(channel.id)), what="the announcement")
    [card] = scene.posts(channel.id, "card")
    [announced] = scene.announcements(channel.id)
    for shown in (str(card["blocks"]), channel.topic["value"], announced["text"]):
        assert "Drill: Nobody can log in" in shown


def test_a_message_and_its_incident_link_to_each_other(scene: Scene, slack: SlackSandbox) -> None:
    ts = scene.ben.say("general", "Kernels die on datahub")
    scene.ana.shortcut(SHORTCUT_DECLARE_FROM, "general", ts)
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    channel = declared(scene)
    slack.wait_for(lambda: bool(scene.posts("general", "origin_reply")), what="the reply")
    [reply] = scene.posts("general", "origin_reply")
    assert (reply["thread_ts"], channel.id in reply["text"]) == (ts, True)
    assert ts.replace(".", "") in str(scene.posts(channel.id, "card")[0]["blocks"])


def test_reactions_of_several_people_are_one_incident(scene: Scene, slack: SlackSandbox) -> None:
    bot = slack.bot_user_id
    if bot not in slack.channel("general").members:
        scene.ana.invite("general", bot)
    ts = scene.ben.say("general", "Kernels die on datahub")
    scene.ana.react("general", ts, "warning")
    channel = declared(scene)
    scene.ben.react("general", ts, "warning")
    slack.wait_for(lambda: {scene.ana.id, scene.ben.id} <= set(channel.members), what="both")
    assert len(scene.incidents()) == 1


def test_a_channel_is_taken_over_as_it_is(scene: Scene, slack: SlackSandbox) -> None:
    made = scene.ana.create_channel("logins-fail", private=True)
    scene.ana.invite(made, slack.bot_user_id)
    scene.ana.say(made, "since 16:20")
    scene.ana.command(made, "/incident adopt sev1")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    channel = declared(scene)
    assert (channel.id, channel.name, channel.topic["value"]) == (made, "logins-fail", "")
    assert scene.incident(made).private
    assert not scene.announcements(made)
    scene.until(lambda: "since 16:20" in [m.text for m in scene.messages(made)], "its messages")


def test_a_duplicate_is_merged_and_reopened(scene: Scene, slack: SlackSandbox) -> None:
    first = scene.declare("Proxy was evicted")
    second = scene.declare("Hub is slow", who="ben")
    scene.ben.command(second.id, f"/incident merge <#{first.id}|{first.name}>")
    slack.wait_for(lambda: scene.ben.id in first.members, what="Ben in the other channel")
    assert scene.incident(second.id).ending is Ending.DUPLICATE
    slack.wait_for(lambda: second.id in str(scene.posts(first.id, "card")), what="its card")
    slack.wait_for(lambda: first.id in str(scene.posts(second.id, "card")), what="the other card")
    slack.wait_for(lambda: "duplicate" in str(scene.announcements(second.id)), what="the words")
    scene.ben.command(second.id, "/incident reopen")
    slack.wait_for(lambda: second.id not in str(scene.posts(first.id, "card")), what="undone")
    assert any("reopened" in text for text in texts(scene.posts(first.id, "entry")))


def test_the_form_follows_the_hubs(scene: Scene, slack: SlackSandbox) -> None:
    scene.declare("Proxy was evicted")
    scene.ben.shortcut("declare")
    slack.wait_for(lambda: bool(scene.ben.views()), what="the form")
    slack.wait_for(lambda: "Proxy was evicted" in str(scene.ben.views()[-1]), what="the incident")
    view = scene.ben.views()[-1]
    scene.ben.view_press(view["id"], ACTION_HUBS, "hubs", value=[])
    slack.wait_for(lambda: "Proxy was evicted" not in str(scene.ben.views()[-1]), what="none")
