"""A complete mayday in HTTP mode on emulate: signed requests in, Web API calls out."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.bootstrap import Bot
from bot.config import load
from tests.contracts.slack.systems import EMULATE, Slack
from tests.support.clusters import HUB, unreachable
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.xdist_group("contracts of slack"),
    pytest.mark.parametrize("system", [EMULATE]),
]
SECRET = "signing-secret-of-the-tests"
TRIES = 4
TITLE = "Core pool went to zero"


@pytest.fixture
def mayday(slack: Slack, tmp_path: Path) -> Iterator[str]:
    """The request URL of a mayday that runs in this process."""
    told = {
        "slack": {
            "mode": "http",
            "bot_token": slack.bot_token,
            "signing_secret": SECRET,
            "api_url": slack.api_url,
            "announce_channel": "#general",
        },
        "database": {"url": f"sqlite:///{tmp_path / 'mayday.db'}"},
        "http": {"port": 0},
        "report": {"directory": str(tmp_path / "reports"), "timezone": "UTC"},
        "hubs": [HUB],
        "clusters": [unreachable(tmp_path)],
    }
    bot = Bot(load(overrides=told))
    bot.start()
    assert bot.http is not None
    yield f"http://127.0.0.1:{bot.http.port}/slack/events"
    bot.stop()


def send(address: str, form: dict[str, str], *, secret: str = SECRET) -> int:
    """Send a request signed by the official signer; returns the response status."""
    body = urlencode(form)
    now = str(int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=now, body=body)
    request = urllib.request.Request(
        address,
        data=body.encode(),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": str(signature),
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code


def modals(slack: Slack) -> list[str]:
    """The ids of emulate's open modals, as listed on its web page."""
    page = f"{slack.api_url.removesuffix('api/')}?tab=views"
    with urllib.request.urlopen(page, timeout=10) as answer:
        return re.findall(r"<td>(V[0-9A-Z]+)</td><td><span[^>]*>modal", answer.read().decode())


def submission(slack: Slack, team: str, view_id: str) -> dict[str, Any]:
    """Slack's payload for a filled declare form."""
    values = {
        "title": {"type": "plain_text_input", "value": TITLE},
        "severity": {"type": "static_select", "selected_option": {"value": "sev1"}},
        "hubs": {"type": "multi_static_select", "selected_options": [{"value": HUB["name"]}]},
        "summary": {"type": "plain_text_input", "value": None},
        "private": {"type": "checkboxes", "selected_options": []},
    }
    return {
        "type": "view_submission",
        "team": {"id": team, "domain": "practice"},
        "user": {"id": slack.ana, "name": "ana", "team_id": team},
        "view": {
            "id": view_id,
            "team_id": team,
            "type": "modal",
            "callback_id": "declare",
            "private_metadata": slack.general,
            "state": {"values": {name: {"value": state} for name, state in values.items()}},
        },
    }


def command(slack: Slack, team: str) -> dict[str, str]:
    """Slack's payload for the command, with a valid emulate trigger."""
    return {
        "command": "/incident",
        "text": f"declare {TITLE}",
        "team_id": team,
        "user_id": slack.ana,
        "user_name": "ana",
        "channel_id": slack.general,
        "channel_name": "general",
        "trigger_id": slack.trigger(slack.ana),
        "response_url": "http://127.0.0.1:9/none",
    }


@pytest.mark.contract(
    "Slack", "mayday declares by signed requests, and a wrong signature is refused"
)
def test_declare(slack: Slack, mayday: str, client: WebClient) -> None:
    team = str(client.auth_test()["team_id"])
    before = set(modals(slack))
    assert send(mayday, command(slack, team), secret="another") == 401
    assert set(modals(slack)) == before

    def opened() -> bool:
        return bool(set(modals(slack)) - before)

    # emulate's triggers expire after about 2 s: a later use opens no form.
    for _ in range(TRIES):
        assert send(mayday, command(slack, team)) == 200
        with suppress(TimeoutError):
            wait_until(opened, "the form", timeout=5)
            break
    [view_id] = set(modals(slack)) - before
    payload = json.dumps(submission(slack, team, view_id))
    for _ in range(2):  # Slack retries after a lost answer; expect no duplicates.
        assert send(mayday, {"payload": payload}) == 200

    def channels() -> list[str]:
        listed = client.conversations_list(limit=999)["channels"]
        return [raw["id"] for raw in listed if "core-pool-went-to-zero" in raw["name"]]

    wait_until(channels, "the incident's channel")
    [channel] = channels()
    wait_until(lambda: client.pins_list(channel=channel)["items"], "the pin")
    assert client.conversations_info(channel=channel)["channel"]["topic"]["value"]
    assert slack.ana in client.conversations_members(channel=channel)["members"]
    titles = [raw["title"] for raw in client.bookmarks_list(channel_id=channel)["bookmarks"]]
    assert any(HUB["name"] in title for title in titles)
    listed = client.conversations_history(channel=slack.general)["messages"]
    assert sum(channel in str(raw) for raw in listed) == 1
    assert channels() == [channel]
