"""Each resource fails separately: the others succeed, and a notice has a retry button."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.resources import ResourceState
from sandbox.slack import (
    Channel,
    Direction,
    Fault,
    FaultHook,
    Passage,
    SlackSandbox,
    answers,
    drop_after,
    drop_before,
    rate_limited,
)
from tests.support.bot import Scene
from tests.support.waiting import wait_until

MISSING_SCOPE = Fault(
    effect=False, answer={"ok": False, "error": "missing_scope", "needed": "some:scope"}
)

RESOURCES = {
    "invite": ("conversations.invite", ""),
    "card": ("chat.postMessage", "/card"),
    "topic": ("conversations.setTopic", ""),
    "bookmark": ("bookmarks.add", ""),
    "announcement": ("chat.postMessage", "/announcement"),
    "pin": ("pins.add", ""),
}
"""Declaring's calls after the channel opens, with the resource key in each message."""

PASSING = {
    "an internal error": answers("internal_error", status=500),
    "an answer that was lost": drop_after(),
    "a request that was lost": drop_before(),
    "a limit": rate_limited(60),
}


def failing(resource: str, fault: Fault, *, times: int = 1000) -> FaultHook:
    """Apply the fault to ``times`` calls."""
    method, carried = RESOURCES[resource]
    left = times

    def hook(passage: Passage) -> Fault | None:
        nonlocal left
        if passage.direction is not Direction.CALL or passage.name != method:
            return None
        if f'{carried}"' not in json.dumps(passage.body).replace('\\"', '"') and carried:
            return None
        left -= 1
        return fault if left >= 0 else None

    return hook


def submitted(scene: Scene) -> None:
    """Ana declares."""
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    assert scene.ana.submit(view["id"], {"hubs": ["datahub"]}) == {}


def channel_of(scene: Scene) -> Channel:
    """Wait for the incident's channel."""
    wait_until(lambda: any(i.channel_id for i in scene.incidents()), "the channel")
    return next(c for c in scene.incident_channels() if c.id == scene.incidents()[0].channel_id)


def states(scene: Scene, channel: str) -> dict[str, ResourceState]:
    """The state of each resource, by name."""
    return {key.split("/")[0]: e.state for key, e in scene.resources(channel).items()}


def is_whole(scene: Scene, channel: str) -> bool:
    """All is done."""
    found = states(scene, channel)
    return set(found) >= {*RESOURCES, "channel"} and all(
        state is ResourceState.DONE for name, state in found.items() if name != "notice"
    )


def direct(scene: Scene) -> list[str]:
    """The declarer's direct conversations."""
    return [c.id for c in scene.ana.channels() if c.id.startswith("D")]


def assert_once(scene: Scene, slack: SlackSandbox, channel_id: str) -> None:
    """Check that Slack has everything exactly once."""
    channel = slack.channel(channel_id)
    assert scene.ana.id in channel.members
    assert len(scene.posts(channel_id, "card")) == 1
    assert [pin["ts"] for pin in channel.pins] == [scene.posts(channel_id, "card")[0]["ts"]]
    assert len(scene.announcements(channel_id)) == 1
    assert len(channel.bookmarks) == 1
    assert channel.topic["value"]


@pytest.mark.parametrize("error", ["missing_scope", "not_in_channel"])
@pytest.mark.parametrize("resource", RESOURCES)
def test_a_refused_effect_is_told_and_repaired_by_the_button(
    scene: Scene, slack: SlackSandbox, resource: str, error: str
) -> None:
    slack.faults = [
        failing(resource, MISSING_SCOPE if error == "missing_scope" else answers(error))
    ]
    submitted(scene)
    channel = channel_of(scene).id
    where = channel
    if resource == "invite":  # people outside the channel get a DM
        slack.wait_for(lambda: bool(direct(scene)), what="a direct conversation")
        where = direct(scene)[0]
    slack.wait_for(lambda: bool(scene.posts(where, "notice")), what="the notice")

    expected = {resource, "pin"} if resource == "card" else {resource}

    def done() -> set[str]:
        found = states(scene, channel)
        return {name for name, state in found.items() if state is ResourceState.DONE}

    wait_until(lambda: {*RESOURCES} - expected <= done(), "one that fails stops no other")
    notice = scene.posts(where, "notice")[-1]
    advice = "some:scope" if error == "missing_scope" else "mayday is not in that channel"
    assert advice in notice["text"]

    slack.faults = []
    scene.ana.press(where, notice["ts"], "incident.retry")

    wait_until(lambda: is_whole(scene, channel), "all repaired")
    assert_once(scene, slack, channel)
    slack.wait_for(
        lambda: "is now done" in scene.posts(where, "notice")[-1]["text"], what="the good news"
    )
    assert len(scene.posts(where, "notice")) == 1


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("resource", RESOURCES)
def test_what_passes_is_repaired_without_anybody(
    scene: Scene, slack: SlackSandbox, resource: str, fault: str
) -> None:
    slack.faults = [failing(resource, PASSING[fault], times=1)]
    submitted(scene)
    channel = channel_of(scene).id
    wait_until(
        lambda: (
            states(scene, channel).get(resource)
            in (ResourceState.ATTEMPTING, ResourceState.PENDING)
            and scene.resources(channel)[_key(scene, channel, resource)].error
        ),
        "the failure is stored",
    )
    scene.later(minutes=6)

    wait_until(lambda: is_whole(scene, channel), "all repaired")
    assert_once(scene, slack, channel)
    assert scene.posts(channel, "notice") == [], "a hiccup is nobody's business"


def test_a_refused_channel_is_told_to_the_person_directly(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.faults = [_all("conversations.create", MISSING_SCOPE)]
    submitted(scene)

    def notices() -> list[dict[str, Any]]:
        return [m for c in slack.channels() if c.id.startswith("D") for m in slack.messages(c.id)]

    slack.wait_for(lambda: bool(notices()), what="the notice")
    assert "some:scope" in notices()[0]["text"]
    direct = next(c.id for c in slack.channels() if c.id.startswith("D"))
    slack.faults = []
    scene.ana.press(direct, notices()[0]["ts"], "incident.retry")
    channel = channel_of(scene).id
    wait_until(lambda: is_whole(scene, channel), "all repaired")
    assert_once(scene, slack, channel)


def test_nothing_is_asked_of_slack_when_all_is_well(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare(hubs=["datahub"])
    wait_until(lambda: is_whole(scene, channel.id), "all done")
    bot.ticks.stop()  # the first read of the channels, at startup, may still be running
    before = len(slack.calls)
    card = scene.posts(channel.id, "card")[0]
    scene.ana.command(channel.name, "/incident timeline")
    assert len(slack.calls) == before
    scene.ana.command(channel.name, "/incident status fixing")
    slack.wait_for(lambda: "fixing" in scene.posts(channel.id, "card")[0]["text"])
    wait_until(lambda: "entry" in states(scene, channel.id), "the change is told")
    wait_until(lambda: is_whole(scene, channel.id), "all done again")
    slack.wait_for(lambda: "fixing" in scene.announcements(channel.id)[0]["text"])

    def changed(method: str) -> int:
        return sum(call.method == method for call in slack.calls[before:])

    # Slack records a call after its answer, which follows the effect.
    wait_until(lambda: changed("chat.update") == 2, "the card and the announcement, once each")
    assert changed("chat.postMessage") == 1
    assert scene.posts(channel.id, "card")[0]["ts"] == card["ts"]


def test_a_card_that_somebody_deleted_is_posted_again(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    card = scene.posts(channel.id, "card")[0]
    scene.ana.delete(channel.name, card["ts"])
    scene.ana.command(channel.name, "/incident status fixing")
    slack.wait_for(lambda: bool(scene.posts(channel.id, "card")), what="a new card")
    fresh = scene.posts(channel.id, "card")
    slack.wait_for(
        lambda: [p["ts"] for p in slack.channel(channel.id).pins] == [fresh[0]["ts"]],
        what="the new card pinned",
    )
    assert len(fresh) == 1
    assert "fixing" in fresh[0]["text"]


def test_everybody_with_a_role_is_brought_in(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    ben = scene.ben
    scene.ana.command(channel.name, f"/incident role scribe @{ben.name}")
    slack.wait_for(lambda: ben.id in slack.channel(channel.id).members, what="Ben is in")
    slack.wait_for(lambda: "scribe" in scene.own(channel.id)[-1]["text"], what="it is told")


def test_an_update_is_told_to_those_outside(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare()
    scene.ana.command(channel.name, "/incident update Routes are coming back.")
    parent = scene.announcements(channel.id)[0]["ts"]
    slack.wait_for(
        lambda: any(
            m.get("thread_ts") == parent and "Routes are coming back." in m["text"]
            for m in scene.own("#incidents")
        ),
        what="the update under the announcement",
    )


def _all(method: str, fault: Fault) -> FaultHook:
    def hook(passage: Passage) -> Fault | None:
        is_it = passage.direction is Direction.CALL and passage.name == method
        return fault if is_it else None

    return hook


def _key(scene: Scene, channel: str, resource: str) -> str:
    return next(key for key in scene.resources(channel) if key.split("/")[0] == resource)
