"""Declaring: one incident per form, a suffix for taken names, private stays private."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.bootstrap import Bot
from bot.domain.resources import ResourceState
from bot.render.declare_form import ACTION_JOIN
from bot.services.declare import OPEN_ALREADY
from bot.store import resources as resource_rows
from sandbox.clock import SandboxClock
from sandbox.slack import (
    ChannelKind,
    Direction,
    Fault,
    Passage,
    Person,
    PersonError,
    SlackSandbox,
    answers,
    drop_after,
    on_call,
    on_delivery,
    rate_limited,
)
from tests.support.bot import HUB, Scene
from tests.support.faults import hurried
from tests.support.waiting import wait_until

PRIVATE: dict[str, Any] = {"private": ["private"]}


@pytest.fixture(autouse=True)
def at_noon(clock: SandboxClock) -> None:
    """Channel names contain the date, which must not change during a test."""
    clock.move_to((clock() + timedelta(days=1)).replace(hour=12))


def name_now(scene: Scene) -> str:
    """The channel name of an incident declared now."""
    return f"inc-{scene.clock():%Y-%m-%d}-proxy-was-evicted"


def at_once(*acts: Any) -> None:
    """Run actions concurrently; ignore a form that has closed."""
    gate = threading.Barrier(len(acts))

    def run(act: Any) -> None:
        gate.wait()
        with suppress(PersonError):
            act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


def told(slack: SlackSandbox, who: Person) -> list[dict[str, Any]]:
    """mayday's direct messages to a person."""
    for channel in slack.channels():
        if channel.kind is ChannelKind.IM and who.id in channel.members:
            return slack.messages(channel.id)
    return []


def test_what_the_form_says_is_kept(scene: Scene) -> None:
    channel = scene.declare(
        "Proxy was evicted",
        severity="sev1",
        summary="Nobody can log in.\nSince 16:25.",
        hubs=["datahub"],
    )
    incident = scene.incident(channel.id)
    assert (incident.title, incident.severity, incident.status) == (
        "Proxy was evicted",
        "sev1",
        "investigating",
    )
    assert incident.summary == "Nobody can log in.\nSince 16:25."
    assert incident.hubs == ("datahub",)
    assert incident.declared_by == scene.ana.id
    assert scene.ana.id in channel.members
    assert [(m["title"], m["link"]) for m in channel.bookmarks] == [("datahub", HUB["url"])]


def test_a_double_click_is_one_incident(scene: Scene, slack: SlackSandbox) -> None:
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    clicks = 0

    def together(passage: Passage) -> Fault | None:
        """Hold all until the last. The first answer closes the form."""
        nonlocal clicks
        if passage.name != "view_submission":
            return None
        clicks += 1
        if clicks == 3:
            slack.faults = []
        return Fault(late=timedelta(hours=1))

    slack.faults = [together]
    at_once(*[lambda: scene.ana.submit(view["id"])] * 3)
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()))
    assert clicks == 3
    assert len(scene.incidents()) == 1
    assert len(scene.incident_channels()) == 1
    assert len(scene.announcements(scene.incident_channels()[0].id)) == 1


def test_pressing_again_after_a_lost_acknowledgement_is_one_incident(
    scene: Scene, slack: SlackSandbox
) -> None:
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    slack.faults = [on_delivery("view_submission", Fault(drop=True))]
    with pytest.raises(PersonError, match="trouble"):
        scene.ana.submit(view["id"])
    slack.faults = []
    assert scene.ana.submit(view["id"]) == {}
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()))
    assert len(scene.incidents()) == 1
    assert len(scene.incident_channels()) == 1


def test_two_people_declaring_one_outage_at_the_same_moment_end_in_one_channel(
    scene: Scene, slack: SlackSandbox
) -> None:
    people = (scene.ana, scene.ben)
    forms = {person.id: scene.ask_to_declare(person, "Proxy was evicted") for person in people}
    errors: dict[str, dict[str, str]] = {}

    def submit(person: Person) -> None:
        errors[person.id] = person.submit(forms[person.id]["id"])

    at_once(*[lambda p=person: submit(p) for person in people])
    [second] = [person for person in people if errors[person.id]]
    assert errors[second.id] == {"title": OPEN_ALREADY}
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()), 20)
    [incident] = scene.incidents()
    slack.wait_for(lambda: incident.id in str(second.views()[-1]), what="the first one's incident")
    second.view_press(forms[second.id]["id"], ACTION_JOIN)
    [channel] = scene.incident_channels()
    slack.wait_for(lambda: {p.id for p in people} <= set(channel.members), what="both are there")
    assert len(scene.announcements(channel.id)) == 1


@pytest.mark.parametrize("archived", [False, True])
def test_a_name_that_somebody_elses_channel_has_gets_a_suffix(
    scene: Scene, slack: SlackSandbox, archived: bool
) -> None:
    theirs = scene.ben.create_channel(name_now(scene))
    if archived:
        scene.ben.archive(theirs)
    channel = scene.declare()
    assert channel.name == f"{name_now(scene)}-2"
    assert slack.channel(theirs).members == [scene.ben.id]


def test_a_channel_that_the_bot_made_for_something_else_is_left_alone(
    scene: Scene, slack: SlackSandbox
) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    old = client.conversations_create(name=name_now(scene))["channel"]["id"]
    scene.later(minutes=10)
    channel = scene.declare()
    assert channel.id != old
    assert channel.name == f"{name_now(scene)}-2"


def test_a_channel_whose_creation_went_unanswered_is_adopted(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.faults = [on_call("conversations.create", drop_after(), numbers=(1,))]
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    scene.ana.submit(view["id"])
    slack.wait_for(lambda: bool(scene.incident_channels()), what="the channel")
    wait_until(lambda: _lost(scene), "the lost answer")
    scene.later(minutes=2)
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()), 20)
    assert [c.name for c in scene.incident_channels()] == [name_now(scene)]


def test_where_channels_may_not_be_listed_a_lost_answer_costs_a_name_and_no_incident(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.scopes = slack.scopes - {"channels:read"}
    slack.faults = [on_call("conversations.create", drop_after(), numbers=(1,))]
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    scene.ana.submit(view["id"])
    slack.wait_for(lambda: bool(scene.incident_channels()), what="the channel")
    wait_until(lambda: _lost(scene), "the lost answer")
    scene.later(minutes=2)
    wait_until(lambda: scene.incidents()[0].channel_id, "an open channel")
    (incident,) = scene.incidents()
    name = incident.channel_name
    assert name.endswith("-2")
    assert [c.name for c in scene.incident_channels()] == [name.removesuffix("-2"), name]


def test_a_private_incident_is_shown_to_nobody_else(scene: Scene) -> None:
    channel = scene.declare(**PRIVATE)
    wait_until(
        lambda: all(e.state is ResourceState.DONE for e in scene.resources(channel.id).values()),
        "every resource done",
    )
    assert channel.kind is ChannelKind.PRIVATE
    assert scene.own("#incidents") == []
    before = len(scene.ben.messages("general"))
    scene.ben.command("general", "/incident list")
    scene.slack.wait_for(lambda: len(scene.ben.messages("general")) > before, what="the list")
    shown = str(scene.ben.messages("general"))
    assert channel.id not in shown


def test_a_private_channel_that_is_refused_is_told_and_never_public(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.faults = [on_call("conversations.create", answers("restricted_action"))]
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    scene.ana.submit(view["id"], PRIVATE)
    slack.wait_for(lambda: bool(told(slack, scene.ana)), what="the notice")

    notice = told(slack, scene.ana)[-1]
    assert "ask an admin to allow it" in notice["text"]
    assert scene.incident_channels() == []
    assert scene.own("#incidents") == []
    assert len(scene.incidents()) == 1, "what was declared must not be lost"

    slack.faults = []
    scene.ana.press(_dm(slack, scene.ana), notice["ts"], "incident.retry")
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()), 20)
    assert [c.kind for c in scene.incident_channels()] == [ChannelKind.PRIVATE]


def test_a_private_channel_that_slack_makes_public_is_not_used(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    def forget_privacy(passage: Passage) -> None:
        if passage.direction is Direction.CALL and passage.name == "conversations.create":
            passage.body.pop("is_private")  # type: ignore[attr-defined]

    slack.faults = [forget_privacy]
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    scene.ana.submit(view["id"], PRIVATE)
    slack.wait_for(lambda: bool(told(slack, scene.ana)), what="the notice")

    assert (
        "as a public channel although the incident is private" in told(slack, scene.ana)[-1]["text"]
    )
    exposed = scene.incident_channels()
    assert [c.members for c in exposed] == [[slack.bot_user_id]]
    assert scene.own(exposed[0].id) == []
    assert scene.own("#incidents") == []
    assert scene.incidents()[0].channel_id is None
    scene.later(minutes=30)
    bot.services.sweep.sweep()
    bot.services.sync.bring_in_step(scene.incidents()[0].id)
    assert len(scene.incident_channels()) == 1, "nothing is repeated by itself"

    slack.faults = []
    notice = told(slack, scene.ana)[-1]
    WebClient(token=slack.bot_token, base_url=slack.api_url).conversations_archive(
        channel=exposed[0].id
    )
    scene.ana.press(_dm(slack, scene.ana), notice["ts"], "incident.retry")
    slack.wait_for(
        lambda: any(scene.is_set_up(c) for c in slack.channels()), 20, what="a private one"
    )
    fresh = next(c for c in scene.incident_channels() if c.id != exposed[0].id)
    assert fresh.kind is ChannelKind.PRIVATE


def _dm(slack: SlackSandbox, who: Person) -> str:
    return next(c.id for c in slack.channels() if c.kind is ChannelKind.IM and who.id in c.members)


def _lost(scene: Scene) -> bool:
    """Whether an unanswered attempt to open the channel is stored."""
    with scene.store.read() as tx:
        found = resource_rows.get(tx, f"{scene.incidents()[0].id}/channel")
    return bool(found and found.state is ResourceState.ATTEMPTING and found.error)


@pytest.mark.parametrize("lag", [1, 3])
@pytest.mark.parametrize("limited", [False, True], ids=["", "limited"])
def test_a_list_that_lags_behind_opens_no_second_channel(
    scene: Scene, slack: SlackSandbox, lag: int, limited: bool
) -> None:
    """Slack created the channel and its answer was lost, but its list does not show the channel yet."""
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    earlier = Fault(answer={"ok": True, "channels": []})
    slack.faults = [
        on_call("conversations.create", drop_after(), numbers=(1,)),
        on_call("users.conversations", earlier, times=lag),
    ]
    if limited:
        slack.faults.append(on_call("conversations.create", rate_limited(1), numbers=(2,)))
    assert scene.ana.submit(view["id"]) == {}

    def is_open() -> bool:
        return any(one.channel_id for one in scene.incidents())

    hurried(scene, is_open, "the channel", most=timedelta(minutes=25))
    assert [one.name for one in scene.incident_channels()] == [name_now(scene)]
