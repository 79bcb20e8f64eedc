"""Readers of an incident on the practice Slack: who joins, who subscribes, and who opens the app's Home."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.render import subscriptions as words
from bot.render.reader_buttons import ACTION_SUBSCRIBE, ACTION_UNSUBSCRIBE
from sandbox.slack import Person, SlackSandbox
from tests.support.bot import Scene

CHANNEL = "general"


@pytest.fixture(scope="module")
def sections() -> Mapping[str, Any]:
    """An audience that reads in a channel."""
    audience = {"name": "students", "channels": [f"#{CHANNEL}"]}
    return {"communication": {"audiences": [audience]}}


def alone(person: Person, channel: str) -> list[dict[str, Any]]:
    """The catch-ups that only this person sees in the channel."""
    return [
        m
        for m in person.messages(channel)
        if m.get("ephemeral") and "Who does what" in json.dumps(m)
    ]


def direct(scene: Scene, person: Person) -> list[dict[str, Any]]:
    """The news that mayday sent to a person directly."""
    return [m for c in person.channels() if c.id.startswith("D") for m in scene.posts(c.id, "news")]


def test_whoever_joins_on_their_own_sees_it_and_whom_somebody_invited_does_not(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare().id
    scene.ana.command(channel, "/incident update we restart the proxy")
    scene.ana.invite(channel, "chidi")
    scene.ben.join(channel)
    slack.wait_for(lambda: alone(scene.ben, channel), what="what Ben sees")
    assert "we restart the proxy" in json.dumps(alone(scene.ben, channel))
    everybody = {who: len(alone(slack.person(who), channel)) for who in ("ana", "ben", "chidi")}
    assert everybody == {"ana": 0, "ben": 1, "chidi": 0}


def test_one_subscribes_at_the_announcement_and_stops_below_the_news(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel, ben = scene.declare().id, scene.ben
    (announcement,) = scene.announcements(channel)
    ben.join("incidents")
    ben.press("incidents", announcement["ts"], ACTION_SUBSCRIBE)
    slack.wait_for(lambda: "subscribed to" in str(ben.messages("incidents")), what="the answer")
    scene.ana.command(channel, "/incident update it is back")
    slack.wait_for(lambda: direct(scene, ben), what="the news")
    (message,) = direct(scene, ben)
    (place,) = [c.id for c in ben.channels() if c.id.startswith("D") and scene.posts(c.id, "news")]
    ben.press(place, message["ts"], ACTION_UNSUBSCRIBE)
    slack.wait_for(lambda: words.ENDED in str(ben.messages(place)), what="the answer")


def test_a_text_is_posted_where_the_people_served_read_and_the_home_is_published(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel, ana = scene.declare().id, scene.ana
    ana.command(channel, "/incident notify")
    slack.wait_for(lambda: bool(ana.views()), what="the form")
    assert ana.submit(ana.views()[-1]["id"]) == {}
    slack.wait_for(lambda: scene.posts(CHANNEL, "notified"), what="the text")
    (posted,) = scene.posts(CHANNEL, "notified")
    assert posted["text"].startswith("We are aware of a problem")
    assert channel not in json.dumps(posted["blocks"])
    ana.open_home()
    slack.wait_for(lambda: "Proxy was evicted" in str(ana.home()), what="the Home")
