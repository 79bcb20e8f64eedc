"""Channels: creation, names, lookup, members and topics."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel, Post
from tests.contracts.slack.conftest import Names
from tests.contracts.slack.refusals import refused, told
from tests.contracts.slack.systems import EMULATE, EVERY, LOCAL_SLACK, WEB_API, Slack

pytestmark = pytest.mark.xdist_group("contracts of slack")
every = pytest.mark.parametrize("system", EVERY)
web_api = pytest.mark.parametrize("system", WEB_API)
NO_INVITE = "it has no conversations.invite: unknown_method"
NO_RULES = "it checks no names of channels"


def members(client: WebClient, channel: Channel) -> set[str]:
    """A channel's members."""
    return set(client.conversations_members(channel=channel.id)["members"])


@every
@pytest.mark.contract("Slack", "a channel is public unless a private one is asked for")
def test_public(chat: SlackChat, new_name: Names) -> None:
    name = new_name()
    made = chat.open_channel(name, private=False)
    assert (made.name, made.is_private, made.is_archived) == (name, False, False)


@every
@pytest.mark.contract("Slack", "a channel is private when asked for")
def test_private(chat: SlackChat, new_name: Names) -> None:
    assert chat.open_channel(new_name(), private=True).is_private


@every
@pytest.mark.contract("Slack", "a channel tells who made it, and when")
@pytest.mark.differs(LOCAL_SLACK, "its channels name no creator and no time")
def test_creator(chat: SlackChat, channel: Channel) -> None:
    assert channel.creator == chat.identity().user_id
    assert channel.created.year >= 2024


@every
@pytest.mark.contract("Slack", "a name that is taken is refused")
@pytest.mark.differs(LOCAL_SLACK, "it makes two channels of one name")
def test_name_taken(chat: SlackChat, channel: Channel) -> None:
    assert told(lambda: chat.open_channel(channel.name, private=False)) == "name_taken"
    assert told(lambda: chat.open_channel(channel.name, private=True)) == "name_taken"


@web_api
@pytest.mark.contract("Slack", "an archived channel keeps its name, and is found by it")
def test_archived_names(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    client.conversations_archive(channel=channel.id)
    assert told(lambda: chat.open_channel(channel.name, private=False)) == "name_taken"
    found = chat.find_channel(channel.name)
    assert found is not None and (found.id, found.is_archived) == (channel.id, True)


@every
@pytest.mark.contract("Slack", "a channel is found by its name")
def test_found_by_name(chat: SlackChat, channel: Channel) -> None:
    found = chat.find_channel(channel.name)
    assert found is not None and found.id == channel.id
    assert chat.find_channel("no-such-channel") is None


@pytest.mark.parametrize(
    ("name", "error"),
    [
        pytest.param("x" * 81, "invalid_name_maxlength", id="too-long"),
        pytest.param("has!bang", "invalid_name_specials", id="specials"),
        pytest.param("-_-", "invalid_name_punctuation", id="punctuation"),
    ],
)
@every
@pytest.mark.contract("Slack", "an impossible name is refused, and why")
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_impossible_names(chat: SlackChat, name: str, error: str) -> None:
    assert told(lambda: chat.open_channel(name, private=False)) == error


@every
@pytest.mark.contract("Slack", "no name at all is refused as invalid_name_required")
@pytest.mark.differs(
    EMULATE, "it says invalid_name_specials; Slack publishes invalid_name_required"
)
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_no_name(chat: SlackChat) -> None:
    assert told(lambda: chat.open_channel("", private=False)) == "invalid_name_required"


@every
@pytest.mark.contract("Slack", "upper case and spaces in a name are refused, not corrected")
@pytest.mark.differs(
    EMULATE,
    "it corrects the name; Slack publishes that it always checks names, upper case included",
)
@pytest.mark.differs(LOCAL_SLACK, NO_RULES)
def test_upper_case(chat: SlackChat, new_name: Names) -> None:
    for name in (new_name().upper(), f"{new_name()} x"):
        assert told(lambda name=name: chat.open_channel(name, private=False)) == (  # type: ignore[misc]
            "invalid_name_specials"
        )


@every
@pytest.mark.contract("Slack", "an invited person is in; a second invitation changes nothing")
@pytest.mark.differs(LOCAL_SLACK, NO_INVITE)
def test_invite(slack: Slack, chat: SlackChat, client: WebClient, channel: Channel) -> None:
    chat.invite(channel.id, slack.ana)
    chat.invite(channel.id, slack.ana)
    assert members(client, channel) == {chat.identity().user_id, slack.ana}
    again = refused(lambda: client.conversations_invite(channel=channel.id, users=slack.ana))
    assert again == "already_in_channel"


@web_api
@pytest.mark.contract("Slack", "who cannot be invited is refused, and nobody else comes in")
def test_refused_invitations(
    slack: Slack, chat: SlackChat, client: WebClient, channel: Channel
) -> None:
    me = chat.identity().user_id
    assert told(lambda: chat.invite(channel.id, "U0NOBODY")) == "user_not_found"
    assert told(lambda: chat.invite(channel.id, me)) == "cant_invite_self"
    both = f"{slack.ana},U0NOBODY"
    assert refused(lambda: client.conversations_invite(channel=channel.id, users=both)) == (
        "user_not_found"
    )
    assert members(client, channel) == {me}


@web_api
@pytest.mark.contract("Slack", "a hundred people at most are invited in one call")
def test_most_invited(client: WebClient, channel: Channel) -> None:
    many = ",".join(f"U0{number:09d}" for number in range(101))
    assert refused(lambda: client.conversations_invite(channel=channel.id, users=many)) == (
        "too_many_users"
    )


@every
@pytest.mark.contract("Slack", "a topic is set")
@pytest.mark.differs(LOCAL_SLACK, "it has no conversations.setTopic: unknown_method")
def test_topic(chat: SlackChat, client: WebClient, channel: Channel) -> None:
    chat.set_topic(channel.id, "sev1 · fixing")
    topic = client.conversations_info(channel=channel.id)["channel"]["topic"]
    assert topic["value"] == "sev1 · fixing"


@web_api
@pytest.mark.contract("Slack", "a topic of over 250 characters is refused")
def test_long_topic(chat: SlackChat, channel: Channel) -> None:
    chat.set_topic(channel.id, "x" * 250)
    assert told(lambda: chat.set_topic(channel.id, "x" * 251)) == "too_long"


@web_api
@pytest.mark.contract("Slack", "nothing is said, set or joined in an archived channel")
def test_archived(slack: Slack, chat: SlackChat, client: WebClient, channel: Channel) -> None:
    client.conversations_archive(channel=channel.id)
    refusals = {
        "post": refused(lambda: client.chat_postMessage(channel=channel.id, text="x")),
        "invite": refused(lambda: client.conversations_invite(channel=channel.id, users=slack.ana)),
        "topic": refused(lambda: client.conversations_setTopic(channel=channel.id, topic="x")),
        "join": refused(lambda: client.conversations_join(channel=channel.id)),
    }
    assert set(refusals.values()) == {"is_archived"}, refusals
    again = refused(lambda: client.conversations_archive(channel=channel.id))
    assert again == "already_archived"


@pytest.mark.parametrize("system", WEB_API)
@pytest.mark.contract("Slack", "a bot is put out of an archived channel, and reads nothing there")
@pytest.mark.differs(
    EMULATE, "it leaves bots in archived channels, unlike what Slack's users report"
)
def test_put_out(client: WebClient, channel: Channel) -> None:
    client.conversations_archive(channel=channel.id)
    assert refused(lambda: client.conversations_history(channel=channel.id)) == "not_in_channel"


@every
@pytest.mark.contract("Slack", "a channel that is not there is channel_not_found")
def test_no_channel(chat: SlackChat) -> None:
    assert told(lambda: chat.channel("C0NOTHERE00")) == "channel_not_found"


@every
@pytest.mark.contract("Slack", "a method that does not exist is unknown_method")
@pytest.mark.differs(EMULATE, "it answers 404 without Slack's envelope")
def test_unknown_method(client: WebClient) -> None:
    assert refused(lambda: client.api_call("chat.shout")) == "unknown_method"


@every
@pytest.mark.contract("Slack", "a direct conversation is the same one each time")
def test_direct(slack: Slack, chat: SlackChat) -> None:
    assert chat.open_dm(slack.ana) == chat.open_dm(slack.ana)
    assert chat.open_dm(slack.ana) != chat.open_dm(slack.ben)


@web_api
@pytest.mark.contract("Slack", "a public channel that is named by its #name is joined")
def test_resolve(chat: SlackChat, client: WebClient, shared: Channel) -> None:
    client.conversations_leave(channel=shared.id)
    assert chat.resolve(f"#{shared.name}") == shared.id
    assert chat.identity().user_id in members(client, shared)
    assert client.conversations_join(channel=shared.id)["channel"]["id"] == shared.id


@web_api
@pytest.mark.contract("Slack", "nobody is invited and no topic set by who is not in the channel")
def test_not_in_channel(slack: Slack, client: WebClient, shared: Channel) -> None:
    client.conversations_leave(channel=shared.id)
    refusals = {
        "invite": refused(lambda: client.conversations_invite(channel=shared.id, users=slack.ben)),
        "topic": refused(lambda: client.conversations_setTopic(channel=shared.id, topic="x")),
    }
    assert set(refusals.values()) == {"not_in_channel"}, refusals
    assert members(client, shared) == {slack.ana}


@web_api
@pytest.mark.contract("Slack", "a private channel is listed for its members only")
def test_listed(slack: Slack, chat: SlackChat, client: WebClient, new_name: Names) -> None:
    private = chat.open_channel(new_name(), private=True)
    chat.invite(private.id, slack.ana)
    assert chat.find_channel(private.name) is not None
    client.conversations_leave(channel=private.id)
    assert chat.find_channel(private.name) is None


@web_api
@pytest.mark.contract("Slack", "a private channel is channel_not_found to who is not in it")
@pytest.mark.differs(EMULATE, "it says not_in_channel; Slack does not even say that it is there")
def test_hidden(slack: Slack, chat: SlackChat, client: WebClient, new_name: Names) -> None:
    private = chat.open_channel(new_name(), private=True)
    chat.invite(private.id, slack.ana)
    client.conversations_leave(channel=private.id)
    refusals = {
        "info": told(lambda: chat.channel(private.id)),
        "post": told(lambda: chat.post(private.id, Post(text="x"), effect="e/x")),
        "history": told(lambda: list(chat.history(private.id, oldest="1000000000.000000"))),
    }
    assert set(refusals.values()) == {"channel_not_found"}, refusals


@web_api
@pytest.mark.contract("Slack", "the list of channels comes page by page, each once")
def test_pages(client: WebClient, channel: Channel) -> None:
    pages = [page["channels"] for page in client.conversations_list(limit=2)]
    assert all(len(page) <= 2 for page in pages) and len(pages) >= 2
    ids = [raw["id"] for page in pages for raw in page]
    assert channel.id in ids and len(ids) == len(set(ids))


@web_api
@pytest.mark.contract("Slack", "no direct conversation is had with who is not there")
def test_direct_with_nobody(chat: SlackChat) -> None:
    assert told(lambda: chat.open_dm("U0NOBODY")) == "user_not_found"
