"""Declaring, with each outcome of every call, and delivery faults of its form."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.resources import ResourceState
from bot.render.canvas import MARK
from bot.store import resources as resource_rows
from sandbox.clock import SandboxClock
from sandbox.faults import Fault, rate_limited, says, unacknowledged
from sandbox.rules import FaultHook, on_call, on_delivery
from sandbox.slack import Channel, PersonError, SlackSandbox
from sandbox.slack.canvases import text_of
from tests.support.bot import Scene
from tests.support.faults import EVENTS, OUTCOMES, hurried

TITLE = "Proxy was evicted"
METHODS = (
    "conversations.create",
    "conversations.invite",
    "conversations.list",
    "users.conversations",
    "conversations.join",
    "conversations.setTopic",
    "conversations.canvases.create",
    "canvases.sections.lookup",
    "canvases.edit",
    "bookmarks.list",
    "bookmarks.add",
    "pins.add",
)
FORMS = ("slow", "twice", "lost on the way", "acknowledgement lost")
"""Delivery faults of a form; Slack does not redeliver one."""

POSTS = ("/card", "/announcement")
"""The suffixes of the keys of posted messages."""


def once(fault: Fault) -> list[FaultHook]:
    """The fault for the first call of each method and first attempt of each message."""
    return [
        *(on_call(method, fault, times=1) for method in METHODS),
        *(on_call("chat.postMessage", fault, times=1, holding=effect) for effect in POSTS),
    ]


def is_done(scene: Scene) -> bool:
    """Whether every resource of the one incident is done, without a warning."""
    (incident,) = scene.incidents()
    if incident.channel_id is None:
        return False
    resources = scene.resources(incident.channel_id)
    wanted = {k: e for k, e in resources.items() if k not in ("notice", "alike")}
    warned = any("⚠️" in post["text"] for post in scene.posts(incident.channel_id, "notice"))
    return (
        len(wanted) == 8
        and not warned
        and all(e.state is ResourceState.DONE for e in resources.values())
    )


def whole(scene: Scene) -> Channel:
    """Assert that everything exists once."""
    (channel,) = scene.incident_channels()
    (incident,) = scene.incidents()
    assert (channel.id, channel.name) == (incident.channel_id, incident.channel_name)
    assert scene.ana.id in channel.members
    (card,) = scene.posts(channel.id, "card")
    assert [pin["ts"] for pin in channel.pins] == [card["ts"]]
    assert len(scene.announcements(channel.id)) == 1
    assert [mark["title"] for mark in channel.bookmarks] == ["datahub"]
    assert TITLE in channel.topic["value"]
    assert text_of(channel).count(MARK) == 1
    return channel


def submit(scene: Scene) -> str:
    """Submit the form as Ana; return its id."""
    view = scene.ask_to_declare(scene.ana, TITLE)
    with suppress(PersonError):
        scene.ana.submit(view["id"], {"hubs": ["datahub"]})
    return str(view["id"])


@pytest.mark.parametrize("fault", OUTCOMES.values(), ids=OUTCOMES)
def test_every_call_goes_wrong_once(scene: Scene, slack: SlackSandbox, fault: Fault) -> None:
    view = scene.ask_to_declare(scene.ana, TITLE)
    slack.faults = once(fault)
    assert scene.ana.submit(view["id"], {"hubs": ["datahub"]}) == {}
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    whole(scene)


def test_a_storm_over_every_call_passes(scene: Scene, slack: SlackSandbox) -> None:
    """The warning fails too; no warning remains afterwards."""
    view = scene.ask_to_declare(scene.ana, TITLE)
    slack.faults = [on_call("*", rate_limited(1), times=8)]
    assert scene.ana.submit(view["id"], {"hubs": ["datahub"]}) == {}
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    assert slack.faults.standing()[0].struck == 8
    channel = whole(scene)
    assert [key for key, e in scene.resources(channel.id).items() if e.retry_at] == []


@pytest.mark.parametrize("what", ["token", "scopes"])
def test_what_slack_refuses_is_made_good_when_it_allows_it(
    scene: Scene, slack: SlackSandbox, what: str
) -> None:
    view = scene.ask_to_declare(scene.ana, TITLE)
    had = slack.scopes
    if what == "token":
        slack.revoke_bot_token()
    else:
        slack.scopes = {"commands"}
    assert scene.ana.submit(view["id"], {"hubs": ["datahub"]}) == {}
    (incident,) = scene.incidents()
    scene.until(lambda: refused(scene, incident.id), "the refusal is on record")
    slack.restore_bot_token()
    slack.scopes = had
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    whole(scene)


def refused(scene: Scene, incident_id: str) -> bool:
    """Whether the channel's row names the setting or scope to fix."""
    with scene.store.read() as tx:
        row = resource_rows.get(tx, f"{incident_id}/channel")
    if row is None or not row.error:
        return False
    return "slack.bot_token" in row.error or "needs the scope" in row.error


@pytest.mark.parametrize("name", FORMS)
def test_its_form_goes_wrong(scene: Scene, slack: SlackSandbox, name: str) -> None:
    """Slack does not redeliver forms: the person sees an error and submits again."""
    slack.faults = [on_delivery("view_submission", EVENTS[name], times=1)]
    view_id = submit(scene)
    if not scene.incidents() or scene.ana.views():
        with suppress(PersonError):
            scene.ana.submit(view_id, {"hubs": ["datahub"]})
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    whole(scene)


def test_a_form_that_was_kept_and_is_sent_again_with_other_words_is_the_first(
    scene: Scene, slack: SlackSandbox
) -> None:
    """The person sees an error, edits the form and submits again."""
    slack.faults = [on_delivery("view_submission", unacknowledged(), times=1)]
    view_id = submit(scene)
    with suppress(PersonError):
        scene.ana.submit(view_id, {"hubs": ["datahub"], "title": "All is lost"})
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    whole(scene)


def test_a_form_that_slack_did_not_open_in_time_is_asked_for_again(
    scene: Scene, slack: SlackSandbox
) -> None:
    usual, slack.trigger_seconds = slack.trigger_seconds, 0.0
    scene.ana.command("general", f"/incident declare {TITLE}")
    slack.wait_for(
        lambda: "try again" in str(scene.ana.messages("general")[-1:]), what="she is told"
    )
    assert scene.ana.views() == []
    slack.trigger_seconds = usual
    submit(scene)
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    whole(scene)


def test_the_day_may_end_between_the_form_and_its_channel(
    scene: Scene, slack: SlackSandbox, clock: SandboxClock
) -> None:
    """The name has the day of declaring, even if the channel is created later."""
    clock.move_to(datetime(2017, 2, 24, 5, 16, tzinfo=UTC))
    view = scene.ask_to_declare(scene.ana, TITLE)
    slack.faults = [on_call("conversations.create", says(503), times=1)]
    assert scene.ana.submit(view["id"], {"hubs": ["datahub"]}) == {}
    clock.move_to(clock() + timedelta(days=1))
    hurried(scene, lambda: is_done(scene), "all of it", most=timedelta(minutes=25))
    assert whole(scene).name == "inc-2017-02-24-proxy-was-evicted"
