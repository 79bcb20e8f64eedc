"""Modals by the Web API: triggers, views, hashes and what is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from tests.contracts.slack.heard import form
from tests.contracts.slack.refusals import refused, told
from tests.contracts.slack.systems import DOUBLE, EMULATE, EVERY, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)
web_api = pytest.mark.parametrize("system", WEB_API)
NO_RULES = "it replaces whatever modal is on top"
TRIGGER_SECONDS = 3.0


@every
@pytest.mark.contract("Slack", "a trigger opens a modal, which is then changed by its id")
def test_open_and_change(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    view_id = chat.open_view(slack.trigger(slack.ana), form())
    assert view_id.startswith("V")
    view = client.views_update(view_id=view_id, view=form("A third"))["view"]
    assert view["title"]["text"] == "A third"


@every
@pytest.mark.contract("Slack", "a changed modal keeps its id")
@pytest.mark.differs(LOCAL_SLACK, "each change makes a modal with another id")
def test_same_id(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    view_id = chat.open_view(slack.trigger(slack.ana), form())
    assert client.views_update(view_id=view_id, view=form("Another"))["view"]["id"] == view_id


@every
@pytest.mark.contract("Slack", "a trigger that nobody was given is refused")
def test_no_trigger(chat: SlackChat) -> None:
    assert told(lambda: chat.open_view("1.2.nonsense", form())) == "invalid_trigger_id"


@every
@pytest.mark.contract("Slack", "a trigger is good once")
@pytest.mark.differs(LOCAL_SLACK, "its triggers are good as often as one likes")
def test_once(slack: Slack, chat: SlackChat) -> None:
    trigger = slack.trigger(slack.ana)
    chat.open_view(trigger, form())
    assert told(lambda: chat.open_view(trigger, form())) == "exchanged_trigger_id"


@every
@pytest.mark.contract("Slack", "a trigger is good for three seconds")
@pytest.mark.differs(LOCAL_SLACK, "its triggers are good for half an hour")
def test_expiry(slack: Slack, chat: SlackChat) -> None:
    trigger = slack.trigger(slack.ana)
    # Real time: that is the very thing that is asked about. emulate counts whole seconds.
    time.sleep(TRIGGER_SECONDS + 1.1)
    assert told(lambda: chat.open_view(trigger, form())) == "expired_trigger_id"


@every
@pytest.mark.contract("Slack", "a change meant for another state is refused by its hash")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_hash(slack: Slack, client: WebClient) -> None:
    view = client.views_open(trigger_id=slack.trigger(slack.ana), view=form())["view"]
    client.views_update(view_id=view["id"], view=form("Another"), hash=view["hash"])
    late = refused(
        lambda: client.views_update(view_id=view["id"], view=form("Late"), hash=view["hash"])
    )
    assert late == "hash_conflict"


@every
@pytest.mark.contract("Slack", "a modal that is not open cannot be changed")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_not_open(client: WebClient) -> None:
    gone = refused(lambda: client.views_update(view_id="V0NOTHERE00", view=form()))
    assert gone == "not_found"


@web_api
@pytest.mark.contract("Slack", "two modals cannot have one external id")
def test_external_id(slack: Slack, client: WebClient) -> None:
    held = form(external_id=f"held-{slack.name}")
    client.views_open(trigger_id=slack.trigger(slack.ana), view=held)
    again = refused(lambda: client.views_open(trigger_id=slack.trigger(slack.ben), view=held))
    assert again == "duplicate_external_id"


@pytest.mark.parametrize("system", WEB_API)
@pytest.mark.contract("Slack", "a modal against the rules is refused as invalid_arguments")
@pytest.mark.differs(EMULATE, "it says invalid_view, and only where title or blocks are missing")
def test_rules(slack: Slack, client: WebClient) -> None:
    def opened(**broken: Any) -> str:
        trigger = slack.trigger(slack.ana)
        return refused(lambda: client.views_open(trigger_id=trigger, view=form(**broken)))

    assert opened(title={"type": "plain_text", "text": "x" * 25}) == "invalid_arguments"
    assert opened(private_metadata="x" * 3001) == "invalid_arguments"
    assert opened(blocks=[{"type": "divider"}] * 101) == "invalid_arguments"
    assert opened(submit=None) == "invalid_arguments"


@pytest.mark.parametrize("system", [DOUBLE, EMULATE])
@pytest.mark.contract("Slack", "a Home is published for a person, and again over the first")
def test_home(slack: Slack, client: WebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = client.views_publish(user_id=slack.ana, view=home)["view"]
    client.views_publish(user_id=slack.ana, view=home, hash=first["hash"])
    late = refused(lambda: client.views_publish(user_id=slack.ana, view=home, hash=first["hash"]))
    assert late == "hash_conflict"


@every
@pytest.mark.contract("Slack", "three modals at most stand on each other")
@pytest.mark.differs(LOCAL_SLACK, "it piles them up without end")
def test_deepest(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    top = chat.open_view(slack.trigger(slack.ana), form())
    for _ in range(2):
        pushed = client.views_push(trigger_id=slack.trigger(slack.ana, top), view=form())["view"]
        assert pushed["previous_view_id"] == top
        top = pushed["id"]
    trigger = slack.trigger(slack.ana, top)
    assert refused(lambda: client.views_push(trigger_id=trigger, view=form())) == (
        "push_limit_reached"
    )
