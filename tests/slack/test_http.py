"""Slack over HTTP: unsigned requests are rejected, requests run side by side, and health is accurate."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from bot.bootstrap import Bot
from bot.store.tables import inbox
from bot.web.server import REQUESTS
from sandbox.clock import SandboxClock
from sandbox.slack import Fault, SlackSandbox, answers, on_call, rate_limited
from tests.support.bot import Scene, running

AT_ONCE = 3
SLOW = 2.0
"""Seconds."""


@pytest.fixture
def address(bot: Bot) -> str:
    """mayday's address."""
    assert bot.http is not None
    return f"http://127.0.0.1:{bot.http.port}"


def sent(slack: SlackSandbox, address: str, *, channel: str = "C0X") -> httpx.Response:
    """Send an event as Slack does."""
    body = json.dumps(
        {
            "type": "event_callback",
            "event_id": "Ev0SIGNED",
            "team_id": slack.team_id,
            "event": {"type": "message", "channel": channel, "ts": "1.000001", "text": "x"},
        }
    )
    stamp = str(int(time.time()))
    signer = SignatureVerifier(slack.signing_secret)
    headers = {
        "content-type": "application/json",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": str(signer.generate_signature(timestamp=stamp, body=body)),
    }
    return httpx.post(f"{address}/slack/events", content=body, headers=headers, timeout=30)


def kept(scene: Scene) -> bool:
    """Whether the event was taken."""
    with scene.store.read() as tx:
        return tx.execute(inbox.select().where(inbox.c.key == "Ev0SIGNED")).first() is not None


def test_what_slack_signed_is_kept(slack: SlackSandbox, scene: Scene, address: str) -> None:
    channel = scene.declare().id
    answer = sent(slack, address, channel=channel)
    assert answer.status_code == 200
    assert kept(scene)
    assert scene.message(channel, "1.000001")


def test_health_is_told(address: str) -> None:
    answer = httpx.get(f"{address}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "wrong": {}})


@pytest.mark.parametrize("number", [AT_ONCE, REQUESTS + AT_ONCE])
def test_requests_run_side_by_side_and_health_answers_meanwhile(
    slack: SlackSandbox,
    bot: Bot,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    """Also while more of them wait than are processed at once."""
    begun = threading.Barrier(min(number, REQUESTS) + 1, timeout=20)
    goes_on = threading.Event()

    def take_event(_body: Mapping[str, Any]) -> None:
        if not goes_on.is_set():
            begun.wait()
        goes_on.wait(20)

    monkeypatch.setattr(bot.dispatcher, "take_event", take_event)
    with ThreadPoolExecutor(number) as pool:
        waiting = [pool.submit(sent, slack, address) for _ in range(number)]
        try:
            begun.wait()
            for path in ("/livez", "/readyz", "/healthz"):
                assert httpx.get(f"{address}{path}", timeout=1).status_code == 200
            assert not any(request.done() for request in waiting)
        finally:
            goes_on.set()
            begun.abort()
    assert {request.result().status_code for request in waiting} == {200}


def test_three_slow_requests_take_as_long_as_one(
    slack: SlackSandbox, bot: Bot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.dispatcher, "take_event", lambda _body: time.sleep(SLOW))
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(sent, slack, address) for _ in range(AT_ONCE)]
        for path in ("/livez", "/readyz"):
            assert httpx.get(f"{address}{path}", timeout=1).status_code == 200
    assert {request.result().status_code for request in waiting} == {200}
    assert time.monotonic() - began < 2 * SLOW


def test_in_socket_mode_only_health_is_served(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path
) -> None:
    with running(slack, sqlite_url, tmp_path, slack={"mode": "socket"}) as bot:
        assert bot.http is not None
        where = f"http://127.0.0.1:{bot.http.port}"
        assert sent(slack, where).status_code == 404
        assert httpx.get(f"{where}/livez").status_code == 200


@pytest.mark.parametrize(
    "fault", [answers("token_revoked"), rate_limited(30)], ids=["refused", "limited"]
)
def test_an_event_is_kept_while_slack_answers_no_question_about_the_token(
    slack: SlackSandbox, sqlite_url: str, clock: SandboxClock, tmp_path: Path, fault: Fault
) -> None:
    """Bolt acknowledges, unseen by mayday, every delivery for which its own question to Slack fails."""
    with running(slack, sqlite_url, tmp_path) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        slack.faults = [on_call("auth.test", fault)]
        assert bot.http is not None
        where = f"http://127.0.0.1:{bot.http.port}"
        channel = scene.declare().id
        assert sent(slack, where, channel=channel).status_code == 200
        assert kept(scene)
        assert scene.message(channel, "1.000001")
