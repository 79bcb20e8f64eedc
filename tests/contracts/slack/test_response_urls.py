"""response_url: allowed answers, their visibility and their expiry."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from bot.adapters.slack import SlackChat
from bot.ports import Channel
from tests.contracts.slack.heard import Heard, listening
from tests.contracts.slack.systems import DOUBLE, LOCAL_SLACK, SOCKETS, Slack
from tests.contracts.slack.test_envelopes import BUTTON, PLAN

pytestmark = pytest.mark.xdist_group("contracts of slack")
sockets = pytest.mark.parametrize("system", SOCKETS, scope="module")


@pytest.fixture(scope="module")
def heard(slacks: Callable[[str], Slack], system: str) -> Iterator[Heard]:
    """One app per module."""
    with listening(slacks(system)) as app:
        yield app


@pytest.fixture
def of_command(slack: Slack, heard: Heard, shared: Channel) -> WebhookClient:
    """The response_url of Ana's command."""
    slack.command(slack.ana, shared.id, f"/incident in {shared.id}")
    body = heard.wait_for(lambda body: body.get("text") == f"in {shared.id}")
    return WebhookClient(body["response_url"])


def history(client: WebClient, channel: Channel) -> list[str]:
    """The channel's public messages."""
    listed = client.conversations_history(channel=channel.id)["messages"]
    return [raw["text"] for raw in listed if raw.get("subtype", "") in ("", "bot_message")]


@sockets
@pytest.mark.contract("Slack", "a response_url deletes the message it belongs to")
def test_delete(
    slack: Slack, heard: Heard, chat: SlackChat, client: WebClient, shared: Channel
) -> None:
    ts = chat.post(shared.id, PLAN, effect="e/plan")
    slack.press(slack.ana, shared.id, ts, {**BUTTON, "block_id": "plan/7"})
    body = heard.wait_for(lambda body: body.get("container", {}).get("message_ts") == ts)
    assert WebhookClient(body["response_url"]).send(delete_original=True).status_code == 200
    assert history(client, shared) == []


@sockets
@pytest.mark.contract("Slack", "a response_url may answer to all in the channel")
def test_in_channel(client: WebClient, shared: Channel, of_command: WebhookClient) -> None:
    answered = of_command.send(text="for all", response_type="in_channel")
    assert answered.status_code == 200
    assert history(client, shared) == ["for all"]


@sockets
@pytest.mark.contract("Slack", "a response_url answers to the one person, unless told otherwise")
@pytest.mark.differs(LOCAL_SLACK, "it answers to all; Slack publishes ephemeral as the default")
def test_ephemeral(
    slack: Slack, client: WebClient, shared: Channel, of_command: WebhookClient
) -> None:
    assert of_command.send(text="for you").status_code == 200
    assert "for you" in slack.seen(slack.ana, shared.id)
    assert history(client, shared) == []


@sockets
@pytest.mark.contract("Slack", "a response_url is good five times")
@pytest.mark.differs(LOCAL_SLACK, "it is good as often as one likes")
def test_five_times(client: WebClient, shared: Channel, of_command: WebhookClient) -> None:
    answers = [
        of_command.send(text=str(number), response_type="in_channel").status_code
        for number in range(6)
    ]
    assert answers == [200] * 5 + [404]
    assert sorted(history(client, shared)) == list("01234")


@pytest.mark.parametrize("system", [DOUBLE], scope="module")
@pytest.mark.contract("Slack", "a response_url is good for half an hour (ours alone ends it)")
def test_half_an_hour(
    client: WebClient,
    shared: Channel,
    of_command: WebhookClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for minutes, status in ((29, 200), (31, 404)):
        later = SimpleNamespace(monotonic=lambda after=minutes: time.monotonic() + after * 60)
        monkeypatch.setattr("sandbox.slack.response_urls.time", later)
        answer = of_command.send(text=f"after {minutes}", response_type="in_channel")
        assert answer.status_code == status
    assert history(client, shared) == ["after 29"]


@sockets
@pytest.mark.contract("Slack", "a response_url that never was is refused")
def test_never(of_command: WebhookClient) -> None:
    other = WebhookClient(f"{of_command.url}0")
    assert other.send(text="x").status_code == 404
