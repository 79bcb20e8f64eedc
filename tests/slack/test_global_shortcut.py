"""The global shortcut has neither a channel nor an address for answers: they come as direct messages."""

from __future__ import annotations

from typing import Any

from bot.slack.interactions import SHORTCUT_DECLARE
from bot.slack.responder import FORM_TOO_LATE
from sandbox.slack import ChannelKind, Person, SlackSandbox, answers, on_call
from tests.support.bot import Scene


def direct_messages(person: Person) -> list[dict[str, Any]]:
    """What mayday told a person directly."""
    places = [c.id for c in person.channels() if c.kind is ChannelKind.IM]
    return [message for place in places for message in person.messages(place)]


def opened(slack: SlackSandbox, person: Person) -> dict[str, Any]:
    """The declare form, opened by the shortcut."""
    person.shortcut(SHORTCUT_DECLARE)
    slack.wait_for(lambda: bool(person.views()), what="the declare form")
    return person.views()[-1]


def test_the_confirmation_is_a_direct_message(slack: SlackSandbox, scene: Scene) -> None:
    view = opened(slack, scene.ben)
    sent = next(d.payload for d in slack.deliveries if d.name == "shortcut")
    assert not {"channel", "response_url"} & set(sent)
    assert scene.ben.submit(view["id"], {"title": "The hub is slow"}) == {}
    slack.wait_for(lambda: bool(direct_messages(scene.ben)), what="the confirmation")
    (said,) = direct_messages(scene.ben)
    [incident] = scene.incidents()
    assert incident.channel_name in said["text"]


def test_a_failure_is_a_direct_message(slack: SlackSandbox, scene: Scene) -> None:
    slack.faults = [on_call("views.open", answers("expired_trigger_id"))]
    scene.ben.shortcut(SHORTCUT_DECLARE)
    slack.wait_for(lambda: bool(direct_messages(scene.ben)), what="the error")
    (said,) = direct_messages(scene.ben)
    assert FORM_TOO_LATE in said["text"]


def test_an_error_in_the_form_is_shown_at_its_input(slack: SlackSandbox, scene: Scene) -> None:
    view = opened(slack, scene.ben)
    assert scene.ben.submit(view["id"], {"title": "   "})
    assert direct_messages(scene.ben) == []
    assert scene.incidents() == []
