"""mayday finds channels and messages in large workspaces, and without rights that it may lack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from slack_sdk import WebClient
from structlog.testing import capture_logs

from bot import deadline
from bot.adapters import slack_pages
from bot.adapters.slack import MANY_PAGES, SlackChat
from bot.errors import ConfigError, RetryLater, UserError
from bot.ports import Post
from sandbox.slack import Channel, ChannelKind, SlackSandbox, answers, on_call
from tests.support.app_manifest import APP_MANIFEST

MANY = 20_000
POST = Post(text="x")


class Watch:
    """A clock that Slack's limits and mayday share; only waiting moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    made = Watch()
    time = SimpleNamespace(monotonic=made.monotonic)
    for module in ("sandbox.slack.web_api.rate_limits", "bot.adapters.slack_pages"):
        monkeypatch.setattr(f"{module}.time", time)
    return made


@pytest.fixture
def slack() -> Iterator[SlackSandbox]:
    with SlackSandbox(manifest=APP_MANIFEST) as made:
        yield made


def add_channels(slack: SlackSandbox, number: int, *, last: str = "") -> None:
    """Add channels of other people; ``last`` is the name of one more, after them."""
    with slack._workspace.edit():
        for name in (*(f"team-{n}" for n in range(number)), *([last] if last else [])):
            made = Channel(
                id=f"C1{len(slack._workspace.channels):08}",
                name=name,
                kind=ChannelKind.PUBLIC,
                creator="U0SOMEBODY",
                created=1,
            )
            slack._workspace.channels[made.id] = made


def chat_on(slack: SlackSandbox, pause: Callable[[float], None]) -> SlackChat:
    return SlackChat(WebClient(slack.bot_token, base_url=slack.api_url), pause=pause)


def listings(slack: SlackSandbox) -> int:
    return sum(call.method == "conversations.list" for call in slack.calls)


def test_a_name_is_found_among_more_channels_than_slack_lists_in_a_minute(
    slack: SlackSandbox, watch: Watch
) -> None:
    add_channels(slack, MANY, last="war-room")
    slack.enforce_rate_limits()
    chat = chat_on(slack, watch.pause)
    with capture_logs() as logged:
        found = chat.resolve("#war-room")
    assert found == slack.channel("war-room").id
    assert len(watch.waits) == 1
    assert listings(slack) == 22  # one of which Slack refused
    assert chat.pages_for("#war-room") > MANY_PAGES
    assert [line["event"] for line in logged if line["log_level"] == "warning"] == [
        "slack.slow_name"
    ]


def test_a_search_that_is_stopped_goes_on_where_it_was(slack: SlackSandbox, watch: Watch) -> None:
    add_channels(slack, MANY, last="war-room")
    slack.enforce_rate_limits()
    chat = chat_on(slack, watch.pause)
    with pytest.raises(RetryLater) as stopped, deadline.within(10):
        chat.resolve("#war-room")
    assert (stopped.value.maybe_done, watch.waits) == (False, [])
    assert listings(slack) == 21
    watch.now += stopped.value.after
    with deadline.within(10):
        assert chat.resolve("#war-room") == slack.channel("war-room").id
    assert listings(slack) == 22


def test_a_position_that_slack_forgot_starts_again_once(
    slack: SlackSandbox, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_pages, "MOST_CHANNELS", 10)
    add_channels(slack, 100, last="war-room")
    chat = chat_on(slack, watch.pause)
    slack.faults = [on_call("conversations.list", answers("internal_error"), first=4)]
    with pytest.raises(RetryLater):
        chat.resolve("#war-room")
    slack.faults = [on_call("conversations.list", answers("invalid_cursor"), times=1)]
    assert chat.resolve("#war-room") == slack.channel("war-room").id


def test_a_position_is_not_kept_for_ever(
    slack: SlackSandbox, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Channels made meanwhile may be on an earlier page."""
    monkeypatch.setattr(slack_pages, "MOST_CHANNELS", 10)
    add_channels(slack, 100)
    chat = chat_on(slack, watch.pause)
    slack.faults = [on_call("conversations.list", answers("internal_error"), first=4)]
    with pytest.raises(RetryLater):
        chat.resolve("#team-0")
        chat.resolve("#team-99")
    slack.faults.clear()
    watch.now += slack_pages.KEPT_FOR + 1
    before = listings(slack)
    assert chat.resolve("#team-99")
    assert listings(slack) - before >= 10


def test_its_own_channel_is_found_without_listing_all(slack: SlackSandbox, watch: Watch) -> None:
    add_channels(slack, MANY)
    chat = chat_on(slack, watch.pause)
    made = chat.open_channel("inc-2026-11-28-proxy", private=False)
    found = chat.find_own_channel(made.name)
    assert found is not None
    assert found.id == made.id
    assert chat.find_own_channel("team-19999") is None
    assert listings(slack) == 0


def test_where_it_may_not_list_channels_none_is_found(slack: SlackSandbox, watch: Watch) -> None:
    chat = chat_on(slack, watch.pause)
    made = chat.open_channel("inc-1", private=False)
    slack.scopes = slack.scopes - {"channels:read"}
    assert chat.find_own_channel(made.name) is None


# Messages.


def test_a_direct_message_is_found(slack: SlackSandbox, watch: Watch) -> None:
    chat = chat_on(slack, watch.pause)
    direct = chat.open_dm(slack.person("ana").id)
    ts = chat.post(direct, POST, effect="e")
    assert chat.find_post(direct, "e", since=None) == ts


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel", "access_denied"])
def test_where_it_may_not_look_nothing_is_found(
    slack: SlackSandbox, watch: Watch, code: str
) -> None:
    chat = chat_on(slack, watch.pause)
    channel = chat.open_channel("inc-1", private=False).id
    parent = chat.post(channel, POST, effect="e")
    chat.post(channel, POST, effect="reply", thread_ts=parent)
    slack.faults = [on_call("conversations.history|conversations.replies", answers(code))]
    assert chat.find_post(channel, "e", since=None) is None
    assert chat.find_post(channel, "reply", since=None, thread_ts=parent) is None


def test_without_a_valid_token_nothing_is_decided(slack: SlackSandbox, watch: Watch) -> None:
    chat = chat_on(slack, watch.pause)
    channel = chat.open_channel("inc-1", private=False).id
    slack.revoke_bot_token()
    with pytest.raises(ConfigError):
        chat.find_post(channel, "e", since=None)
    with pytest.raises(ConfigError):
        chat.find_own_channel("inc-1")


def test_of_two_messages_with_one_key_the_latest_is_found(
    slack: SlackSandbox, watch: Watch
) -> None:
    """The earlier one could not be edited any more."""
    chat = chat_on(slack, watch.pause)
    channel = chat.open_channel("inc-1", private=False).id
    first, second = (chat.post(channel, POST, effect="e") for _ in range(2))
    assert chat.find_post(channel, "e", since=None) == second
    replies = [chat.post(channel, POST, effect="r", thread_ts=first) for _ in range(2)]
    assert chat.find_post(channel, "r", since=None, thread_ts=first) == replies[1]


def test_a_long_text_is_cut_where_it_replaces_another(slack: SlackSandbox, watch: Watch) -> None:
    chat = chat_on(slack, watch.pause)
    channel = chat.open_channel("inc-1", private=False).id
    ts = chat.post(channel, Post(text="x" * 50_000), effect="e")
    assert len(slack.messages(channel)[-1]["text"]) == 40_000
    chat.change(channel, ts, Post(text="y" * 4_001))
    text = slack.messages(channel)[-1]["text"]
    assert (len(text), text[-1]) == (4_000, "…")


@pytest.mark.parametrize(
    "code", ["cant_invite", "user_is_ultra_restricted", "is_archived", "ura_max_channels"]
)
def test_who_could_not_be_invited_is_named(slack: SlackSandbox, watch: Watch, code: str) -> None:
    chat = chat_on(slack, watch.pause)
    channel = chat.open_channel("inc-1", private=False).id
    slack.faults = [on_call("conversations.invite", answers(code))]
    with pytest.raises(UserError, match="mayday could not invite <@U0BEN>: ") as refused:
        chat.invite(channel, "U0BEN")
    assert refused.value.code == code
    assert "Slack answered" not in str(refused.value)
