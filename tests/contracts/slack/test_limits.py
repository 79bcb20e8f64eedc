"""Slack's published limits and failures, which only our double implements."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from slack_sdk import WebClient

from bot.adapters.slack import SlackChat
from bot.errors import ConfigError, RetryLater
from bot.ports import Channel, Post
from sandbox.faults import says
from sandbox.slack import (
    Fault,
    SlackSandbox,
    answers,
    drop_after,
    drop_before,
    on_call,
    rate_limited,
)
from tests.contracts.slack.double import Double
from tests.contracts.slack.refusals import refused
from tests.contracts.slack.systems import DOUBLE, Slack
from tests.support.app_manifest import APP_MANIFEST
from tests.support.faults import WAITS

pytestmark = [
    pytest.mark.xdist_group("contracts of slack"),
    pytest.mark.parametrize("system", [DOUBLE]),
]
CARD = Post(text="card")


@pytest.fixture
def sandbox(slack: Slack) -> SlackSandbox:
    """The double, for fault injection."""
    assert isinstance(slack, Double)
    return slack.sandbox


def posted(client: WebClient, channel: Channel) -> int:
    """The number of cards in a channel."""
    listed = client.conversations_history(channel=channel.id)["messages"]
    return sum(raw["text"] == "card" for raw in listed)


@pytest.mark.contract(
    "Slack", "a limit says how long to wait; nothing was done (ours alone has it)"
)
def test_rate_limited(
    sandbox: SlackSandbox, chat: SlackChat, client: WebClient, channel: Channel
) -> None:
    sandbox.faults = [on_call("chat.postMessage", rate_limited(7))]
    with pytest.raises(RetryLater) as limited:
        chat.post(channel.id, CARD, effect="e/card")
    assert (limited.value.after, limited.value.maybe_done) == (7, False)
    assert posted(client, channel) == 0


@pytest.mark.parametrize(("asked", "seconds"), WAITS.items())
@pytest.mark.contract(
    "Slack", "a limit whose Retry-After is nonsense is a limit (ours alone has it)"
)
def test_nonsense(
    sandbox: SlackSandbox, chat: SlackChat, channel: Channel, asked: str, seconds: float | None
) -> None:
    sandbox.faults = [on_call("chat.postMessage", says(429, after=asked))]
    with pytest.raises(RetryLater) as limited:
        chat.post(channel.id, CARD, effect="e/card")
    assert (limited.value.after, limited.value.maybe_done) == (seconds or 30, False)


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        pytest.param(drop_before(), 0, id="dropped-before"),
        pytest.param(drop_after(), 1, id="dropped-after"),
        pytest.param(answers("internal_error"), 0, id="internal_error"),
        pytest.param(answers("fatal_error", effect=True), 1, id="fatal_error-after-all"),
        pytest.param(
            answers("service_unavailable", status=503, effect=True), 1, id="503-after-all"
        ),
        pytest.param(Fault(effect=True, status=200, answer={}), 1, id="no-envelope"),
    ],
)
@pytest.mark.contract("Slack", "a post that may have taken effect is sent once, and looked for")
def test_unheard(
    sandbox: SlackSandbox,
    chat: SlackChat,
    client: WebClient,
    channel: Channel,
    fault: Fault,
    there: int,
) -> None:
    sandbox.faults = [on_call("chat.postMessage", fault)]
    with pytest.raises(RetryLater) as lost:
        chat.post(channel.id, CARD, effect="e/card")
    assert lost.value.maybe_done
    assert posted(client, channel) == there


@pytest.mark.contract("Slack", "a revoked token is refused as one")
def test_revoked(slack: Slack, sandbox: SlackSandbox, client: WebClient) -> None:
    sandbox.faults = [on_call("auth.test", answers("token_revoked"))]
    with pytest.raises(ConfigError, match=r"token_revoked.*slack\.bot_token"):
        SlackChat(client).identity()


@pytest.mark.contract(
    "Slack", "20 channels a minute, one post a second and channel, then ratelimited"
)
@pytest.mark.usefixtures("slack")
def test_tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    # All within one second, even on slow machines.
    standing = SimpleNamespace(monotonic=lambda: 1.0)
    monkeypatch.setattr("sandbox.slack.web_api.rate_limits.time", standing)
    # A separate workspace: these calls must not count against other tests.
    with SlackSandbox(manifest=APP_MANIFEST) as sandbox:
        sandbox.enforce_rate_limits()
        client = WebClient(sandbox.bot_token, base_url=sandbox.api_url, retry_handlers=[])
        made = [client.conversations_create(name=f"inc-{n}")["channel"]["id"] for n in range(20)]
        assert refused(lambda: client.conversations_create(name="inc-x")) == "ratelimited"
        client.chat_postMessage(channel=made[0], text="x")
        client.chat_postMessage(channel=made[1], text="x")
        assert refused(lambda: client.chat_postMessage(channel=made[0], text="x")) == "ratelimited"
        # A refused call does not count against its channel.
        with pytest.raises(RetryLater) as limited:
            SlackChat(client).post(made[1], CARD, effect="e/card")
        assert limited.value.after == 1
