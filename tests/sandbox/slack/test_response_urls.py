"""response_url: the answers it accepts, and its lifetime."""

from typing import Any

import pytest
from slack_bolt import App
from slack_sdk.webhook import WebhookClient

from sandbox.slack import SlackSandbox


@pytest.fixture
def webhook(slack: SlackSandbox, app: App, connect: Any) -> WebhookClient:
    """A client of the response_url of a command that ana ran in #hub-ops."""
    urls: list[str] = []

    @app.command("/incident")
    def incident(ack: Any, command: dict[str, Any]) -> None:
        urls.append(command["response_url"])
        ack()

    connect(app)
    slack.person("ana").command("hub-ops", "/incident")
    return WebhookClient(urls[0])


def test_it_answers_one_person_unless_told_otherwise(
    slack: SlackSandbox, webhook: WebhookClient
) -> None:
    assert webhook.send(text="for you").body == "ok"
    assert webhook.send(text="for all", response_type="in_channel").body == "ok"
    seen = [message["text"] for message in slack.person("ana").messages("hub-ops")]
    assert seen == ["for you", "for all"]
    assert [message["text"] for message in slack.messages("hub-ops")] == ["for all"]


def test_it_is_good_five_times(slack: SlackSandbox, webhook: WebhookClient) -> None:
    answers = [webhook.send(text=str(number)).status_code for number in range(6)]
    assert answers == [200] * 5 + [404]
    assert len(slack.person("ana").messages("hub-ops")) == 5


def test_it_is_good_for_half_an_hour(
    webhook: WebhookClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.slack.response_urls._SECONDS", 0.0)
    assert "expired_url" in webhook.send(text="late").body


def test_bad_blocks_are_refused_there_too(webhook: WebhookClient) -> None:
    assert "invalid_blocks" in webhook.send(text="x", blocks=[{"type": "carousel"}]).body
