"""Answers that Slack's socket does not accept as a whole: they arrive all the same, and it stays open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.ports import Post
from bot.slack.connection import MOST_BYTES
from bot.slack.replies import EphemeralReply, FieldErrors
from bot.slack.responder import MOST_ACKNOWLEDGED
from bot.store.engine import Store
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.slack.test_socket_deliveries import connected
from tests.support.bot import Scene, running
from tests.support.desk import ANA, BEN, Desk
from tests.support.rows import TEAM
from tests.support.scripted_socket import command, scripted_socket
from tests.support.waiting import wait_until

LINES = 45
SECONDS = 30


@pytest.mark.parametrize("word", ["proxy ", "Zürich ", "管理 ", "🔥 "], ids=ascii)
def test_a_long_timeline_arrives_and_the_socket_stays(
    slack: SlackSandbox, sqlite_url: str, clock: SandboxClock, tmp_path: Path, word: str
) -> None:
    with running(slack, sqlite_url, tmp_path, slack={"mode": "socket"}) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        text = (word * 200)[:180].strip()
        for number in range(LINES):
            reply = scene.ana.command(channel, f"/incident note {number} {text}")
            assert reply is not None
        opened = len([c for c in slack.calls if c.method == "apps.connections.open"])
        scene.ana.command(channel, "/incident timeline")

        def shown() -> list[dict[str, Any]]:
            return [m for m in scene.ana.messages(channel) if "Timeline of" in m["text"]]

        slack.wait_for(lambda: bool(shown()), what="the timeline")
        assert f"{LINES - 1} {text[:20]}" in json.dumps(shown(), ensure_ascii=False)
        assert len([c for c in slack.calls if c.method == "apps.connections.open"]) == opened
        assert slack.socket_count == 1


def test_a_frame_that_slack_refuses_is_never_sent() -> None:
    """Whatever made it: the acknowledgement goes without it, and the connection stays."""
    with scripted_socket() as slack, connected(slack) as (_socket, bolt, reports):
        bolt.answer = "é" * (MOST_BYTES // 6)
        slack.socket().send(command("large"))
        wait_until(lambda: slack.socket().acked == ["large"], "the answer", timeout=SECONDS)
        bolt.answer = "é" * (MOST_BYTES // 6 - 100)
        slack.socket().send(command("small"))
        wait_until(lambda: len(slack.socket().acked) == 2, "the answer", timeout=SECONDS)
        assert slack.socket().acked_with == {"large": None, "small": {"text": bolt.answer}}
        assert (len(slack.sockets), len(reports)) == (1, 1)


@pytest.mark.parametrize("letter", ["x", "é", "🔥"])
def test_a_command_is_acknowledged_with_a_small_answer_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    """The size counts as it is sent, where each letter may take twelve bytes."""
    number = MOST_ACKNOWLEDGED // (len(json.dumps(letter)) - 2)
    for length, by_ack in ((number - 20, True), (number, False)):
        reply = EphemeralReply(post=Post(text=letter * length))
        monkeypatch.setattr("bot.slack.access.answer", lambda *_args, reply=reply: reply)
        answer = desk.command("timeline")
        assert (bool(answer.acks[0]), bool(answer.posts)) == (by_ack, not by_ack)
        assert answer.text == letter * length


@pytest.mark.parametrize("inputs", [1, 20])
def test_errors_of_a_form_are_shortened(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, inputs: int
) -> None:
    desk.command("declare x")
    errors = {f"input{number}": "🔥" * 2000 for number in range(inputs)}
    monkeypatch.setattr("bot.slack.access.answer", lambda *_args: FieldErrors(errors=errors))
    (ack,) = desk.submit().acks
    assert len(json.dumps(ack)) <= MOST_ACKNOWLEDGED
    assert set(ack["errors"]) == set(errors)
    assert all(error.startswith("🔥") for error in ack["errors"].values())


def test_a_menu_of_long_names_offers_as_many_as_fit(rows: Store) -> None:
    """Else Slack closes the socket, and the menu stays empty."""
    names = tuple(f"{number:03} {'é' * 71}" for number in range(150))
    desk = Desk(rows, hubs=names)
    answer = desk.send(typed_into("", ANA))
    (options,) = [ack["options"] for ack in answer.acks]
    assert [option["value"] for option in options] == list(names[: len(options)])
    assert len(options) > 5
    assert len(json.dumps(answer.acks[0])) <= MOST_ACKNOWLEDGED
    (found,) = [ack["options"] for ack in desk.send(typed_into("149", ANA)).acks]
    assert [option["value"] for option in found] == [names[149]]


def test_what_is_typed_into_one_menu_is_one_request_of_the_audit_log(rows: Store) -> None:
    desk = Desk(rows, hubs=("datahub", "stat20"))
    for user in (ANA, BEN):
        for text in ("", "d", "da"):
            desk.send(typed_into(text, user))
    lines = [each.line for each in desk.audit.latest(limit=9)]
    assert [(line.actor, line.origin) for line in lines] == [
        (ANA, "options hub"),
        (BEN, "options hub"),
    ]


def typed_into(text: str, user: str) -> dict[str, Any]:
    """Slack asks for the options of the menu of hubs."""
    return {
        "type": "block_suggestion",
        "user": {"id": user, "team_id": TEAM},
        "team": {"id": TEAM},
        "container": {"type": "view", "view_id": "V1"},
        "view": {"id": "V1", "type": "modal"},
        "block_id": "hub",
        "action_id": "value",
        "value": text,
    }
