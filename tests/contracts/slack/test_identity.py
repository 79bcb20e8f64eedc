"""The bot's identity, its token's scopes, and user profiles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.adapters.slack import SlackChat
from bot.errors import ConfigError, UserError
from bot.ports import Channel, Post
from tests.contracts.slack.refusals import refused, told
from tests.contracts.slack.systems import EMULATE, EVERY, FEW_SCOPES, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)


@every
@pytest.mark.contract("Slack", "the token tells the bot's user, bot and team")
def test_identity(chat: SlackChat) -> None:
    me = chat.identity()
    assert me.user_id.startswith("U") and me.bot_id.startswith("B") and me.team_id.startswith("T")
    assert me.team and me.url.startswith("http")


@every
@pytest.mark.contract("Slack", "the answer's headers list the token's scopes")
@pytest.mark.differs(EMULATE, "it sends no X-OAuth-Scopes")
@pytest.mark.differs(LOCAL_SLACK, "it knows no scopes")
def test_scopes(chat: SlackChat) -> None:
    assert "chat:write" in chat.identity().scopes


@every
@pytest.mark.contract("Slack", "a wrong token is refused as one")
@pytest.mark.differs(EMULATE, "any unknown token is its first user")
@pytest.mark.differs(LOCAL_SLACK, "any token is its first app")
def test_wrong_token(slack: Slack) -> None:
    with pytest.raises(ConfigError, match=r"invalid_auth.*slack\.bot_token"):
        SlackChat(WebClient("xoxb-wrong", base_url=slack.api_url)).identity()


@every
@pytest.mark.contract("Slack", "no token is not_authed")
@pytest.mark.differs(LOCAL_SLACK, "any token is its first app")
def test_no_token(slack: Slack) -> None:
    assert refused(WebClient(base_url=slack.api_url, retry_handlers=[]).auth_test) == "not_authed"


@pytest.mark.parametrize("system", WEB_API)
@pytest.mark.contract("Slack", "a missing scope is named, with those that there are")
def test_missing_scope(slack: Slack, channel: Channel) -> None:
    few = WebClient(slack.with_few_scopes(), base_url=slack.api_url, retry_handlers=[])
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: few.chat_postMessage(channel=channel.id, text="x"), "chat:write"),
        (lambda: few.chat_delete(channel=channel.id, ts="1.000000"), "chat:write"),
        (lambda: few.pins_add(channel=channel.id, timestamp="1.000000"), "pins:write"),
        (lambda: few.users_info(user=slack.ana), "users:read"),
        (lambda: few.bookmarks_list(channel_id=channel.id), "bookmarks:read"),
    )
    for call, needed in calls:
        with pytest.raises(SlackApiError, match="missing_scope") as caught:
            call()
        said = caught.value.response
        assert said["needed"] == needed
        assert sorted(said["provided"].split(",")) == sorted(FEW_SCOPES)
    with pytest.raises(UserError, match="needs the scope chat:write"):
        SlackChat(few).post_ephemeral(channel.id, slack.ana, Post(text="x"))


@every
@pytest.mark.contract("Slack", "a person has a name and a zone")
@pytest.mark.differs(EMULATE, "its people have no zone")
def test_people(slack: Slack, chat: SlackChat) -> None:
    ana = chat.profile(slack.ana)
    assert ana.name == "ana"
    assert (ana.zone, ana.is_bot, ana.is_guest) == ("America/Los_Angeles", False, False)
    assert chat.profile(chat.identity().user_id).is_bot


@every
@pytest.mark.contract("Slack", "a person who is not there is user_not_found")
def test_nobody(chat: SlackChat) -> None:
    assert told(lambda: chat.profile("U0NOBODY")) == "user_not_found"
