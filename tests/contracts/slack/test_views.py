"""Modals in the Web API: triggers, views, hashes and errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.adapters.slack import SlackChat
from bot.errors import UserError
from tests.contracts.slack.double import Double
from tests.contracts.slack.heard import form
from tests.contracts.slack.refusals import refused, told
from tests.contracts.slack.systems import DOUBLE, EMULATE, EVERY, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)
web_api = pytest.mark.parametrize("system", WEB_API)
NO_RULES = "it replaces whatever modal is on top"
TRIGGER_SECONDS = 3.0
LATE = "expired_trigger_id"
TRIES = 5


def with_trigger(
    slack: Slack, act: Callable[[str], str], *, user: str = "", view_id: str = ""
) -> str:
    """Run a call that needs a trigger; retry on expiry (2 s in emulate)."""
    for _ in range(TRIES):
        try:
            done = act(slack.trigger(user or slack.ana, view_id))
        except (SlackApiError, UserError) as exc:
            if LATE not in str(exc):
                raise
        else:
            if done != LATE:
                return done
    raise TimeoutError(f"every one of {TRIES} triggers was used too late")


def opened(slack: Slack, chat: SlackChat) -> str:
    """The id of a form that Ana sees."""
    return with_trigger(slack, lambda trigger: chat.open_view(trigger, form()))


@every
@pytest.mark.contract("Slack", "a trigger opens a modal, which is then changed by its id")
def test_open_and_change(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    view_id = opened(slack, chat)
    assert view_id.startswith("V")
    view = client.views_update(view_id=view_id, view=form("A third"))["view"]
    assert view["title"]["text"] == "A third"
    chat.update_view(view["id"], form("A fourth"), hash_=view["hash"])


@every
@pytest.mark.contract("Slack", "a changed modal keeps its id")
@pytest.mark.differs(LOCAL_SLACK, "each change makes a modal with another id")
def test_same_id(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    view_id = opened(slack, chat)
    assert client.views_update(view_id=view_id, view=form("Another"))["view"]["id"] == view_id


@every
@pytest.mark.contract("Slack", "a trigger that nobody was given is refused")
def test_no_trigger(chat: SlackChat) -> None:
    assert told(lambda: chat.open_view("1.2.nonsense", form())) == "invalid_trigger_id"


@every
@pytest.mark.contract("Slack", "a trigger is good once")
@pytest.mark.differs(LOCAL_SLACK, "its triggers are good as often as one likes")
def test_once(slack: Slack, chat: SlackChat) -> None:
    def used(trigger: str) -> str:
        chat.open_view(trigger, form())
        return trigger

    trigger = with_trigger(slack, used)
    assert told(lambda: chat.open_view(trigger, form())) == "exchanged_trigger_id"


@every
@pytest.mark.contract("Slack", "a trigger is good for three seconds")
@pytest.mark.differs(LOCAL_SLACK, "its triggers are good for half an hour")
def test_expiry(slack: Slack, chat: SlackChat) -> None:
    if isinstance(slack, Double):
        slack.in_time()
    trigger = slack.trigger(slack.ana)
    # Real time: this test measures it. emulate counts whole seconds.
    time.sleep(TRIGGER_SECONDS + 1.1)
    assert told(lambda: chat.open_view(trigger, form())) == LATE


@every
@pytest.mark.contract("Slack", "a change meant for another state is refused by its hash")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_hash(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    view_id = opened(slack, chat)
    first = client.views_update(view_id=view_id, view=form("Another"))["view"]["hash"]
    client.views_update(view_id=view_id, view=form("A third"), hash=first)
    late = refused(lambda: client.views_update(view_id=view_id, view=form("Late"), hash=first))
    assert late == "hash_conflict"


@web_api
@pytest.mark.contract("Slack", "a trigger of a modal puts another one on it")
def test_push(slack: Slack, chat: SlackChat, client: WebClient) -> None:
    below = opened(slack, chat)
    above = with_trigger(slack, lambda t: chat.push_view(t, form("Above")), view_id=below)
    view = client.views_update(view_id=above, view=form("Changed"))["view"]
    assert (view["previous_view_id"], view["root_view_id"]) == (below, below)


@every
@pytest.mark.contract("Slack", "a modal that is not open cannot be changed")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_not_open(client: WebClient) -> None:
    gone = refused(lambda: client.views_update(view_id="V0NOTHERE00", view=form()))
    assert gone == "not_found"


@pytest.mark.parametrize("system", WEB_API)
@pytest.mark.contract("Slack", "a modal against the rules is refused as invalid_arguments")
@pytest.mark.differs(EMULATE, "it says invalid_view, and only where title or blocks are missing")
def test_rules(slack: Slack, client: WebClient) -> None:
    def tried(**broken: Any) -> str:
        view = form(**broken)
        return with_trigger(
            slack,
            lambda trigger: refused(lambda: client.views_open(trigger_id=trigger, view=view)),
        )

    assert tried(title={"type": "plain_text", "text": "x" * 25}) == "invalid_arguments"
    assert tried(private_metadata="x" * 3001) == "invalid_arguments"
    assert tried(blocks=[{"type": "divider"}] * 101) == "invalid_arguments"
    assert tried(submit=None) == "invalid_arguments"


@pytest.mark.parametrize("system", [DOUBLE, EMULATE])
@pytest.mark.contract("Slack", "a Home is published for a person, and again over the first")
def test_home(slack: Slack, client: WebClient) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = client.views_publish(user_id=slack.ana, view=home)["view"]
    client.views_publish(user_id=slack.ana, view=home, hash=first["hash"])
    late = refused(lambda: client.views_publish(user_id=slack.ana, view=home, hash=first["hash"]))
    assert late == "hash_conflict"
