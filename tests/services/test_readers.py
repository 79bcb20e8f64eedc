"""Those who join an incident's channel, and those who subscribed, are told once, and nobody else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain.resources import ResourceKind, ResourceState
from bot.render import subscriptions as words
from bot.render.reader_buttons import ACTION_SUBSCRIBE, ACTION_UNSUBSCRIBE
from bot.store import subscriptions
from sandbox.slack import Person, SlackSandbox, answers, on_call, on_delivery, twice
from tests.support.bot import Scene


def alone(person: Person, channel: str) -> list[dict[str, Any]]:
    """The catch-ups that only this person sees in the channel."""
    return [
        m
        for m in person.messages(channel)
        if m.get("ephemeral") and "Who does what" in json.dumps(m)
    ]


def shown_to(scene: Scene, channel: str) -> list[tuple[str, str]]:
    """The catch-ups for people who joined: whom, and how far it has come."""
    found = [row for row in scene.resources(channel).values() if row.kind is ResourceKind.CATCH_UP]
    return [(row.subject.partition("/")[0], row.state.value) for row in found]


def direct(scene: Scene, who: str) -> list[dict[str, Any]]:
    """The news that mayday sent to a person directly."""
    person = scene.slack.person(who)
    found = [c.id for c in person.channels() if c.id.startswith("D")]
    return [m for channel in found for m in scene.posts(channel, "news")]


def said(messages: list[dict[str, Any]]) -> str:
    return json.dumps(messages, ensure_ascii=False)


def settled(scene: Scene, channel: str) -> bool:
    return all(row.state is ResourceState.DONE for row in scene.resources(channel).values())


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_whoever_joins_on_their_own_sees_it_alone_and_once(scene: Scene, private: bool) -> None:
    secret = {"private": ["private"]} if private else {}
    channel = scene.declare(**secret).id
    scene.ana.command(channel, "/incident update we restart the proxy")
    scene.ana.invite(channel, "chidi")
    if private:  # nobody joins a private channel uninvited
        scene.ana.invite(channel, "ben")
    else:
        scene.ben.join(channel)
        scene.slack.wait_for(lambda: alone(scene.ben, channel), what="what Ben sees")
        assert "we restart the proxy" in said(alone(scene.ben, channel))
    scene.until(lambda: settled(scene, channel), "everything is done")
    everybody = {
        who: len(alone(scene.slack.person(who), channel)) for who in ("ana", "ben", "chidi")
    }
    assert everybody == {"ana": 0, "ben": 0 if private else 1, "chidi": 0}
    assert shown_to(scene, channel) == ([] if private else [(scene.ben.id, "done")])


def test_a_redelivered_join_shows_nothing_again_and_another_join_does(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare().id
    slack.faults = [on_delivery("member_joined_channel", twice())]
    scene.ben.join(channel)
    slack.wait_for(lambda: alone(scene.ben, channel), what="what Ben sees")
    scene.ana.remove(channel, "ben")
    scene.ben.join(channel)
    slack.wait_for(lambda: len(alone(scene.ben, channel)) == 2, what="what Ben sees again")
    scene.until(lambda: settled(scene, channel), "everything is done")
    assert shown_to(scene, channel) == [(scene.ben.id, "done")] * 2


def test_one_who_left_meanwhile_is_dropped_quietly(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    slack.faults = [on_call("chat.postEphemeral", answers("user_not_in_channel"))]
    scene.ben.join(channel)
    scene.until(lambda: shown_to(scene, channel) == [(scene.ben.id, "done")], "it is dropped")
    assert scene.posts(channel, "notice") == []


def subscribed(scene: Scene, who: str = "ben", **values: Any) -> str:
    """An incident to which somebody subscribed."""
    channel = scene.declare(**values).id
    if values:
        scene.ana.invite(channel, who)
    scene.ana.command(channel, "/incident update before")
    place = channel if values else "general"
    name = scene.incident(channel).channel_name
    answer = scene.slack.person(who).command(place, f"/incident subscribe in #{name}")
    assert "You are subscribed" in str(answer)
    return channel


def test_a_subscriber_gets_each_piece_of_news_once_until_the_incident_is_closed(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = subscribed(scene)
    for line in (
        "update <!channel> it is back",
        "severity sev1",
        "note nobody's business",
        "resolve",
    ):
        scene.ana.command(channel, f"/incident {line}")
    slack.wait_for(lambda: len(direct(scene, "ben")) == 3, what="the news")
    text = said(direct(scene, "ben"))
    for part in ("it is back", "severity", "resolved by", f"<#{channel}>"):
        assert part in text
    assert "before" not in text and "business" not in text and "<!channel>" not in text
    scene.ana.command(channel, "/incident close")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the closing form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    slack.wait_for(lambda: len(direct(scene, "ben")) == 4, what="the last message")
    assert words.LAST in said(direct(scene, "ben"))
    scene.ana.command(channel, "/incident reopen")
    scene.ana.command(channel, "/incident update again")
    scene.until(lambda: settled(scene, channel), "everything is done")
    assert len(direct(scene, "ben")) == 4
    assert direct(scene, "ana") == []


def test_it_ends_with_a_button(scene: Scene, slack: SlackSandbox) -> None:
    channel = subscribed(scene)
    scene.ana.command(channel, "/incident update it is back")
    slack.wait_for(lambda: direct(scene, "ben"), what="the news")
    (message,) = direct(scene, "ben")
    (place,) = [c.id for c in scene.ben.channels() if scene.posts(c.id, "news")]
    scene.ben.press(place, message["ts"], ACTION_UNSUBSCRIBE)
    slack.wait_for(lambda: words.ENDED in said(scene.ben.messages(place)), what="the answer")
    scene.ana.command(channel, "/incident update not for ben")
    scene.until(lambda: settled(scene, channel), "everything is done")
    assert len(direct(scene, "ben")) == 1


def test_the_announcement_has_the_button(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare().id
    (announcement,) = scene.announcements(channel)
    scene.ben.press("incidents", announcement["ts"], ACTION_SUBSCRIBE)
    scene.until(lambda: subscribers(scene, channel) == [scene.ben.id], "the subscription")


def subscribers(scene: Scene, channel: str) -> list[str]:
    with scene.store.read() as tx:
        return [one.user for one in subscriptions.of_incident(tx, scene.incident(channel).id)]


def test_one_who_leaves_a_private_channel_gets_nothing_more(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = subscribed(scene, private=["private"])
    scene.ana.command(channel, "/incident update first")
    slack.wait_for(lambda: len(direct(scene, "ben")) == 1, what="the news")
    scene.ana.remove(channel, "ben")
    scene.ana.command(channel, "/incident update second")
    scene.until(lambda: settled(scene, channel), "everything is done")
    assert len(direct(scene, "ben")) == 1


def test_nothing_is_sent_while_slack_does_not_say_who_is_in_a_private_channel(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = subscribed(scene, private=["private"])
    slack.faults = [on_call("conversations.members", answers("internal_error"))]
    scene.ana.command(channel, "/incident update secret")

    def waits() -> bool:
        rows = scene.resources(channel).values()
        return any(row.kind is ResourceKind.NEWS and row.error for row in rows)

    scene.until(waits, "the attempt")
    assert direct(scene, "ben") == []
    assert scene.posts(channel, "notice") == []


def test_a_deactivated_subscriber_is_dropped_quietly(scene: Scene, slack: SlackSandbox) -> None:
    channel = subscribed(scene)
    slack.faults = [on_call("conversations.open", answers("user_disabled"))]
    scene.ana.command(channel, "/incident update it is back")

    def dropped() -> bool:
        rows = scene.resources(channel).values()
        return any(row.kind is ResourceKind.NEWS and row.ref.get("not_sent") for row in rows)

    scene.until(dropped, "it is dropped")
    assert scene.posts(channel, "notice") == []


def test_news_is_withdrawn_when_the_incident_becomes_private(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = subscribed(scene)
    scene.ana.command(channel, "/incident update xylophone")
    slack.wait_for(lambda: len(direct(scene, "ben")) == 1, what="the news")
    scene.ana.change_channel(channel, "make_private")
    slack.wait_for(lambda: "xylophone" not in said(direct(scene, "ben")), what="its withdrawal")
    scene.ana.command(channel, "/incident update second")
    scene.until(lambda: settled(scene, channel), "everything is done")
    assert len(direct(scene, "ben")) == 1
