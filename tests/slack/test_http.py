"""Slack over HTTP: unsigned requests are rejected, requests run side by side, and health is accurate."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.bootstrap import Bot
from bot.store.tables import inbox
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox, answers, on_call
from tests.support.bot import Scene, running

AT_ONCE = 3


@pytest.fixture
def address(bot: Bot) -> str:
    """mayday's address."""
    assert bot.http is not None
    return f"http://127.0.0.1:{bot.http.port}"


def sent(
    slack: SlackSandbox, address: str, *, secret: str | None, age: float = 0.0, channel: str = "C0X"
) -> httpx.Response:
    """Send an event signed with this secret, this long ago."""
    body = json.dumps(
        {
            "type": "event_callback",
            "event_id": "Ev0FORGED",
            "team_id": slack.team_id,
            "event": {"type": "message", "channel": channel, "ts": "1.000001", "text": "x"},
        }
    )
    stamp = str(int(time.time() - age))
    headers = {"content-type": "application/json"}
    if secret is not None:
        digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256)
        headers["x-slack-request-timestamp"] = stamp
        headers["x-slack-signature"] = f"v0={digest.hexdigest()}"
    return httpx.post(f"{address}/slack/events", content=body, headers=headers)


def kept(scene: Scene) -> bool:
    """Whether the event was taken."""
    with scene.store.read() as tx:
        return tx.execute(inbox.select().where(inbox.c.key == "Ev0FORGED")).first() is not None


def test_what_slack_signed_is_kept(slack: SlackSandbox, scene: Scene, address: str) -> None:
    channel = scene.declare().id
    answer = sent(slack, address, secret=slack.signing_secret, channel=channel)
    assert answer.status_code == 200
    assert kept(scene)
    assert scene.message(channel, "1.000001")


@pytest.mark.parametrize(
    ("secret", "age"), [(None, 0.0), ("another", 0.0), ("right", 3600.0)], ids=str
)
def test_what_slack_did_not_sign_is_refused(
    slack: SlackSandbox, scene: Scene, address: str, secret: str | None, age: float
) -> None:
    used = slack.signing_secret if secret == "right" else secret
    channel = scene.declare().id
    assert sent(slack, address, secret=used, age=age, channel=channel).status_code == 401
    assert not kept(scene)


def test_health_is_told(address: str) -> None:
    answer = httpx.get(f"{address}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "wrong": {}})


def test_requests_run_side_by_side_and_health_answers_meanwhile(
    slack: SlackSandbox, bot: Bot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_begun, goes_on = threading.Barrier(AT_ONCE + 1, timeout=20), threading.Event()

    def take_event(_body: Mapping[str, Any]) -> None:
        all_begun.wait()
        goes_on.wait(20)

    monkeypatch.setattr(bot.dispatcher, "take_event", take_event)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [
            pool.submit(sent, slack, address, secret=slack.signing_secret) for _ in range(AT_ONCE)
        ]
        try:
            all_begun.wait()
            assert httpx.get(f"{address}/livez").status_code == 200
            assert not any(request.done() for request in waiting)
        finally:
            all_begun.abort()
            goes_on.set()
    assert {request.result().status_code for request in waiting} == {200}


def test_an_event_is_kept_while_slack_refuses_the_token(
    slack: SlackSandbox, sqlite_url: str, clock: SandboxClock, tmp_path: Path
) -> None:
    """Bolt acknowledges, unseen by mayday, every delivery for which its own question to Slack fails."""
    with running(slack, sqlite_url, tmp_path) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        slack.faults = [on_call("auth.test", answers("token_revoked"))]
        assert bot.http is not None
        where = f"http://127.0.0.1:{bot.http.port}"
        channel = scene.declare().id
        assert sent(slack, where, secret=slack.signing_secret, channel=channel).status_code == 200
        assert kept(scene)
        assert scene.message(channel, "1.000001")
